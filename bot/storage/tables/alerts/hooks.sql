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
-- Returns at most :limit hooks of a source that wait to be processed, oldest first.
SELECT id, headers, body, received_at
  FROM hooks
 WHERE processed_at IS NULL AND guild_id = :guild_id AND source = :source
 ORDER BY id
 LIMIT :limit;

-- name: known_hooks
-- Returns which of :delivery_ids a source has used before.
SELECT delivery_id
  FROM hooks
 WHERE guild_id = :guild_id AND source = :source AND delivery_id = ANY (:delivery_ids::text[]);

-- name: finish_hooks
-- Records that the hooks :ids have been processed, each once.
UPDATE hooks
   SET processed_at = now(), events = done.events, problem = done.problem
  FROM unnest(:ids::bigint[], :events::integer[], :problems::text[]) AS done (id, events, problem)
 WHERE hooks.id = done.id AND hooks.processed_at IS NULL;

-- name: forget_hooks
-- Deletes hooks that came 14 days ago or earlier, and events of that age that were counted on no incident, a thousand of
-- each. Rows that another transaction has locked are left for the next time.
WITH old AS (
    DELETE FROM hooks
     WHERE id IN (SELECT id
                    FROM hooks
                   WHERE received_at < now() - interval '14 days' AND processed_at IS NOT NULL
                   LIMIT 1000
                     FOR UPDATE SKIP LOCKED)
)
DELETE FROM alert_events
 WHERE ctid IN (SELECT ctid
                  FROM alert_events
                 WHERE incident_id IS NULL AND at < now() - interval '14 days'
                 LIMIT 1000
                   FOR UPDATE SKIP LOCKED);
