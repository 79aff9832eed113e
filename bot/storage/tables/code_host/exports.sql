-- name: pull_export
-- Returns the postmortem of an incident on the code host.
SELECT * FROM postmortem_pulls WHERE incident_id = :incident_id;

-- name: lock_pull_export
-- Locks and returns the postmortem of an incident on the code host.
SELECT * FROM postmortem_pulls WHERE incident_id = :incident_id FOR UPDATE;

-- name: want_pull_export
-- Notes that one more draft is to go to the code host, now; trouble with an earlier one counts no more.
INSERT INTO postmortem_pulls AS export (incident_id, guild_id, repository, state, wanted, changed_at, next_at)
VALUES (:incident_id, :guild_id, :repository, 'wanted', 1, now(), now())
ON CONFLICT (incident_id) DO UPDATE SET wanted = export.wanted + 1, next_at = now(), trouble = NULL;

-- name: save_pull_export
-- Writes a postmortem on the code host, besides how often it was asked for.
UPDATE postmortem_pulls
   SET repository = :repository, state = :state, exported = :exported, path = :path, number = :number, url = :url,
       blob = :blob, writing = :writing, conflict = :conflict, words = :words, etag = :etag, changed_at = :changed_at,
       next_at = :next_at, trouble = :trouble
 WHERE incident_id = :incident_id;

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

-- name: rename_repository
-- Lets what a guild has in repository :before, and how far that was read, go on as :now, which is another name of it.
WITH pulls AS (
    UPDATE postmortem_pulls SET repository = :now, etag = NULL WHERE guild_id = :guild_id AND repository = :before
), issues AS (
    UPDATE action_issues SET repository = :now WHERE guild_id = :guild_id AND repository = :before
)
UPDATE issue_polls SET repository = :now, etag = NULL WHERE guild_id = :guild_id AND repository = :before;

-- name: end_exports
-- Lets each export of an incident be looked at now; returns which there are.
WITH pulls AS (
    UPDATE postmortem_pulls SET next_at = now() WHERE incident_id = :incident_id RETURNING incident_id
), issues AS (
    UPDATE action_issues
       SET next_at = now()
     WHERE item_id = ANY (ARRAY(SELECT id FROM action_items WHERE incident_id = :incident_id))
    RETURNING item_id
)
SELECT EXISTS (SELECT FROM pulls) AS has_pull, ARRAY(SELECT item_id FROM issues ORDER BY item_id) AS items;
