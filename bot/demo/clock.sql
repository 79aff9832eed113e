-- name: install_clock
-- `now()` of our schema, ahead of pg_catalog's in the bot's search_path, follows a stored shift.
CREATE TABLE IF NOT EXISTS demo_clock (shift interval NOT NULL);
INSERT INTO demo_clock SELECT interval '0' WHERE NOT EXISTS (SELECT FROM demo_clock);
CREATE OR REPLACE FUNCTION now() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT pg_catalog.now() + shift FROM demo_clock $$;

-- name: free_defaults
-- A column's default was bound to pg_catalog.now() when the migration ran; parsed again, it finds ours.
DO $$
DECLARE
    fixed record;
BEGIN
    FOR fixed IN
        SELECT adrelid::regclass AS tbl, attname AS col, pg_get_expr(adbin, adrelid) AS expression
          FROM pg_attrdef
          JOIN pg_class ON pg_class.oid = adrelid
          JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
         WHERE relnamespace = current_schema()::regnamespace
           AND pg_get_expr(adbin, adrelid) LIKE '%pg_catalog.now()%'
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', fixed.tbl, fixed.col,
                       replace(fixed.expression, 'pg_catalog.now()', 'now()'));
    END LOOP;
END
$$;

-- name: is_busy
-- Returns true if the job queue has work that is running or due, or that waits for a moment only: a message that is
-- not sent yet and due within 30 seconds, or an edit that is due within `edits` (null for none), since Discord's limits
-- leave no room for it or more may join it. What waits for its hour, as the digest does, or for Discord to be back may
-- wait for longer.
SELECT EXISTS (
       SELECT
         FROM pgqueuer
         LEFT JOIN deliveries AS owed
                ON dedupe_key = 'deliver:' || owed.id AND owed.status IN ('pending', 'sending')
               AND owed.attempts = 0 AND owed.held_at IS NULL
        WHERE pgqueuer.status = 'picked'
           OR (pgqueuer.status = 'queued' AND execute_after <= now())
           OR (pgqueuer.status = 'queued' AND execute_after <= now() + interval '30 seconds' AND owed.id IS NOT NULL)
           OR (pgqueuer.status = 'queued' AND execute_after <= now() + :edits::interval
               AND entrypoint IN ('refresh', 'redact', 'refresh_bundle', 'refresh_triage', 'refresh_morning'))
       );

-- name: advance_clock
-- Moves `now()` by `span` more.
UPDATE demo_clock SET shift = shift + :span;

-- name: clock_shift
-- Returns how far `now()` is ahead: not at all in a new database.
SELECT shift FROM demo_clock;

-- name: wake_workers
-- Deletes nothing: the table's statement trigger notifies the processes that wait for jobs.
DELETE FROM pgqueuer WHERE false;

-- name: next_edit
-- Returns when the next edit is due that waits for a few seconds only, so that more may join it; null if none does.
SELECT min(execute_after)
  FROM pgqueuer
 WHERE status = 'queued' AND execute_after > now() AND execute_after <= now() + interval '10 seconds'
   AND entrypoint IN ('refresh', 'redact', 'refresh_bundle', 'refresh_triage', 'refresh_morning', 'show_count');

-- name: next_job
-- Returns the next job of `kinds`, with the incident that it is about: when, its entrypoint, its incident's number or null.
-- What is due already is in the hands of the workers.
SELECT execute_after AS at, entrypoint AS kind, incidents.id AS number
  FROM pgqueuer
  LEFT JOIN incidents ON entrypoint IN ('escalate', 'remind')
        AND incidents.id::text = split_part(convert_from(pgqueuer.payload, 'UTF8'), ':', 1)
 WHERE pgqueuer.status = 'queued' AND execute_after > now() AND entrypoint = ANY (:kinds::text[])
 ORDER BY execute_after
 LIMIT 1;

-- name: is_looked_at
-- Returns true if the bot has seen that the morning of `day` is due; if `day` is null, the digest of the hour `at`.
SELECT CASE WHEN :day::date IS NULL THEN EXISTS (SELECT FROM digests WHERE due_at >= :at::timestamptz)
            ELSE EXISTS (SELECT FROM mornings WHERE day = :day) END;

-- name: sent_messages
-- Returns the messages that were sent for deliveries of `kinds`.
SELECT message_id
  FROM deliveries
 WHERE kind = ANY(:kinds::text[]) AND message_id IS NOT NULL;
