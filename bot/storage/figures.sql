-- name: step_figures
-- Counts how late steps were decided since the beginning, one row for each interval between the bounds :bounds_s: the
-- number of steps, the sum of their lateness, and the number later than :missed_s, which includes steps that are this
-- late and still pending. Drills are left out.
SELECT width_bucket(late_s, :bounds_s::float8[]) AS place,
       count(*) FILTER (WHERE status = 'done')::bigint AS decided,
       coalesce(sum(late_s) FILTER (WHERE status = 'done'), 0)::float8 AS late_s,
       count(*) FILTER (WHERE late_s > :missed_s)::bigint AS missed
  FROM (
      SELECT steps.status,
             greatest(extract(epoch FROM coalesce(steps.decided_at, now()) - steps.due_at)::float8, 0) AS late_s
        FROM escalation_steps AS steps
        JOIN incidents ON incidents.id = steps.incident_id
       WHERE steps.status IN ('pending', 'done')
         AND NOT incidents.is_drill
  ) AS found
 GROUP BY place;

-- name: queue_figures
-- Counts the jobs by name and state: waiting for their time, due or running.
SELECT entrypoint,
       CASE WHEN status = 'picked' THEN 'running' WHEN execute_after > now() THEN 'waiting' ELSE 'due' END AS state,
       count(*)::bigint AS jobs
  FROM pgqueuer
 WHERE status IN ('queued', 'picked')
 GROUP BY entrypoint, state;

-- name: delivery_figures
-- Counts the deliveries by kind and status.
SELECT kind, status, count(*)::bigint AS deliveries FROM deliveries GROUP BY kind, status;

-- name: gateway_figures
-- Counts the failovers of shards, and the sessions at Discord's gateway that were started within 24 hours.
SELECT (SELECT coalesce(sum(failovers), 0)::bigint FROM shard_leases) AS failovers,
       (SELECT count(*)::bigint FROM identifies WHERE at > clock_timestamp() - interval '24 hours') AS identifies;

-- name: instance_figures
-- Counts the running processes by version.
SELECT version, count(*)::bigint AS instances
  FROM instances
 WHERE seen_at > clock_timestamp() - interval '5 seconds'
 GROUP BY version;
