-- name: replay
-- Returns the replay of an entry, with the place of the message once it was sent.
SELECT dlq_replays.*, deliveries.channel_id, deliveries.message_id,
       CASE WHEN deliveries.status = 'failed' THEN deliveries.error END AS error
  FROM dlq_replays
  LEFT JOIN deliveries ON deliveries.key = delivery_key
 WHERE entry_id = :entry_id;

-- name: origins
-- Returns the deliveries of a guild that were stored or first tried at exactly :at, the moment that an entry of the
-- DLQ keeps.
SELECT nonce, incident_id, channel_id, message_id
  FROM deliveries
 WHERE guild_id = :guild_id AND :at IN (created_at, first_sent_at);

-- name: claim_replay
-- Reserves the one replay of an entry. No row comes back if it was reserved before, unless that replay has failed.
INSERT INTO dlq_replays (entry_id, guild_id, channel, requested_by_id, requested_by_name, requested_at,
                         delivery_key)
VALUES (:entry_id, :guild_id, :channel, :by_id, :by_name, now(), :delivery_key)
ON CONFLICT (entry_id) DO UPDATE
   SET requested_by_id = excluded.requested_by_id, requested_by_name = excluded.requested_by_name,
       requested_at = excluded.requested_at, delivery_key = excluded.delivery_key
 WHERE EXISTS (SELECT FROM deliveries
                WHERE deliveries.key = dlq_replays.delivery_key AND deliveries.status = 'failed')
RETURNING entry_id;
