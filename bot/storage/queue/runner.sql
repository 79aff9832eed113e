-- The queue's table is PgQueuer's (see jobs.py). These are the questions for which it has no function, or only one
-- that takes several round trips.

-- name: put_jobs
-- Queues jobs, given as a JSON array, in its order, as PgQueuer's `enqueue` does: they are logged, and the table's
-- trigger notifies the runners. The keys of the jobs that were not queued before come back.
WITH put AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
    SELECT priority, entrypoint, convert_to(payload, 'UTF8'), now() + after_s * interval '1 second', dedupe_key,
           nullif(headers, 'null'), 'queued'
      FROM ROWS FROM (
           jsonb_to_recordset(:jobs)
                AS (priority integer, entrypoint text, payload text, after_s double precision, dedupe_key text,
                    headers jsonb)
           ) WITH ORDINALITY
     ORDER BY ordinality
    ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL DO NOTHING
    RETURNING id, entrypoint, priority, dedupe_key
), logged AS (
    INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
    SELECT id, 'queued', entrypoint, priority FROM put
)
SELECT dedupe_key FROM put;

-- name: ask_again
-- Asks once more for jobs that exist already. A running job will run once more after its element of :delays. A queued
-- job is locked, so that it starts only after this transaction and sees what it wrote; where :sooner is true and the
-- job is due more than :patience later than asked, it is brought forward, never put off.
UPDATE pgqueuer
   SET execute_after = CASE
           WHEN status = 'queued' AND asked.sooner AND execute_after > now() + asked.after + asked.patience
           THEN now() + asked.after
           ELSE execute_after
       END,
       headers = CASE
           WHEN status = 'queued' THEN headers
           ELSE CASE jsonb_typeof(headers) WHEN 'object' THEN headers ELSE '{}' END
                || jsonb_build_object(
                       'again_at', least((headers ->> 'again_at')::timestamptz, now() + asked.after))
       END
  FROM unnest(:keys::text[], :delays::interval[], :sooner::boolean[], :patience::interval[])
    AS asked (key, after, sooner, patience)
 WHERE dedupe_key = asked.key AND status IN ('queued', 'picked')
RETURNING dedupe_key;

-- name: retry_job
-- Queues the running job :job_id again, due in :delay, and logs it. If :is_long is true (a long delay) and a caller
-- asked for the job while it ran, it is due when that caller asked. PgQueuer's trigger fires per statement and
-- ignores updates, so the empty DELETE is what notifies the runners.
WITH retried AS (
    UPDATE pgqueuer
       SET status = 'queued', queue_manager_id = NULL, slot = NULL, attempts = attempts + 1, updated = now(),
           execute_after = CASE WHEN :is_long
                                THEN least((headers ->> 'again_at')::timestamptz, now() + :delay::interval)
                                ELSE now() + :delay::interval END,
           headers = CASE WHEN :is_long AND (headers ->> 'again_at')::timestamptz < now() + :delay::interval
                          THEN headers - 'again_at' ELSE headers END
     WHERE id = :job_id::bigint
    RETURNING id, entrypoint, priority
), woken AS (
    DELETE FROM pgqueuer WHERE false
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'queued', entrypoint, priority FROM retried;

-- name: count_queued
-- Counts the jobs that each of :guilds has queued in the band of ten priorities whose highest is its element of
-- :tops, up to :limit. The index queue_by_guild answers it.
SELECT asked.guild, asked.top, waiting.waiting
  FROM unnest(:guilds::text[], :tops::integer[]) AS asked (guild, top)
 CROSS JOIN LATERAL (
       SELECT count(*) AS waiting
         FROM (SELECT
                 FROM pgqueuer
                WHERE headers ->> 'guild' = asked.guild
                  AND priority BETWEEN asked.top - 9 AND asked.top
                  AND status = 'queued'
                LIMIT :limit) AS those) AS waiting;

-- part: taken_back
-- Cancels the queued jobs with the keys in `unneeded` as PgQueuer does: deletes and logs them. Running jobs go on.
queued AS (
    SELECT id
      FROM pgqueuer
     WHERE dedupe_key = ANY (ARRAY(SELECT key FROM unneeded)) AND status = 'queued'
     ORDER BY id
       FOR UPDATE
), gone AS (
    DELETE FROM pgqueuer USING queued WHERE pgqueuer.id = queued.id RETURNING pgqueuer.id, entrypoint, priority
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'canceled', entrypoint, priority FROM gone

-- name: take_back_jobs
-- Cancels the queued jobs with the keys :keys.
WITH unneeded AS (
    SELECT unnest(:keys::text[]) AS key
), {taken_back};

-- name: finish_jobs
-- Moves the finished jobs :job_ids to the log. A job that a caller asked for while it ran is queued again instead. If
-- a transaction is asking right now, this waits for it: rows are read after they are locked.
WITH finished AS MATERIALIZED (
    SELECT id, headers, (headers ->> 'again_at')::timestamptz AS again_at
      FROM pgqueuer
     WHERE id = ANY (:job_ids::bigint[])
     ORDER BY id
       FOR UPDATE
), again AS (
    UPDATE pgqueuer
       SET status = 'queued', queue_manager_id = NULL, slot = NULL, attempts = 0, updated = now(),
           execute_after = finished.again_at, headers = finished.headers - 'again_at'
      FROM finished
     WHERE pgqueuer.id = finished.id AND finished.again_at IS NOT NULL
), gone AS (
    DELETE FROM pgqueuer
     USING finished
     WHERE pgqueuer.id = finished.id AND finished.again_at IS NULL
    RETURNING pgqueuer.id, entrypoint, priority
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'successful', entrypoint, priority FROM gone;

-- name: next_due
-- Returns the time until the next queued job of :entrypoints is due: negative if one is overdue, null if none is
-- queued.
SELECT min(next.execute_after) - now() AS due_in
  FROM unnest(:entrypoints::text[]) AS asked (entrypoint)
 CROSS JOIN LATERAL (
       SELECT execute_after
         FROM pgqueuer
        WHERE entrypoint = asked.entrypoint AND status = 'queued'
        ORDER BY execute_after
        LIMIT 1) AS next;

-- name: prune_job_log
-- Deletes the queue's log after a week, once it is counted.
DELETE FROM pgqueuer_log WHERE aggregated AND created < now() - interval '7 days';

-- name: prune_job_statistics
-- Deletes the queue's counts after a quarter.
DELETE FROM pgqueuer_statistics WHERE created < now() - interval '90 days';
