-- name: beat
-- Records that writing works, and returns the time. A silence of four seconds, with a beat due every second from each
-- process, counts as an absence of the database: `gone_at` and `back_at` are its bounds. A silence that follows
-- within ten seconds of the last one extends it. :mirrors are the mirrors that have nothing left to report,
-- :guild_ids their guilds.
WITH told AS (
    INSERT INTO mirrors (id, guild_id, told_at)
    SELECT id, guild_id, statement_timestamp()
      FROM unnest(:mirrors::uuid[], :guild_ids::bigint[]) AS told (id, guild_id)
    ON CONFLICT (id) DO UPDATE SET told_at = EXCLUDED.told_at),
forgotten AS (
    DELETE FROM mirrors WHERE told_at < statement_timestamp() - interval '1 day' AND id <> ALL (:mirrors))
UPDATE installation
   SET (gone_at, back_at) = (
           SELECT CASE WHEN is_new AND NOT coalesce(back_at > beaten_at - interval '10 seconds', false)
                       THEN beaten_at ELSE gone_at END,
                  CASE WHEN is_new THEN statement_timestamp() ELSE back_at END
             FROM (SELECT beaten_at < statement_timestamp() - interval '4 seconds' AS is_new) AS silence),
       beaten_at = statement_timestamp()
RETURNING now() AS now;

-- name: database_vitals
-- How many connections of clients are open, how many the server allows, and how long the longest statement that runs
-- has taken, seconds. What other users run is seen only by those who may.
SELECT count(*)::integer AS used,
       current_setting('max_connections')::integer AS most,
       coalesce(max(extract(epoch FROM clock_timestamp() - query_start))
                FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()), 0)::float8 AS longest_s
  FROM pg_stat_activity
 WHERE backend_type = 'client backend';
