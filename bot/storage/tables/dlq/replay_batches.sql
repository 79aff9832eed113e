-- name: insert_batch
-- Stores the preview of a batch and returns its number. Previews that no person has confirmed for a day are deleted.
WITH forgotten AS (
    DELETE FROM replay_batches
     WHERE guild_id = :guild_id AND state = 'previewed' AND requested_at < now() - interval '1 day'
)
INSERT INTO replay_batches (guild_id, via, channel, keeps_mentions, requested_by_id, requested_by_name)
VALUES (:guild_id, :via, :channel, :keeps_mentions, :by_id, :by_name)
RETURNING id;

-- name: insert_batch_entries
-- Stores the entries of a batch, given as a JSON array, in its order.
INSERT INTO replay_batch_entries (batch_id, position, entry_id, channel, state, skip, delivery_key)
SELECT :batch_id, position, entry_id, channel, state, skip, delivery_key
  FROM jsonb_to_recordset(:entries)
    AS (position integer, entry_id text, channel text, state text, skip text, delivery_key text);

-- name: replay_batch
-- Returns a batch of a guild.
SELECT * FROM replay_batches WHERE id = :batch_id AND guild_id = :guild_id;

-- name: lock_replay_batch
-- Locks and returns a batch, with the number of batches that run in its guild.
SELECT replay_batches.*,
       (SELECT count(*)::integer
          FROM replay_batches AS other
         WHERE other.guild_id = :guild_id AND other.state = 'running' AND other.stopped_at IS NULL) AS running
  FROM replay_batches
 WHERE id = :batch_id AND guild_id = :guild_id
   FOR UPDATE;

-- name: batch_entries
-- Returns the entries of a batch in their order, each with the state of the delivery that sends it.
SELECT entry.position, entry.entry_id, entry.channel, entry.state, entry.skip, entry.delivery_key,
       deliveries.status, deliveries.error, deliveries.http_status, deliveries.channel_id, deliveries.message_id
  FROM replay_batch_entries AS entry
  LEFT JOIN deliveries ON deliveries.key = entry.delivery_key
 WHERE entry.batch_id = :batch_id
 ORDER BY entry.position;

-- name: begin_batch
-- Starts a batch, once.
UPDATE replay_batches
   SET state = 'running', started_at = now(), next_at = now()
 WHERE id = :batch_id AND guild_id = :guild_id AND state = 'previewed'
RETURNING id;

-- name: move_batch
-- Sets when the job of a batch looks again.
UPDATE replay_batches SET next_at = now() + :after::interval WHERE id = :batch_id AND state = 'running';

-- name: queue_entry
-- Marks an entry as handed to its delivery.
UPDATE replay_batch_entries SET state = 'queued' WHERE batch_id = :batch_id AND position = :position;

-- name: skip_entry
-- Leaves out an entry of a batch, and gives back what was reserved for it.
WITH skipped AS (
    UPDATE replay_batch_entries
       SET state = 'skipped', skip = :skip
     WHERE batch_id = :batch_id AND position = :position AND state = 'waiting'
    RETURNING delivery_key
)
DELETE FROM dlq_replays USING skipped WHERE dlq_replays.delivery_key = skipped.delivery_key;

-- name: stop_batch
-- Stops a batch. One row comes back for each delivery that had not been begun and is cancelled, or one with a null id
-- if there are none; no row if the batch does not run or was stopped before. What was not sent is given back.
WITH stopped AS (
    UPDATE replay_batches
       SET stopped_at = now(), stopped_by_name = :by_name, next_at = now()
     WHERE id = :batch_id AND guild_id = :guild_id AND state = 'running' AND stopped_at IS NULL
    RETURNING id
), cancelled AS (
    UPDATE deliveries
       SET status = 'cancelled', finished_at = now()
      FROM stopped
      JOIN replay_batch_entries AS entry ON entry.batch_id = stopped.id AND entry.state = 'queued'
     WHERE deliveries.key = entry.delivery_key AND deliveries.status = 'pending'
    RETURNING deliveries.id, deliveries.key
), returned AS (
    UPDATE replay_batch_entries AS entry
       SET state = 'returned'
      FROM stopped
     WHERE entry.batch_id = stopped.id
       AND (entry.state = 'waiting' OR entry.delivery_key IN (SELECT key FROM cancelled))
    RETURNING entry.delivery_key
), given_back AS (
    DELETE FROM dlq_replays USING returned WHERE dlq_replays.delivery_key = returned.delivery_key
)
SELECT cancelled.id FROM stopped LEFT JOIN cancelled ON true;

-- name: end_batch
-- Ends a batch of which nothing waits or is under way.
UPDATE replay_batches
   SET state = 'ended', ended_at = now(), next_at = NULL
 WHERE id = :batch_id AND state = 'running'
RETURNING id;

-- name: end_webhook
-- Records that a webhook is gone; the first time stays.
INSERT INTO ended_webhooks (guild_id, webhook_id, channel) VALUES (:guild_id, :webhook_id, :channel)
ON CONFLICT DO NOTHING;

-- name: ended_webhooks
-- Returns the webhooks of a guild that are gone.
SELECT webhook_id FROM ended_webhooks WHERE guild_id = :guild_id;
