-- name: insert_drill
-- A new drill; no row comes back while another one of the guild goes on.
INSERT INTO drills (incident_id, guild_id, started_by_id, started_by_name, started_at, injects, ends_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
RETURNING incident_id;

-- name: lock_drill
-- The drill of an incident, which nobody else changes until the commit.
SELECT * FROM drills WHERE incident_id = $1 FOR UPDATE;

-- name: running_drill
-- The drill of a guild that goes on.
SELECT * FROM drills WHERE guild_id = $1 AND ended_at IS NULL;

-- name: save_drill
-- Writes how far a drill is.
UPDATE drills SET played = $2, next_at = $3, ended_at = $4 WHERE incident_id = $1;
