-- name: add_oncall_override
-- Adds an override: a person covers a place for a time.
INSERT INTO oncall_overrides
    (guild_id, place, user_id, username, name, starts_at, ends_at, reason, is_swap, by_id, by_name)
VALUES (:guild_id, :place, :user_id, :username, :name, :starts_at, :ends_at, :reason, :is_swap, :by_id, :by_name)
RETURNING id;

-- name: end_oncall_override
-- Ends an override now, and with it the other half of a swap, which the same commit wrote with the same `at`. No row
-- comes back if it has ended or belongs to another guild. A transaction that ends the other half at the same moment
-- waits for this one.
WITH named AS (
    SELECT *
      FROM oncall_overrides
     WHERE id = :override_id AND guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
), ending AS MATERIALIZED (
    SELECT one.id
      FROM oncall_overrides AS one, named
     WHERE one.guild_id = named.guild_id AND one.ended_at IS NULL AND one.ends_at > now()
       AND (one.id = named.id
            OR one.is_swap AND named.is_swap AND one.at = named.at AND one.by_id = named.by_id)
     ORDER BY one.id
       FOR UPDATE OF one
)
UPDATE oncall_overrides
   SET ended_at = now(), ended_by_id = :by_id, ended_by_name = :by_name
 WHERE id IN (SELECT id FROM ending)
RETURNING *;

-- name: forget_oncall_drafts
-- Deletes the drafts of a guild that were not confirmed within a day.
DELETE FROM oncall_schedules
 WHERE guild_id = :guild_id AND starts_at IS NULL AND at < now() - interval '1 day';

-- name: add_oncall_schedule
-- Adds a schedule, in force from now on unless it is a draft.
INSERT INTO oncall_schedules (guild_id, place, content, by_id, by_name, starts_at)
VALUES (:guild_id, :place, :content, :by_id, :by_name, CASE WHEN :is_draft::boolean THEN NULL ELSE now() END)
RETURNING id;

-- name: confirm_oncall_schedule
-- Puts a draft of the last day into force, once.
UPDATE oncall_schedules
   SET starts_at = now(), by_id = :by_id, by_name = :by_name
 WHERE id = :schedule_id AND guild_id = :guild_id AND starts_at IS NULL AND at >= now() - interval '1 day'
RETURNING *;

-- name: lock_oncall_draft
-- Locks and returns a draft of the last day.
SELECT content
  FROM oncall_schedules
 WHERE id = :schedule_id AND guild_id = :guild_id AND place = :place
   AND starts_at IS NULL AND at >= now() - interval '1 day'
   FOR UPDATE;

-- name: end_oncall_schedules
-- Ends the schedules that are in force at a place.
UPDATE oncall_schedules
   SET ended_at = now(), ended_by_id = :by_id, ended_by_name = :by_name
 WHERE guild_id = :guild_id AND place = :place AND starts_at IS NOT NULL AND ended_at IS NULL
RETURNING id;

-- name: oncall_in_force
-- Returns the overrides and schedules of a guild that are not over.
SELECT true AS is_override, id, place
  FROM oncall_overrides
 WHERE guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
 UNION ALL
SELECT false, id, place
  FROM oncall_schedules
 WHERE guild_id = :guild_id AND starts_at IS NOT NULL AND ended_at IS NULL;

-- name: forget_oncall_changes
-- Deletes the changes of a guild that are older than a day: they can no longer be undone.
DELETE FROM oncall_changes WHERE guild_id = :guild_id AND at < now() - interval '1 day';

-- name: add_oncall_change
-- Records what a change of who is on call added and ended.
INSERT INTO oncall_changes
    (guild_id, action, places, overrides_added, overrides_ended, schedules_added, schedules_ended, by_id, by_name)
VALUES (:guild_id, :action, :places, :overrides_added, :overrides_ended, :schedules_added, :schedules_ended, :by_id,
        :by_name)
RETURNING id;

-- name: lock_oncall_change
-- Locks and returns a change of who is on call.
SELECT id, action, places, by_name, at, undone_at, undone_by_name
  FROM oncall_changes
 WHERE id = :change_id AND guild_id = :guild_id
   FOR UPDATE;

-- name: last_oncall_change
-- Returns the last change of who is on call that was not undone, if it is at most :within old.
SELECT id, action, places, by_name, at, undone_at, undone_by_name
  FROM oncall_changes
 WHERE guild_id = :guild_id AND undone_at IS NULL AND at >= now() - :within::interval
 ORDER BY id DESC
 LIMIT 1;

-- name: later_oncall_change
-- Returns the last change of the same places after another that was not undone.
SELECT id, action, places, by_name, at, undone_at, undone_by_name
  FROM oncall_changes
 WHERE guild_id = :guild_id AND id > :change_id AND places && :places AND undone_at IS NULL
 ORDER BY id DESC
 LIMIT 1;

-- name: undo_oncall_change
-- Ends what a change added, and continues what it ended, whose rows keep their numbers: of several
-- rows, the one with the higher number wins.
WITH change AS (
    UPDATE oncall_changes
       SET undone_at = now(), undone_by_name = :by_name
     WHERE id = :change_id AND guild_id = :guild_id AND undone_at IS NULL
    RETURNING *
), overrides AS (
    UPDATE oncall_overrides AS one
       SET ended_at = CASE WHEN is_added THEN now() END,
           ended_by_id = CASE WHEN is_added THEN :by_id::bigint END,
           ended_by_name = CASE WHEN is_added THEN :by_name END
      FROM (SELECT unnest(overrides_added) AS id, true AS is_added FROM change
             UNION ALL
            SELECT unnest(overrides_ended), false FROM change) AS entry
     WHERE one.id = entry.id
)
UPDATE oncall_schedules AS one
   SET ended_at = CASE WHEN is_added THEN now() END,
       ended_by_id = CASE WHEN is_added THEN :by_id END,
       ended_by_name = CASE WHEN is_added THEN :by_name END
  FROM (SELECT unnest(schedules_added) AS id, true AS is_added FROM change
         UNION ALL
        SELECT unnest(schedules_ended), false FROM change) AS entry
 WHERE one.id = entry.id;

-- name: lock_oncall_watch
-- Locks and returns the watch over a guild's on-call.
SELECT * FROM oncall_watches WHERE guild_id = :guild_id FOR UPDATE;

-- name: begin_oncall_watch
-- Stores the first watch over a guild's on-call. No row comes back if there is one.
INSERT INTO oncall_watches (guild_id, standing, next_at)
VALUES (:guild_id, :standing, :next_at)
ON CONFLICT DO NOTHING
RETURNING guild_id;

-- name: wake_oncall_watch
-- Makes the watch over a guild's on-call due now.
UPDATE oncall_watches SET next_at = least(next_at, now()) WHERE guild_id = :guild_id;

-- name: save_oncall_watch
-- Records what was announced about a guild's on-call, and when to look again.
UPDATE oncall_watches
   SET standing = :standing, told = :told, checked = :checked, next_at = :next_at, look_at = :look_at,
       lacking = :lacking
 WHERE guild_id = :guild_id;

-- name: save_notify_settings
-- Records how a person wants to be paged outside Discord.
INSERT INTO notify_settings (guild_id, user_id, username, ways, wait, quiet_start, quiet_end, ntfy, pushover)
VALUES (:guild_id, :user_id, :username, :ways, :wait, :quiet_start, :quiet_end, :ntfy, :pushover)
ON CONFLICT (guild_id, user_id) DO UPDATE
   SET username = :username, ways = :ways, wait = :wait, quiet_start = :quiet_start, quiet_end = :quiet_end,
       ntfy = :ntfy, pushover = :pushover, set_at = now();

-- name: forget_notify_settings
-- Deletes how a person wants to be paged outside Discord, with their addresses.
DELETE FROM notify_settings WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: lost_handover_jobs
-- Returns the jobs of the guilds whose on-call was to be looked at :overdue ago or earlier, and that have none.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'handover' AS job, 'handover:' || guild_id AS key, next_at AS due_at, guild_id
          FROM oncall_watches) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;
