-- name: delivery
-- Returns one delivery, with the place of the delivery it waited for.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = :delivery_id;

-- name: delivery_by_key
-- Returns one delivery by its key, with the place of the delivery it waited for.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.key = :key;

-- name: deliveries
-- Returns several deliveries, oldest first.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = ANY (:delivery_ids::bigint[])
 ORDER BY owed.id;

-- name: posts
-- Returns the sent deliveries of an incident in the order they were sent, except those that were deleted at once.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.incident_id = :incident_id AND owed.status = 'sent' AND owed.message_id IS NOT NULL
 ORDER BY owed.finished_at, owed.id;

-- name: pages
-- Returns the DMs that an incident has queued, in any state, oldest first.
SELECT owed.*, NULL::bigint AS after_channel_id, NULL::bigint AS after_message_id
  FROM deliveries AS owed
 WHERE owed.incident_id = :incident_id AND owed.kind = 'page'
 ORDER BY owed.id;

-- name: lock_incident_of_delivery
-- Locks the incident of a delivery, if it has one; for a bundle, the incidents of its deliveries.
SELECT id FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id
                         FROM deliveries
                        WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: lock_incidents
-- Locks incidents, always in the same order.
SELECT id FROM incidents WHERE id = ANY (:incident_ids::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: hold_deliveries
-- Keeps deliveries as they are until the commit: no other transaction can send them or give them up.
SELECT key, status FROM deliveries WHERE key = ANY (:keys::text[]) ORDER BY id FOR SHARE;

-- name: insert_deliveries
-- Stores deliveries, given as a JSON array, in its order. A known key is skipped. The nonce is computed as in
-- `bot.domain.installation.nonce_of`. With :bundle_id the deliveries are sent by that bundle only. Their next try is
-- never due, so that a version that knows no bundles leaves them alone.
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, after_key, data, priority, nonce,
                        created_at, next_try_at, bundle_id)
SELECT guild_id, incident_id, kind, target, key, after_key, data, priority,
       left(encode(sha256(convert_to(installation.id || ':' || key, 'UTF8')), 'hex'), 24), now(),
       CASE WHEN :bundle_id::bigint IS NULL THEN now() ELSE 'infinity' END, :bundle_id
  FROM installation
 CROSS JOIN ROWS FROM (
       jsonb_to_recordset(:deliveries) AS (guild_id bigint, incident_id bigint, kind text, target text, key text,
                                  after_key text, data jsonb, priority integer)
       ) WITH ORDINALITY
 ORDER BY ordinality
ON CONFLICT (key) DO NOTHING
RETURNING id;

-- name: ready_deliveries
-- Returns those of :delivery_ids that wait for no other delivery or whose predecessor has been sent, in the order
-- they were stored.
SELECT owed.id, owed.priority, owed.guild_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = ANY (:delivery_ids::bigint[])
   AND owed.status = 'pending'
   AND (owed.after_key IS NULL OR first.status = 'sent')
 ORDER BY owed.id;

-- name: claim_delivery
-- Locks a delivery that is not finished, after the incidents that `lock_incident_of_delivery` locks, and returns it
-- with the transaction's time. No row comes back if it is finished or belongs to a bundle.
WITH locked AS MATERIALIZED (
    SELECT id FROM incidents
     WHERE id = ANY (ARRAY(SELECT incident_id
                             FROM deliveries
                            WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
     ORDER BY id
       FOR NO KEY UPDATE
)
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id, now() AS now
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = :delivery_id AND owed.status IN ('pending', 'sending') AND owed.bundle_id IS NULL
   AND (SELECT count(*) FROM locked) >= 0  -- so that it is locked first
   FOR NO KEY UPDATE OF owed;

-- name: begin_attempt
-- Marks a delivery as sending and returns it. The first request stays, with its version and its time, unless the
-- delivery is late (:is_late), which replaces request and version. :is_quiet marks an alert that mentions nobody any
-- more. No row comes back if the delivery is finished. The pending deliveries of a bundle are marked as sending with
-- it; they keep its recipient but not its body.
WITH locked AS MATERIALIZED (
    SELECT id FROM incidents
     WHERE id = ANY (ARRAY(SELECT incident_id
                             FROM deliveries
                            WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
     ORDER BY id
       FOR NO KEY UPDATE
), begun AS (
    UPDATE deliveries
       SET status = 'sending',
           request = CASE WHEN request IS NULL OR :is_late THEN :request ELSE request END,
           shown_version = CASE WHEN request IS NULL OR :is_late THEN :version ELSE shown_version END,
           is_late = is_late OR :is_late,
           data = CASE WHEN :is_quiet THEN data || '{"quiet": true}' ELSE data END,
           first_sent_at = coalesce(first_sent_at, now()),
           next_try_at = now()
     WHERE id = :delivery_id AND status IN ('pending', 'sending') AND bundle_id IS NULL
       AND (SELECT count(*) FROM locked) >= 0  -- so that they are locked first
    RETURNING *
), bundled AS (
    UPDATE deliveries
       SET status = 'sending', first_sent_at = now(), shown_version = incidents.version,
           request = begun.request || '{"body": {}}'
      FROM incidents, begun
     WHERE deliveries.bundle_id = begun.id AND deliveries.status = 'pending'
       AND incidents.id = deliveries.incident_id
)
SELECT begun.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM begun
  LEFT JOIN deliveries AS first ON first.key = begun.after_key;

-- name: finish_sent
-- Marks a delivery as sent, and with a bundle its deliveries, also where they were given up before. The deliveries
-- that waited for it become due. One row comes back for each of these, or one row with a null id if there are none;
-- no row if the delivery was sent before. A null :message_id means that the message was deleted before its id was
-- known.
WITH sent AS (
    UPDATE deliveries
       SET status = 'sent', finished_at = now(), channel_id = :channel_id, message_id = :message_id,
           error = NULL, http_status = NULL
     WHERE id = :delivery_id AND status <> 'sent'
    RETURNING id, key
), bundled AS (
    UPDATE deliveries
       SET status = 'sent', finished_at = now(), channel_id = :channel_id, message_id = :message_id,
           error = NULL, http_status = NULL
      FROM sent
     WHERE bundle_id = sent.id AND status IN ('sending', 'failed')
), released AS (
    UPDATE deliveries
       SET next_try_at = now()
      FROM sent
     WHERE after_key = sent.key AND status = 'pending'
    RETURNING deliveries.id
)
SELECT released.id FROM sent LEFT JOIN released ON true;

-- name: finish_failed
-- Gives up an unfinished delivery.
UPDATE deliveries
   SET status = 'failed', finished_at = now(), error = :error, http_status = :http_status
 WHERE id = :delivery_id AND status IN ('pending', 'sending')
RETURNING id, key;

-- name: cancel_delivery
-- Cancels an unfinished delivery, unless a bundle sends it.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = :delivery_id AND status IN ('pending', 'sending') AND bundle_id IS NULL
RETURNING id, key;

-- name: cancel_posts
-- Cancels the pending deliveries of an incident that are not DMs.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE incident_id = :incident_id AND target NOT LIKE 'person:%' AND target NOT LIKE 'user:%' AND status = 'pending'
RETURNING id, key;

-- name: tell_thread_deleted
-- Makes the notices about an incident's old thread say who deleted it, and when. The first deletion that was recorded
-- stays.
UPDATE deliveries
   SET data = data || jsonb_build_object('deleted_by', :deleted_by::text, 'deleted_at', now()), shown_version = 0
 WHERE incident_id = :incident_id AND kind = 'notice' AND data ->> 'thread' = :thread_id::text
   AND NOT data ? 'deleted_by';

-- name: delivery_nonces
-- Returns the nonces of all deliveries of an incident, oldest first. Rows of the DLQ are found by them, and not only
-- failed deliveries have such a row: so have deliveries that were emailed during an outage and messages that
-- mentioned nobody.
SELECT nonce FROM deliveries WHERE incident_id = :incident_id ORDER BY id;

-- name: naming_nonces
-- Returns the nonces of failed deliveries outside this incident whose body may name it: deliveries of no incident
-- since it started (a morning list, a handover, a digest), and other incidents' deliveries from the same bundle. An
-- earlier version kept the bundle's body in these when the bundle was given up.
SELECT owed.nonce
  FROM incidents
  JOIN deliveries AS owed ON owed.guild_id = incidents.guild_id AND owed.created_at >= incidents.started_at
 WHERE incidents.id = :incident_id AND owed.incident_id IS NULL AND owed.status = 'failed'
UNION
SELECT other.nonce
  FROM deliveries AS own
  JOIN deliveries AS other ON other.bundle_id = own.bundle_id
 WHERE own.incident_id = :incident_id AND other.incident_id <> :incident_id AND other.request -> 'body' <> '{}'
 ORDER BY nonce;

-- name: cancel_waiting
-- Cancels the pending deliveries that wait, directly or through others, for those of :ended_keys that failed or were
-- cancelled. There may be thousands of keys, so each is looked up by itself, whatever the planner estimates.
WITH RECURSIVE obsolete AS (
    SELECT owed.id, owed.key
      FROM unnest(:ended_keys::text[]) AS ended (key)
     CROSS JOIN LATERAL (
           SELECT id, key
             FROM deliveries
            WHERE after_key = ended.key AND status = 'pending'
              AND EXISTS (SELECT FROM deliveries AS first
                           WHERE first.key = ended.key AND first.status IN ('failed', 'cancelled'))
           OFFSET 0) AS owed
    UNION
    SELECT owed.id, owed.key
      FROM obsolete
     CROSS JOIN LATERAL (
           SELECT id, key FROM deliveries WHERE after_key = obsolete.key AND status = 'pending'
           OFFSET 0) AS owed
)
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = ANY (ARRAY(SELECT id FROM obsolete)) AND status = 'pending';

-- name: retry_later
-- Keeps an unfinished delivery for another attempt, and counts the failed one.
UPDATE deliveries
   SET attempts = attempts + 1, error = :error, http_status = :http_status, next_try_at = now() + :delay::interval
 WHERE id = :delivery_id AND status IN ('pending', 'sending');

-- name: hold_delivery
-- Keeps an unfinished delivery until Discord is back, without counting an attempt. `is_news` is true if it was not
-- held before.
UPDATE deliveries AS owed
   SET held_at = coalesce(owed.held_at, now()),
       error = coalesce(:error, owed.error), http_status = coalesce(:http_status, owed.http_status),
       next_try_at = now() + :delay::interval
  FROM deliveries AS before
 WHERE owed.id = :delivery_id AND before.id = :delivery_id AND owed.status IN ('pending', 'sending')
RETURNING before.held_at IS NULL AS is_news;

-- name: overtaken
-- Finds a later delivery of the same kind to the same target about the same incident that was not cancelled.
SELECT later.id
  FROM deliveries AS owed
  JOIN deliveries AS later
    ON later.incident_id = owed.incident_id AND later.kind = owed.kind AND later.target = owed.target
 WHERE owed.id = :delivery_id AND later.id > owed.id AND later.status <> 'cancelled'
 LIMIT 1;

-- name: behind
-- Finds an earlier delivery of the same kind, or the alert, for the same target that an outage still holds back.
SELECT earlier.id
  FROM deliveries AS owed
  JOIN deliveries AS earlier
    ON earlier.incident_id = owed.incident_id AND earlier.target = owed.target
   AND earlier.kind IN (owed.kind, 'alert')
 WHERE owed.id = :delivery_id AND earlier.id < owed.id
   AND earlier.held_at IS NOT NULL AND earlier.status IN ('pending', 'sending')
 LIMIT 1;

-- name: in_line
-- Finds an earlier unfinished delivery of the same kind for the same target, during the first :patience after this
-- delivery was stored. An earlier delivery that was tried three times does not count.
SELECT earlier.id
  FROM deliveries AS owed
  JOIN deliveries AS earlier
    ON earlier.incident_id = owed.incident_id AND earlier.kind = owed.kind AND earlier.target = owed.target
 WHERE owed.id = :delivery_id AND owed.created_at > now() - :patience::interval
   AND earlier.id < owed.id AND earlier.attempts < 3 AND earlier.status IN ('pending', 'sending')
 LIMIT 1;

-- name: held_deliveries
-- Counts the messages that wait for Discord to be back.
SELECT count(*) AS held
  FROM deliveries
 WHERE held_at IS NOT NULL AND status IN ('pending', 'sending') AND bundle_id IS NULL;

-- name: mark_emailed
-- Records that an email in place of the delivery was accepted for :emailed_to. :is_done means that no recipient is
-- left; the first such time stays.
UPDATE deliveries
   SET emailed_to = ARRAY(SELECT unnest(emailed_to) UNION SELECT unnest(:emailed_to::text[]) ORDER BY 1),
       emailed_at = CASE WHEN :is_done THEN coalesce(emailed_at, now()) ELSE emailed_at END
 WHERE id = :delivery_id;

-- name: set_shown
-- Records that these posts show this version of their incident. The version never decreases.
UPDATE deliveries SET shown_version = greatest(shown_version, :version) WHERE id = ANY (:delivery_ids::bigint[]);

-- name: origins
-- Returns the deliveries of a guild that were stored or first tried at exactly :at, the moment that an entry of the
-- DLQ keeps.
SELECT nonce, incident_id, channel_id, message_id
  FROM deliveries
 WHERE guild_id = :guild_id AND :at IN (created_at, first_sent_at);
