-- name: insert_drill
-- A new drill; no row comes back while another one of the guild goes on.
INSERT INTO drills (incident_id, guild_id, started_by_id, started_by_name, started_at, injects, ends_at, next_at)
VALUES (:incident_id, :guild_id, :started_by_id, :started_by_name, :started_at, :injects, :ends_at, :next_at)
ON CONFLICT DO NOTHING
RETURNING incident_id;

-- name: lock_drill
-- The drill of an incident, which nobody else changes until the commit.
SELECT * FROM drills WHERE incident_id = :incident_id FOR UPDATE;

-- name: running_drill
-- The drill of a guild that goes on.
SELECT * FROM drills WHERE guild_id = :guild_id AND ended_at IS NULL;

-- name: save_drill
-- Writes how far a drill is.
UPDATE drills SET played = :played, next_at = :next_at, ended_at = :ended_at WHERE incident_id = :incident_id;
