-- name: snooze_of_incident
-- Returns until when an incident rests.
SELECT * FROM snoozes WHERE incident_id = :incident_id;

-- name: save_snooze
-- Keeps the latest snooze of an incident; a second one replaces the first.
INSERT INTO snoozes (incident_id, guild_id, until, by_id, by_name)
VALUES (:incident_id, :guild_id, :until, :by_id, :by_name)
ON CONFLICT (incident_id) DO UPDATE
   SET until = excluded.until, by_id = excluded.by_id, by_name = excluded.by_name;

-- name: forget_snooze
-- Deletes the snooze of an incident. A row comes back if it had one.
DELETE FROM snoozes WHERE incident_id = :incident_id RETURNING incident_id;

-- name: lost_snooze_jobs
-- Returns the jobs of snoozes that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'wake' AS job, 'wake:' || incident_id AS key, until, guild_id FROM snoozes) AS work
 WHERE until < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY until;
