-- name: delivery
-- One delivery, with the place of the one it waited for.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = :delivery_id;

-- name: delivery_by_key
-- One delivery by its key, with the place of the one it waited for.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.key = :key;

-- name: deliveries
-- Several deliveries, oldest first.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = ANY (:delivery_ids::bigint[])
 ORDER BY owed.id;

-- name: posts
-- The sent deliveries of an incident, in the order in which they were sent, but those that were deleted at once.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.incident_id = :incident_id AND owed.status = 'sent' AND owed.message_id IS NOT NULL
 ORDER BY owed.finished_at, owed.id;

-- name: pages
-- The DMs that an incident owed, whatever became of them, oldest first.
SELECT owed.*, NULL::bigint AS after_channel_id, NULL::bigint AS after_message_id
  FROM deliveries AS owed
 WHERE owed.incident_id = :incident_id AND owed.kind = 'page'
 ORDER BY owed.id;

-- name: lock_incident_of_delivery
-- Locks the incident that a delivery belongs to, if it belongs to one; of a bundle those that it tells of.
SELECT id FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: lock_incidents
-- Locks incidents, always in the same order.
SELECT id FROM incidents WHERE id = ANY (:incident_ids::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: hold_deliveries
-- Keeps deliveries as they are until the commit: none of them is sent or given up meanwhile.
SELECT key, status FROM deliveries WHERE key = ANY (:keys::text[]) ORDER BY id FOR SHARE;

-- name: insert_deliveries
-- Stores what is owed, given as a JSON array, in its order. A known key is skipped. The nonce is that of
-- `bot.domain.installation.nonce_of`. With a bundle, :bundle_id, nobody but the bundle sends it: the version before this one,
-- which knows of no bundles, sees it waiting for ever.
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
-- Those of :delivery_ids that wait for nothing, or for something that has been sent, in the order they were stored.
SELECT owed.id, owed.priority, owed.guild_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.id = ANY (:delivery_ids::bigint[])
   AND owed.status = 'pending'
   AND (owed.after_key IS NULL OR first.status = 'sent')
 ORDER BY owed.id;

-- name: claim_delivery
-- Locks a delivery that is not finished, and what `lock_incident_of_delivery` locks before it; with the transaction's
-- time. No row comes back when it is finished, or when a bundle tells of it.
WITH locked AS MATERIALIZED (
    SELECT id FROM incidents
     WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
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
-- Marks it as sending, as it comes back; the first request, its version and its time stay, unless it is late (:is_late) and
-- says so. :is_quiet: an alert that does not ring any more. No row comes back when it is finished. Of a bundle, what is left
-- of its deliveries is about to be sent with it: to whom, they know; what, it knows.
WITH locked AS MATERIALIZED (
    SELECT id FROM incidents
     WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
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
-- Marks it as sent once, and of a bundle its deliveries, which are where it is: no row comes back when it was. One that
-- was given up is there after all. What waited for it need not wait any longer: a row for each, or one without a number.
-- Without a message :message_id it was posted, and deleted before its id was known.
WITH sent AS (
    UPDATE deliveries
       SET status = 'sent', finished_at = now(), channel_id = :channel_id, message_id = :message_id,
           error = NULL, http_status = NULL
     WHERE id = :delivery_id AND status <> 'sent'
    RETURNING id, key
), bundled AS (
    UPDATE deliveries
       SET status = 'sent', finished_at = now(), channel_id = :channel_id, message_id = :message_id, error = NULL, http_status = NULL
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
-- Gives an unfinished delivery up.
UPDATE deliveries
   SET status = 'failed', finished_at = now(), error = :error, http_status = :http_status
 WHERE id = :delivery_id AND status IN ('pending', 'sending')
RETURNING id, key;

-- name: cancel_delivery
-- Cancels an unfinished delivery; one that a bundle tells of is the bundle's.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = :delivery_id AND status IN ('pending', 'sending') AND bundle_id IS NULL
RETURNING id, key;

-- name: cancel_posts
-- Cancels the deliveries of an incident that are no DMs and that nobody has begun to send.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE incident_id = :incident_id AND target NOT LIKE 'person:%' AND target NOT LIKE 'user:%' AND status = 'pending'
RETURNING id, key;

-- name: tell_thread_deleted
-- The notices about an old thread (:thread_id) of an incident are to say who deleted it, and when; the first time stays.
UPDATE deliveries
   SET data = data || jsonb_build_object('deleted_by', :deleted_by::text, 'deleted_at', now()), shown_version = 0
 WHERE incident_id = :incident_id AND kind = 'notice' AND data ->> 'thread' = :thread_id::text AND NOT data ? 'deleted_by';

-- name: delivery_nonces
-- The nonces of an incident's deliveries, oldest first. Not only what was given up has a row in the DLQ: what an outage
-- held back and mailed has one as well, and what was posted and rang nobody.
SELECT nonce FROM deliveries WHERE incident_id = :incident_id ORDER BY id;

-- name: naming_nonces
-- The nonces of failed deliveries that are not this incident's, and whose body may name it: what belongs to no incident
-- and was owed since it began (a morning's list, a handover, a digest), and those of other incidents that keep the body of
-- a bundle that told of this one, too: the version before this one kept it when a bundle was given up.
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
-- Cancels what waits, directly or through others, for those of :ended_keys that were given up.
-- :ended_keys may be thousands: each key is looked up by itself, whatever the planner believes.
WITH RECURSIVE moot AS (
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
      FROM moot
     CROSS JOIN LATERAL (
           SELECT id, key FROM deliveries WHERE after_key = moot.key AND status = 'pending'
           OFFSET 0) AS owed
)
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = ANY (ARRAY(SELECT id FROM moot)) AND status = 'pending';

-- name: retry_later
-- Keeps an unfinished delivery for another attempt, and counts the one that failed.
UPDATE deliveries
   SET attempts = attempts + 1, error = :error, http_status = :http_status, next_try_at = now() + :delay::interval
 WHERE id = :delivery_id AND status IN ('pending', 'sending');

-- name: hold_delivery
-- Keeps an unfinished delivery until Discord is back, which counts as no attempt; says whether that is news.
UPDATE deliveries AS owed
   SET held_at = coalesce(owed.held_at, now()),
       error = coalesce(:error, owed.error), http_status = coalesce(:http_status, owed.http_status),
       next_try_at = now() + :delay::interval
  FROM deliveries AS before
 WHERE owed.id = :delivery_id AND before.id = :delivery_id AND owed.status IN ('pending', 'sending')
RETURNING before.held_at IS NULL AS is_news;

-- name: overtaken
-- A later delivery of the same kind to the same people about the same incident, unless that was cancelled.
SELECT later.id
  FROM deliveries AS owed
  JOIN deliveries AS later
    ON later.incident_id = owed.incident_id AND later.kind = owed.kind AND later.target = owed.target
 WHERE owed.id = :delivery_id AND later.id > owed.id AND later.status <> 'cancelled'
 LIMIT 1;

-- name: behind
-- An earlier delivery of the same kind, or the alert, for the same place that an outage still holds back.
SELECT earlier.id
  FROM deliveries AS owed
  JOIN deliveries AS earlier
    ON earlier.incident_id = owed.incident_id AND earlier.target = owed.target
   AND earlier.kind IN (owed.kind, 'alert')
 WHERE owed.id = :delivery_id AND earlier.id < owed.id
   AND earlier.held_at IS NOT NULL AND earlier.status IN ('pending', 'sending')
 LIMIT 1;

-- name: in_line
-- An earlier delivery of the same kind for the same place that is on its way, while :patience has not passed since this one
-- was owed. One that was tried three times holds up nobody.
SELECT earlier.id
  FROM deliveries AS owed
  JOIN deliveries AS earlier
    ON earlier.incident_id = owed.incident_id AND earlier.kind = owed.kind AND earlier.target = owed.target
 WHERE owed.id = :delivery_id AND owed.created_at > now() - :patience::interval
   AND earlier.id < owed.id AND earlier.attempts < 3 AND earlier.status IN ('pending', 'sending')
 LIMIT 1;

-- name: held_deliveries
-- How many messages wait for Discord to be back.
SELECT count(*) AS held
  FROM deliveries
 WHERE held_at IS NOT NULL AND status IN ('pending', 'sending') AND bundle_id IS NULL;

-- name: mark_emailed
-- The email in its place was accepted for :emailed_to; :is_done: nobody is left. The first time stays.
UPDATE deliveries
   SET emailed_to = ARRAY(SELECT unnest(emailed_to) UNION SELECT unnest(:emailed_to::text[]) ORDER BY 1),
       emailed_at = CASE WHEN :is_done THEN coalesce(emailed_at, now()) ELSE emailed_at END
 WHERE id = :delivery_id;

-- name: set_shown
-- These posts show this version of their incident; never lowers it.
UPDATE deliveries SET shown_version = greatest(shown_version, :version) WHERE id = ANY (:delivery_ids::bigint[]);

-- name: origins
-- The deliveries of a guild owed or first tried at exactly :at: an entry of the DLQ keeps that moment.
SELECT nonce, incident_id, channel_id, message_id
  FROM deliveries
 WHERE guild_id = :guild_id AND :at IN (created_at, first_sent_at);
