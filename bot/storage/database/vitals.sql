-- name: database_vitals
-- How many connections of clients are open, how many the server allows, and how long the longest statement that runs
-- has taken, seconds. What other users run is seen only by those who may.
SELECT count(*)::integer AS used,
       current_setting('max_connections')::integer AS most,
       coalesce(max(extract(epoch FROM clock_timestamp() - query_start))
                FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()), 0)::float8 AS longest_s
  FROM pg_stat_activity
 WHERE backend_type = 'client backend';
