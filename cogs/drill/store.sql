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

-- name: lost_drill_jobs
-- Returns the jobs of drills that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'drill' AS job, 'drill:' || incident_id AS key, next_at, guild_id FROM drills) AS work
 WHERE next_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY next_at;

-- name: seed_drills
-- Writes drills of the demo's past. `rows`: a JSON array with one object per drill.
INSERT INTO drills (incident_id, guild_id, started_by_id, started_by_name, started_at, injects, ends_at, played, ended_at)
SELECT incident_id, guild_id, started_by_id, started_by_name, started_at, injects, ends_at, played, ended_at
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       incident_id bigint, guild_id bigint, started_by_id bigint, started_by_name text, started_at timestamptz,
       injects jsonb, ends_at timestamptz, played integer, ended_at timestamptz);
