-- name: resolution
-- Returns how an incident was resolved, in guild :guild_id (null: in any guild).
SELECT * FROM resolutions
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: save_resolution
-- Writes how an incident was resolved, in the place of what was written before.
INSERT INTO resolutions (incident_id, guild_id, cause, fix, impact, people, duration_s, by_id, by_name, at)
VALUES (:incident_id, :guild_id, :cause, :fix, :impact, :people, :duration_s, :by_id, :by_name, :at)
ON CONFLICT (incident_id) DO UPDATE
   SET cause = excluded.cause, fix = excluded.fix, impact = excluded.impact, people = excluded.people,
       duration_s = excluded.duration_s, by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at
RETURNING incident_id;
