-- name: replay
-- Returns the replay of an entry, with the place of the message once it was sent.
SELECT coalesce(entry, entry_id::text) AS entry_id, requested_by_id, requested_by_name, requested_at, channel,
       deliveries.channel_id, deliveries.message_id,
       CASE WHEN deliveries.status = 'failed' THEN deliveries.error END AS error
  FROM dlq_replays
  LEFT JOIN deliveries ON deliveries.key = delivery_key
 WHERE entry_id = :key;

-- name: origins
-- Returns the deliveries of a guild that were stored or first tried within a second of :at, the moment that an entry of
-- the DLQ keeps, perhaps without the fraction.
SELECT nonce, incident_id, channel_id, message_id
  FROM deliveries
 WHERE guild_id = :guild_id
   AND (created_at BETWEEN :at::timestamptz - interval '1 s' AND :at::timestamptz + interval '1 s'
        OR first_sent_at BETWEEN :at::timestamptz - interval '1 s' AND :at::timestamptz + interval '1 s');

-- name: private_origins
-- Returns the deliveries of private incidents that were stored or first tried from :since to :until, within a second.
SELECT deliveries.nonce, deliveries.incident_id, deliveries.channel_id, deliveries.message_id
  FROM incidents
  JOIN deliveries ON deliveries.incident_id = incidents.id
 WHERE incidents.guild_id = :guild_id AND incidents.is_private
   AND (deliveries.created_at BETWEEN :since::timestamptz - interval '1 s' AND :until::timestamptz + interval '1 s'
        OR deliveries.first_sent_at BETWEEN :since::timestamptz - interval '1 s'
                                        AND :until::timestamptz + interval '1 s');

-- name: claim_replay
-- Reserves the one replay of an entry. No row comes back if it was reserved before, unless that replay has failed.
INSERT INTO dlq_replays (entry_id, entry, guild_id, channel, requested_by_id, requested_by_name, requested_at,
                         delivery_key)
VALUES (:key, :entry_id, :guild_id, :channel, :by_id, :by_name, now(), :delivery_key)
ON CONFLICT (entry_id) DO UPDATE
   SET requested_by_id = excluded.requested_by_id, requested_by_name = excluded.requested_by_name,
       requested_at = excluded.requested_at, delivery_key = excluded.delivery_key
 WHERE EXISTS (SELECT FROM deliveries
                WHERE deliveries.key = dlq_replays.delivery_key AND deliveries.status = 'failed')
RETURNING entry_id;
