-- name: live_check
-- Returns the last round of checks of an incident.
SELECT guild_id, incident_id, round, post, target, asked_by_id, asked_by, asked_at, results, finished_at
  FROM live_checks
 WHERE incident_id = :incident_id AND guild_id = :guild_id;

-- name: ask_live_check
-- Begins a round of checks of an incident, in a new message if :anew, else in the one before. No row comes back if the
-- last one began less than :pause ago.
INSERT INTO live_checks AS known (incident_id, guild_id, target, asked_by_id, asked_by)
VALUES (:incident_id, :guild_id, :target, :by_id, :by_name)
ON CONFLICT (incident_id) DO UPDATE
   SET round = known.round + 1,
       post = known.post + CASE WHEN :anew THEN 1 ELSE 0 END,
       target = CASE WHEN :anew THEN excluded.target ELSE known.target END,
       asked_by_id = excluded.asked_by_id,
       asked_by = excluded.asked_by,
       asked_at = now(),
       results = '[]',
       finished_at = NULL,
       next_at = now()
 WHERE known.guild_id = excluded.guild_id AND known.asked_at <= now() - :pause::interval
RETURNING guild_id, incident_id, round, post, target, asked_by_id, asked_by, asked_at, results, finished_at;

-- name: finish_live_check
-- Records the results of a round, once. No row comes back if it was recorded before, or another one has begun.
UPDATE live_checks
   SET results = :results, finished_at = now(), next_at = NULL
 WHERE incident_id = :incident_id AND round = :round AND finished_at IS NULL
RETURNING guild_id, incident_id, round, post, target, asked_by_id, asked_by, asked_at, results, finished_at;

-- name: lost_live_checks
-- Returns the jobs for rounds that were due :overdue ago or earlier and have no job.
SELECT job, key, priority, guild_id
  FROM (SELECT 'live_check' AS job, 'live_check:' || incident_id AS key, 0 AS priority, guild_id, next_at
          FROM live_checks) AS work
 WHERE next_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY next_at;
