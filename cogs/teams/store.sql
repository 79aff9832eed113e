-- name: add_team_call
-- Stores a call for a team.
INSERT INTO team_calls (incident_id, guild_id, team, asked, due_at, called_ids, before_ids)
VALUES (:incident_id, :guild_id, :team, :asked, :due_at, :called_ids, :before_ids)
RETURNING *;

-- name: team_call
-- Returns a call.
SELECT * FROM team_calls WHERE id = :call_id;

-- name: waiting_team_call
-- Returns the call of an incident for a team that waits for an answer.
SELECT * FROM team_calls
 WHERE incident_id = :incident_id AND team IS NOT DISTINCT FROM :team AND done_at IS NULL;

-- name: move_team_call
-- Notes that the next place was called.
UPDATE team_calls SET asked = :asked, due_at = :due_at, called_ids = :called_ids WHERE id = :call_id RETURNING id;

-- name: finish_team_call
-- Notes that a call waits for nobody any more.
UPDATE team_calls SET done_at = :done_at WHERE id = :call_id RETURNING id;

-- name: lost_team_call_jobs
-- Returns the jobs of calls that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'team_call' AS job, 'team_call:' || incident_id || ':' || id AS key, due_at, guild_id
          FROM team_calls
         WHERE done_at IS NULL) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;
