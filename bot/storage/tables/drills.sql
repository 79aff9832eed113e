-- name: insert_drill
-- Stores a new drill. No row comes back while another drill of the guild is running.
INSERT INTO drills (incident_id, guild_id, started_by_id, started_by_name, started_at, injects, ends_at, next_at)
VALUES (:incident_id, :guild_id, :started_by_id, :started_by_name, :started_at, :injects, :ends_at, :next_at)
ON CONFLICT DO NOTHING
RETURNING incident_id;

-- name: lock_drill
-- Locks and returns the drill of an incident.
SELECT * FROM drills WHERE incident_id = :incident_id FOR UPDATE;

-- name: running_drill
-- Returns the running drill of a guild.
SELECT * FROM drills WHERE guild_id = :guild_id AND ended_at IS NULL;

-- name: save_drill
-- Records how far a drill has progressed.
UPDATE drills SET played = :played, next_at = :next_at, ended_at = :ended_at WHERE incident_id = :incident_id;
