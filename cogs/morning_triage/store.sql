-- name: morning
-- Returns one day's morning triage.
SELECT * FROM mornings WHERE guild_id = :guild_id AND day = :day;

-- name: mornings_with
-- Returns the morning triages since :since that list incident :incident_id, oldest first.
SELECT * FROM mornings
 WHERE guild_id = :guild_id AND day >= :since AND incident_ids @> ARRAY[:incident_id::bigint]
 ORDER BY day;

-- name: due_before
-- Returns the unacknowledged incidents of these severities whose deadline is before :before, oldest first. Drills are
-- left out.
SELECT * FROM incidents
 WHERE guild_id = :guild_id
   AND status = 'triggered'
   AND severity = ANY(:severities::text[])
   AND ack_due_at < :before
   AND NOT is_drill
 ORDER BY triggered_at, id;

-- name: claim_morning
-- Reserves a business day's morning triage, once. No row comes back if it was reserved before.
INSERT INTO mornings (guild_id, day, incident_ids, nag_at)
VALUES (:guild_id, :day, :incident_ids, :nag_at)
ON CONFLICT DO NOTHING
RETURNING day;

-- name: lock_morning
-- Locks and returns one day's morning triage.
SELECT * FROM mornings WHERE guild_id = :guild_id AND day = :day FOR UPDATE;

-- name: save_morning
-- Records when a morning triage is asked about next, and how often it was.
UPDATE mornings SET nag_at = :nag_at, nags = :nags WHERE guild_id = :guild_id AND day = :day;

-- name: incidents_of
-- Returns these incidents, oldest first, leaving out numbers that do not exist.
SELECT * FROM incidents WHERE id = ANY(:incident_ids::bigint[]) ORDER BY triggered_at, id;

-- name: lost_morning_jobs
-- Returns the reminders that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'morning' AS job, 'morning:' || guild_id || ':' || to_char(day, 'YYYY-MM-DD') AS key, nag_at, guild_id
          FROM mornings) AS work
 WHERE nag_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY nag_at;
