-- name: action_item
-- Returns one action item, in guild :guild_id (null: in any guild). hides_alert: it watches for the alert of an incident
-- that is private now, while it is not an item of a private incident itself.
SELECT action_items.*,
       NOT coalesce((SELECT is_private FROM incidents WHERE id = action_items.incident_id), false)
       AND EXISTS (SELECT FROM incidents AS alert
                    WHERE alert.guild_id = action_items.guild_id AND alert.fingerprint = action_items.fingerprint
                      AND alert.is_private) AS hides_alert
  FROM action_items
 WHERE id = :item_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: lock_action_item
-- Locks and returns one action item, in guild :guild_id (null: in any guild).
SELECT * FROM action_items
 WHERE id = :item_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
   FOR UPDATE;

-- name: action_items
-- Returns action items of a guild in one of :statuses, open ones by due date, then closed ones, the last to be closed
-- first. With :due_before only those due before that day. A filter that is null matches everything. An item of a
-- private incident is listed for a viewer who sees all (:sees_all) and for the incident's members (:viewer_id).
SELECT action_items.*
  FROM action_items
  LEFT JOIN incidents ON incidents.id = incident_id
 WHERE action_items.guild_id = :guild_id
   AND action_items.status = ANY (:statuses::text[])
   AND (:due_before::date IS NULL OR due_on < :due_before)
   AND (:owner_id::bigint IS NULL OR owner_id = :owner_id)
   AND (:incident_id::bigint IS NULL OR incident_id = :incident_id)
   AND (:words::text IS NULL OR strpos(lower('AI-' || action_items.id || ' ' || what), lower(:words)) > 0)
   AND (NOT coalesce(is_private, false) OR :sees_all OR EXISTS (
        SELECT FROM incident_members WHERE incident_members.incident_id = incidents.id AND user_id = :viewer_id))
 ORDER BY closed_at DESC NULLS FIRST, due_on, action_items.id
 LIMIT :limit OFFSET :offset;

-- name: open_action_items
-- Returns every open action item of a guild by due date, and whether its incident is private or a drill.
SELECT action_items.*, coalesce(is_private, false) AS is_private, coalesce(is_drill, false) AS is_drill
  FROM action_items
  LEFT JOIN incidents ON incidents.id = incident_id
 WHERE action_items.guild_id = :guild_id AND action_items.status = 'open'
 ORDER BY due_on, action_items.id;

-- name: actions_of_incident
-- Returns the action items of an incident in the order in which they were added, in guild :guild_id (null: in any
-- guild).
SELECT * FROM action_items
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY id;

-- name: add_action_item
-- Stores an action item. No row comes back if its key is known.
INSERT INTO action_items (guild_id, incident_id, key, source, what, owner_id, owner_name, due_on, verification,
                          fingerprint, alert_title, next_at, created_by_id, created_by_name)
VALUES (:guild_id, :incident_id, :key, :source, :what, :owner_id, :owner_name, :due_on, :verification,
        :fingerprint, :alert_title, :next_at, :by_id, :by_name)
ON CONFLICT (guild_id, key) DO NOTHING
RETURNING *;

-- name: action_item_by_key
-- Returns the action item that a key added.
SELECT * FROM action_items WHERE guild_id = :guild_id AND key = :key;

-- name: save_action_item
-- Writes the state of an action item after a decision. No row comes back if another change came first.
UPDATE action_items
   SET what = :what, owner_id = :owner_id, owner_name = :owner_name, due_on = :due_on, verification = :verification,
       fingerprint = :fingerprint, alert_title = :alert_title, status = :status,
       closed_at = :closed_at, closed_by_id = :closed_by_id, closed_by_name = :closed_by_name,
       closed_reason = :reason, watched_until = :watched_until, verified_at = :verified_at,
       fired_at = :fired_at, fired_in = :fired_in, reopened = :reopened, reopenings = :reopenings,
       next_at = :next_at, version = :version
 WHERE id = :id AND version = :version - 1
RETURNING id;

-- name: alert_fired
-- Marks the done action items of a guild that name this alert, if it fired after they were marked as done, and returns
-- their numbers: they are to be looked at now.
UPDATE action_items
   SET fired_at = :at, fired_in = :incident_id, next_at = now()
 WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND status = 'done' AND closed_at < :at
RETURNING id;

-- name: set_action_next
-- Records when an action item is looked at next.
UPDATE action_items SET next_at = :next_at WHERE id = :item_id;

-- name: recent_alerts
-- Returns alerts of a guild with their latest titles, each fingerprint once. First come the alerts of incident
-- :incident_id, of those merged into it or linked with it, then those that were last seen at :since or later, the
-- latest first. Those of private incidents are for items of a private one alone, and left out as in `action_items`;
-- those of drills are left out always.
SELECT fingerprint, title
  FROM (SELECT DISTINCT ON (fingerprint) fingerprint, title, last_seen_at,
               bool_or(is_near) OVER (PARTITION BY fingerprint) AS is_near
          FROM (SELECT incidents.*,
                       coalesce(:incident_id::bigint IN (id, merged_into_id), false)
                       OR id IN (SELECT related_id FROM incident_links WHERE incident_id = :incident_id
                                 UNION
                                 SELECT incident_id FROM incident_links WHERE related_id = :incident_id) AS is_near
                  FROM incidents
                 WHERE guild_id = :guild_id AND fingerprint IS NOT NULL AND NOT is_drill
                   AND (:fingerprint::text IS NULL OR fingerprint = :fingerprint)
                   AND (:words::text IS NULL OR strpos(lower(title), lower(:words)) > 0)
                   AND (NOT is_private OR (
                        EXISTS (SELECT FROM incidents AS own WHERE own.id = :incident_id AND own.is_private)
                        AND (:sees_all OR EXISTS (
                             SELECT FROM incident_members
                              WHERE incident_id = incidents.id AND user_id = :viewer_id))))
               ) AS tracked
         WHERE is_near OR last_seen_at >= :since
         ORDER BY fingerprint, last_seen_at DESC) AS alert
 ORDER BY is_near DESC, last_seen_at DESC, fingerprint
 LIMIT :limit;

-- name: issue_export
-- Returns an action item on the code host.
SELECT * FROM action_issues WHERE item_id = :item_id;

-- name: lock_issue_export
-- Locks and returns an action item on the code host.
SELECT * FROM action_issues WHERE item_id = :item_id FOR UPDATE;

-- name: want_issue_export
-- Notes that an action item is to go to the code host, now; earlier trouble counts no more.
INSERT INTO action_issues (item_id, guild_id, repository, next_at)
VALUES (:item_id, :guild_id, :repository, now())
ON CONFLICT (item_id) DO UPDATE SET next_at = now(), trouble = NULL;

-- name: untracked_items
-- Returns open action items of a guild that were never to become issues, those due first; without those of private
-- incidents and drills, which stay in Discord.
SELECT action_items.id
  FROM action_items
  LEFT JOIN incidents ON incidents.id = incident_id
 WHERE action_items.guild_id = :guild_id AND action_items.status = 'open'
   AND NOT coalesce(is_private OR is_drill, false)
   AND NOT EXISTS (SELECT FROM action_issues WHERE item_id = action_items.id)
 ORDER BY due_on, action_items.id
 LIMIT :limit;

-- name: items_of_issues
-- Returns the action items of issues.
SELECT number, item_id
  FROM action_issues
 WHERE guild_id = :guild_id AND repository = :repository AND number = ANY (:numbers::bigint[]);

-- name: save_issue_export
-- Writes an action item on the code host.
UPDATE action_issues
   SET repository = :repository, opening_at = :opening_at, number = :number, url = :url,
       shown_version = :shown_version, is_open = :is_open, seen_at = :seen_at, words = :words, assignee = :assignee,
       unassignable = :unassignable, next_at = :next_at, trouble = :trouble
 WHERE item_id = :item_id;

-- name: issues_known_since
-- Returns the earliest of the last known changes of a guild's issues in a repository; null if it has opened none.
SELECT min(seen_at) AS since
  FROM action_issues
 WHERE guild_id = :guild_id AND repository = :repository AND number IS NOT NULL;

-- name: issue_poll
-- Returns how far the issues of a guild have been read.
SELECT * FROM issue_polls WHERE guild_id = :guild_id;

-- name: begin_issue_poll
-- Begins to read the issues of a guild from :since on. No row comes back if that has begun for this repository.
INSERT INTO issue_polls AS poll (guild_id, repository, since, changed_at, next_at)
VALUES (:guild_id, :repository, :since, now(), now())
ON CONFLICT (guild_id) DO UPDATE
   SET repository = :repository, since = :since, etag = NULL, changed_at = now(), next_at = now(), trouble = NULL
 WHERE poll.repository <> :repository
RETURNING guild_id;

-- name: save_issue_poll
-- Writes how far the issues of a guild have been read.
UPDATE issue_polls
   SET since = :since, etag = :etag, changed_at = :changed_at, next_at = :next_at, trouble = :trouble
 WHERE guild_id = :guild_id AND repository = :repository;

-- name: rename_repository_of_issues
-- Lets the issues of a guild in repository :before, and how far they were read, go on as :now, which is another name
-- of it.
WITH issues AS (
    UPDATE action_issues SET repository = :now WHERE guild_id = :guild_id AND repository = :before
)
UPDATE issue_polls SET repository = :now, etag = NULL WHERE guild_id = :guild_id AND repository = :before;

-- name: end_issue_exports
-- Lets the issues of an incident's action items be looked at now; returns the numbers of the items.
UPDATE action_issues
   SET next_at = now()
 WHERE item_id = ANY (ARRAY(SELECT id FROM action_items WHERE incident_id = :incident_id))
RETURNING item_id;

-- name: guild_of_action
-- Returns the guild of an action item.
SELECT guild_id FROM action_items WHERE id = :number;

-- name: lost_action_jobs
-- Returns the jobs for action items that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'action_item' AS job, 'action:' || id AS key, next_at AS due_at, guild_id FROM action_items
        UNION ALL
        SELECT 'action_issue', 'action_issue:' || item_id, next_at, guild_id FROM action_issues
        UNION ALL
        SELECT 'poll_issues', 'poll_issues:' || guild_id, next_at, guild_id FROM issue_polls) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;
