-- name: claim_morning
-- Reserves a business day's gathering once: no row comes back when it is taken.
INSERT INTO mornings (guild_id, day, incident_ids, nag_at)
VALUES (:guild_id, :day, :incident_ids, :nag_at)
ON CONFLICT DO NOTHING
RETURNING day;

-- name: morning
-- One day's gathering.
SELECT * FROM mornings WHERE guild_id = :guild_id AND day = :day;

-- name: lock_morning
-- The same, and nobody else changes it until the commit.
SELECT * FROM mornings WHERE guild_id = :guild_id AND day = :day FOR UPDATE;

-- name: save_morning
-- Writes when it is asked about next, and how often it was.
UPDATE mornings SET nag_at = :nag_at, nags = :nags WHERE guild_id = :guild_id AND day = :day;

-- name: mornings_with
-- The gatherings since :since that have incident :incident_id, oldest first.
SELECT * FROM mornings
 WHERE guild_id = :guild_id AND day >= :since AND incident_ids @> ARRAY[:incident_id::bigint]
 ORDER BY day;

-- name: due_before
-- Unacknowledged incidents of these severities whose deadline is before :before, oldest first; drills left out.
SELECT * FROM incidents
 WHERE guild_id = :guild_id
   AND status = 'triggered'
   AND severity = ANY(:severities::text[])
   AND ack_due_at < :before
   AND NOT is_drill
 ORDER BY triggered_at, id;

-- name: incidents_of
-- These incidents, oldest first; numbers that do not exist are left out.
SELECT * FROM incidents WHERE id = ANY(:incident_ids::bigint[]) ORDER BY triggered_at, id;
