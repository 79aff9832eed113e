-- The order of locks is explained in escalation.sql.

-- name: bundle_counts
-- Counts the incidents of a bundle, and the unacknowledged ones among them, in guild :guild_id (null: in any guild).
SELECT count(*) AS count, count(*) FILTER (WHERE status = 'triggered') AS waiting, now() AS now
  FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE bundle_id = :bundle_id AND status <> 'cancelled'))
   AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id);

-- name: bundle_waiting
-- Returns at most :limit unacknowledged incidents of a bundle, the longest wait first, in guild :guild_id (null: in
-- any guild).
SELECT *
  FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE bundle_id = :bundle_id AND status <> 'cancelled'))
   AND status = 'triggered' AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id)
 ORDER BY triggered_at, id
 LIMIT :limit;

-- name: lock_waiting
-- Locks the incidents of the deliveries that a group could bundle now, skipping incidents that another transaction
-- has locked.
SELECT id
  FROM incidents
 WHERE status = 'triggered' AND NOT is_private AND NOT is_drill AND severity = :severity
   AND id = ANY (ARRAY(SELECT incident_id
                         FROM deliveries
                        WHERE kind = :kind AND kind IN ('page', 'escalation') AND target = :target
                          AND guild_id = :guild_id
                          AND status = 'pending' AND bundle_id IS NULL AND request IS NULL AND after_key IS NULL
                          AND (kind = 'page' OR coalesce(data ->> 'mention', 'none') = :mention)))
 ORDER BY id
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: join_bundle
-- Adds the pending deliveries of a group to a bundle: those of the incidents :incident_ids, without the keys
-- :except_keys.
UPDATE deliveries
   SET bundle_id = :bundle_id, next_try_at = 'infinity'
 WHERE kind = :kind AND kind IN ('page', 'escalation') AND target = :target AND guild_id = :guild_id
   AND status = 'pending' AND bundle_id IS NULL AND request IS NULL AND after_key IS NULL
   AND (kind = 'page' OR coalesce(data ->> 'mention', 'none') = :mention)
   AND incident_id = ANY (:incident_ids::bigint[])
   AND NOT EXISTS (SELECT FROM unnest(:except_keys::text[]) AS apart (key) WHERE apart.key = deliveries.key)
RETURNING id;

-- name: close_bundle
-- Closes a bundle to further deliveries and counts those it has left to announce. A delivery that an outage held back
-- does not count if a later one says the same.
WITH closed AS (
    UPDATE deliveries SET status = 'sending', next_try_at = now()
     WHERE id = :bundle_id AND status IN ('pending', 'sending')
)
SELECT count(*) AS waiting
  FROM deliveries AS delivery
 WHERE bundle_id = :bundle_id AND status IN ('pending', 'sending')
   AND NOT (held_at IS NOT NULL
            AND EXISTS (SELECT
                          FROM deliveries AS later
                         WHERE later.incident_id = delivery.incident_id AND later.kind = delivery.kind
                           AND later.target = delivery.target AND later.id > delivery.id
                           AND later.status <> 'cancelled'));

-- name: bundled
-- Returns the deliveries of a bundle, except those that were cancelled first.
SELECT id, incident_id, kind, target
  FROM deliveries
 WHERE bundle_id = :bundle_id AND status <> 'cancelled'
 ORDER BY id;

-- name: mark_bundle_emailed
-- Records that one email in place of a bundle was accepted for :emailed_to. :is_done means that no recipient is left;
-- the first such time stays.
UPDATE deliveries
   SET emailed_to = ARRAY(SELECT unnest(emailed_to) UNION SELECT unnest(:emailed_to::text[]) ORDER BY 1),
       emailed_at = CASE WHEN :is_done THEN coalesce(emailed_at, now()) ELSE emailed_at END
 WHERE bundle_id = :bundle_id;

-- name: lock_group
-- Locks a group of deliveries until the commit, so that one transaction at a time bundles them.
SELECT pg_advisory_xact_lock(hashtextextended(:group_key, 12));

-- name: open_bundle
-- Locks and returns the pending bundle of a group.
SELECT id
  FROM deliveries
 WHERE kind = 'bundle' AND status = 'pending' AND bundle_id IS NULL
   AND target = :target AND guild_id = :guild_id AND data @> :data
 ORDER BY id
 LIMIT 1
   FOR NO KEY UPDATE;
