-- name: add_hooks
-- Stores hooks, given as arrays, in their order. A hook without a moment is received now. A hook whose delivery id its
-- source has used before is skipped. The delivery ids of the new hooks come back, one row each.
INSERT INTO hooks (guild_id, source, delivery_id, headers, body, received_at)
SELECT guild_id, source, delivery_id, headers::jsonb, body, coalesce(moment, now())
  FROM ROWS FROM (
       unnest(:guild_ids::bigint[]), unnest(:sources::text[]), unnest(:delivery_ids::text[]), unnest(:headers::text[]),
       unnest(:bodies::bytea[]), unnest(:moments::timestamptz[])
       ) WITH ORDINALITY AS given (guild_id, source, delivery_id, headers, body, moment, ordinality)
 ORDER BY ordinality
ON CONFLICT (guild_id, source, delivery_id) WHERE delivery_id IS NOT NULL DO NOTHING
RETURNING guild_id, source, delivery_id;

-- name: waiting_hooks
-- Counts the hooks that wait to be processed, up to :most.
SELECT count(*)::integer AS waiting
  FROM (SELECT FROM hooks WHERE processed_at IS NULL LIMIT :most) AS found;

-- name: next_hooks
-- Returns at most :limit hooks of a source that wait to be processed, oldest first: the first one, and those after it
-- while the bodies before them have fewer than :most_bytes.
SELECT id, headers, body, received_at, next_event, problem
  FROM (SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
          FROM (SELECT *
                  FROM hooks
                 WHERE processed_at IS NULL AND guild_id = :guild_id AND source = :source
                 ORDER BY id
                 LIMIT :limit) AS oldest) AS waiting
 WHERE bytes_before < :most_bytes
 ORDER BY id;

-- name: known_hooks
-- Returns which of :delivery_ids a source has used before.
SELECT delivery_id
  FROM hooks
 WHERE guild_id = :guild_id AND source = :source AND delivery_id = ANY (:delivery_ids::text[]);

-- name: finish_hooks
-- Records that the hooks :ids have been processed, each once. Of one that is not done, :events are those that have been
-- received.
UPDATE hooks
   SET processed_at = CASE WHEN done.is_done THEN now() END,
       events = CASE WHEN done.is_done THEN done.events END,
       next_event = CASE WHEN done.is_done THEN next_event ELSE done.events END,
       problem = done.problem
  FROM unnest(:ids::bigint[], :events::integer[], :problems::text[], :are_done::boolean[])
       AS done (id, events, problem, is_done)
 WHERE hooks.id = done.id AND hooks.processed_at IS NULL;

-- name: forget_hooks
-- Deletes at most a thousand processed hooks of any guild that came 14 days ago or earlier. Rows that another
-- transaction has locked are left for the next time. Returns how many were deleted.
WITH old_hooks AS (
    DELETE FROM hooks
     WHERE id IN (SELECT id
                    FROM hooks
                   WHERE received_at < now() - interval '14 days' AND processed_at IS NOT NULL
                   LIMIT 1000
                     FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT count(*)::integer AS deleted FROM old_hooks;

-- name: lost_hook_jobs
-- Returns the jobs for hooks that wait since :overdue ago or earlier and have no job, with the priority of a P0: what is late is
-- done first.
SELECT job, key, priority, guild_id
  FROM (SELECT 'hooks' AS job, 'hooks:' || guild_id || ':' || source AS key, min(received_at) AS due_at,
               100 AS priority, guild_id
          FROM hooks
         WHERE processed_at IS NULL
         GROUP BY guild_id, source) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;

-- name: hook_figures
-- Counts the hooks that wait to be processed, without those of the guilds :off.
SELECT count(*)::bigint AS waiting FROM hooks WHERE processed_at IS NULL AND NOT guild_id = ANY (:off::bigint[]);
