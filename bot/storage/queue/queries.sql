-- The queue's table is PgQueuer's (see jobs.py); these are the questions that it has no function for,
-- or only one that takes several round trips.

-- name: put_jobs
-- Queues jobs, given as a JSON array, in its order, as PgQueuer's `enqueue` does: what is put is in the log, and the
-- table's trigger tells the runners. The keys come back of those that were not there.
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
-- Jobs that are there already: a running one is asked to run once more after :delays, a queued one is kept from
-- starting before this transaction has ended, so that it sees what the transaction wrote; where :sooner says so it is
-- brought forward to then, if it would be later by more than :patience, and never put off.
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
  FROM unnest(:keys::text[], :delays::interval[], :sooner::boolean[], :patience::interval[]) AS asked (key, after, sooner, patience)
 WHERE dedupe_key = asked.key AND status IN ('queued', 'picked')
RETURNING dedupe_key;

-- name: retry_job
-- Queues the running job :job_id again, due in :delay, and logs it. If :is_long is true (a long delay) and a caller asked for the job
-- while it ran, it is due when that caller asked. PgQueuer's trigger fires per statement and ignores updates, so the
-- empty DELETE is what notifies the runners.
WITH retried AS (
    UPDATE pgqueuer
       SET status = 'queued', queue_manager_id = NULL, slot = NULL, attempts = attempts + 1, updated = now(),
           execute_after = CASE WHEN :is_long THEN least((headers ->> 'again_at')::timestamptz, now() + :delay::interval)
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
-- How many jobs each of the guilds :guilds has queued in the band of ten priorities below and with :tops; beyond :limit
-- nobody counts. The index queue_by_guild answers it.
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

-- name: take_back_jobs
-- What is queued under the keys :keys ends as PgQueuer ends a cancelled job: it is gone, and in the log. What runs goes on.
WITH queued AS (
    SELECT id FROM pgqueuer WHERE dedupe_key = ANY (:keys::text[]) AND status = 'queued' ORDER BY id FOR UPDATE
), gone AS (
    DELETE FROM pgqueuer USING queued WHERE pgqueuer.id = queued.id RETURNING pgqueuer.id, entrypoint, priority
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'canceled', entrypoint, priority FROM gone;

-- name: finish_jobs
-- Moves the finished jobs :job_ids to the log. A job that a caller asked for while it ran is queued again instead. If a
-- transaction is asking right now, this waits for it: rows are read after they are locked.
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
-- The time until the next queued job of the entrypoints :entrypoints is due; negative if one is overdue, null if none is queued.
SELECT min(next.execute_after) - now() AS due_in
  FROM unnest(:entrypoints::text[]) AS asked (entrypoint)
 CROSS JOIN LATERAL (
       SELECT execute_after
         FROM pgqueuer
        WHERE entrypoint = asked.entrypoint AND status = 'queued'
        ORDER BY execute_after
        LIMIT 1) AS next;

-- name: prune_job_log
-- The queue's history, once it is counted, is kept for a week.
DELETE FROM pgqueuer_log WHERE aggregated AND created < now() - interval '7 days';

-- name: prune_job_statistics
-- The counts are kept for a quarter.
DELETE FROM pgqueuer_statistics WHERE created < now() - interval '90 days';
