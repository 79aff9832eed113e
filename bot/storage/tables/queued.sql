-- part: told
-- Adds entries to timelines and the changes by people to the audit log: the JSON arrays :entries and :audited, whose
-- order is kept.
told AS (
    INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data, corrects)
    SELECT incident_id, at, kind, actor_id, actor_name, data, corrects
      FROM ROWS FROM (
           jsonb_to_recordset(:entries)
                AS (incident_id bigint, at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb,
                    corrects bigint)
           ) WITH ORDINALITY
     ORDER BY ordinality
), audited AS (
    INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
    SELECT now(), guild_id, actor_id, actor_name, action, true, data
      FROM ROWS FROM (
           jsonb_to_recordset(:audited)
                AS (guild_id bigint, actor_id bigint, actor_name text, action text, data jsonb)
           ) WITH ORDINALITY
     ORDER BY ordinality
)

-- name: insert_deliveries
-- Stores deliveries, given as a JSON array, in its order. A known key is skipped. The nonce is computed as in
-- `bot.domain.installation.nonce_of`. With :bundle_id the deliveries are sent by that bundle only. Their next try is
-- never due, so that a version that knows no bundles leaves them alone. The new deliveries come back.
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, after_key, data, priority, nonce,
                        created_at, next_try_at, bundle_id)
SELECT guild_id, incident_id, kind, target, key, after_key, data, priority,
       left(encode(sha256(convert_to(installation.id || ':' || key, 'UTF8')), 'hex'), 24), now(),
       CASE WHEN :bundle_id::bigint IS NULL THEN now() + wait_s * interval '1 second' ELSE 'infinity' END, :bundle_id
  FROM installation
 CROSS JOIN ROWS FROM (
       jsonb_to_recordset(:deliveries) AS (guild_id bigint, incident_id bigint, kind text, target text, key text,
                                  after_key text, data jsonb, priority integer, wait_s double precision)
       ) WITH ORDINALITY
 ORDER BY ordinality
ON CONFLICT (key) DO NOTHING
RETURNING id, key, after_key, priority, guild_id;

-- name: append
-- Adds the rows that a transaction has collected: the JSON array :steps of ladders, timeline entries, and deliveries.
WITH steps AS (
    INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, also, starts_at, repeat_every, repeats_left,
                                  priority, counts_from, status, decided_at)
    SELECT incident_id, index, due_at, mention, dm, also, starts_at, repeat_s * interval '1 second', repeats_left, priority,
           counts_from, CASE WHEN is_done THEN 'done' ELSE 'pending' END, CASE WHEN is_done THEN now() END
      FROM jsonb_to_recordset(:steps)
        AS (incident_id bigint, index integer, due_at timestamptz, mention text, dm text[], also text[],
            starts_at timestamptz, repeat_s double precision, repeats_left integer, priority integer,
            counts_from timestamptz, is_done boolean)
), {told}
{insert_deliveries};

-- name: cancel_waiting
-- Cancels the pending deliveries that wait, directly or through others, for those of :ended_keys that failed or were
-- cancelled. There may be thousands of keys, so each is looked up by itself, whatever the planner estimates.
WITH RECURSIVE obsolete AS (
    SELECT delivery.id, delivery.key
      FROM unnest(:ended_keys::text[]) AS ended (key)
     CROSS JOIN LATERAL (
           SELECT id, key
             FROM deliveries
            WHERE after_key = ended.key AND status = 'pending'
              AND EXISTS (SELECT FROM deliveries AS first
                           WHERE first.key = ended.key AND first.status IN ('failed', 'cancelled'))
           OFFSET 0) AS delivery
    UNION
    SELECT delivery.id, delivery.key
      FROM obsolete
     CROSS JOIN LATERAL (
           SELECT id, key FROM deliveries WHERE after_key = obsolete.key AND status = 'pending'
           OFFSET 0) AS delivery
)
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = ANY (ARRAY(SELECT id FROM obsolete)) AND status = 'pending';

-- name: ready_deliveries
-- Returns those of :delivery_ids that wait for no other delivery or whose predecessor has been sent, in the order
-- they were stored.
SELECT delivery.id, delivery.key, delivery.priority, delivery.guild_id
  FROM deliveries AS delivery
  LEFT JOIN deliveries AS first ON first.key = delivery.after_key
 WHERE delivery.id = ANY (:delivery_ids::bigint[])
   AND delivery.status = 'pending'
   AND (delivery.after_key IS NULL OR first.status = 'sent')
 ORDER BY delivery.id;

-- name: lock_incidents
-- Locks incidents, always in the same order.
SELECT id FROM incidents WHERE id = ANY (:incident_ids::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: hold_deliveries
-- Keeps deliveries as they are until the commit: no other transaction can send them or give them up.
SELECT key, status FROM deliveries WHERE key = ANY (:keys::text[]) ORDER BY id FOR SHARE;

-- name: lock_incident_of_delivery
-- Locks the incident of a delivery, if it has one; for a bundle, the incidents of its deliveries.
SELECT id FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id
                         FROM deliveries
                        WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
 ORDER BY id
   FOR NO KEY UPDATE;
