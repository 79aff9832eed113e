-- name: claim_morning
-- Reserves a business day's gathering once: no row comes back when it is taken.
INSERT INTO mornings (guild_id, day, incident_ids, nag_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
RETURNING day;

-- name: morning
-- One day's gathering.
SELECT * FROM mornings WHERE guild_id = $1 AND day = $2;

-- name: lock_morning
-- The same, and nobody else changes it until the commit.
SELECT * FROM mornings WHERE guild_id = $1 AND day = $2 FOR UPDATE;

-- name: save_morning
-- Writes when it is asked about next, and how often it was.
UPDATE mornings SET nag_at = $3, nags = $4 WHERE guild_id = $1 AND day = $2;

-- name: mornings_with
-- The gatherings since $3 that have incident $2, oldest first.
SELECT * FROM mornings
 WHERE guild_id = $1 AND day >= $3 AND incident_ids @> ARRAY[$2::bigint]
 ORDER BY day;

-- name: due_before
-- Unacknowledged incidents of these severities whose deadline is before $3, oldest first; drills left out.
SELECT * FROM incidents
 WHERE guild_id = $1
   AND status = 'triggered'
   AND severity = ANY($2::text[])
   AND ack_due_at < $3
   AND NOT is_drill
 ORDER BY triggered_at, id;

-- name: incidents_of
-- These incidents, oldest first; numbers that do not exist are left out.
SELECT * FROM incidents WHERE id = ANY($1::bigint[]) ORDER BY triggered_at, id;
