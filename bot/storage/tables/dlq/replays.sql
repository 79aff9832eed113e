-- name: replays
-- Returns the replays of entries, each with the place of its message once that was sent.
SELECT coalesce(entry, entry_id::text) AS entry_id, requested_by_id, requested_by_name, requested_at, channel,
       deliveries.channel_id, deliveries.message_id,
       CASE WHEN deliveries.status = 'failed' THEN deliveries.error END AS error,
       CASE WHEN deliveries.status = 'failed' THEN deliveries.http_status END AS http_status
  FROM dlq_replays
  LEFT JOIN deliveries ON deliveries.key = delivery_key
 WHERE entry_id = ANY (:keys::uuid[]);

-- name: origins
-- Returns the deliveries of a guild that were stored or first tried within a second of one of :times, the moments that
-- entries of the DLQ keep, perhaps without the fraction.
SELECT nonce, incident_id, channel_id, message_id
  FROM deliveries
 WHERE guild_id = :guild_id
   AND EXISTS (
       SELECT
         FROM unnest(:times::timestamptz[]) AS at
        WHERE created_at BETWEEN at - interval '1 s' AND at + interval '1 s'
           OR first_sent_at BETWEEN at - interval '1 s' AND at + interval '1 s');

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
       requested_at = excluded.requested_at, channel = excluded.channel, delivery_key = excluded.delivery_key
 WHERE EXISTS (SELECT FROM deliveries
                WHERE deliveries.key = dlq_replays.delivery_key AND deliveries.status = 'failed')
RETURNING entry_id;

-- name: claim_batch
-- Reserves the one replay of each entry of a batch that waits, given the key of each as a JSON array. An entry is
-- skipped if its replay was reserved before, unless that has failed and has not perhaps arrived (:unknown).
WITH claimed AS (
    INSERT INTO dlq_replays (entry_id, entry, guild_id, channel, requested_by_id, requested_by_name, requested_at,
                             delivery_key)
    SELECT wanted.key, entry.entry_id, :guild_id, coalesce(:channel, entry.channel), :by_id, :by_name, now(),
           entry.delivery_key
      FROM replay_batch_entries AS entry
      JOIN jsonb_to_recordset(:keys) AS wanted (position integer, key uuid) USING (position)
     WHERE entry.batch_id = :batch_id AND entry.state = 'waiting'
     ORDER BY wanted.key
    ON CONFLICT (entry_id) DO UPDATE
       SET requested_by_id = excluded.requested_by_id, requested_by_name = excluded.requested_by_name,
           requested_at = excluded.requested_at, channel = excluded.channel, delivery_key = excluded.delivery_key
     WHERE EXISTS (SELECT FROM deliveries
                    WHERE deliveries.key = dlq_replays.delivery_key AND deliveries.status = 'failed'
                      AND NOT starts_with(coalesce(deliveries.error, ''), :unknown))
    RETURNING delivery_key
)
UPDATE replay_batch_entries
   SET state = 'skipped', skip = 'replayed'
 WHERE batch_id = :batch_id AND state = 'waiting' AND delivery_key NOT IN (SELECT delivery_key FROM claimed);
