-- The queries of replays, batches, ended webhooks, kept views and the watch. The table of undelivered notifications
-- itself belongs to another program: bot/storage/dlq reads it by the names of the policy.

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

-- name: sent_late
-- Returns the nonces of deliveries as `origins` does, of those alone that an outage held back and that were sent later.
SELECT nonce
  FROM deliveries
 WHERE guild_id = :guild_id AND held_at IS NOT NULL AND status = 'sent'
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

-- name: remember_dlq_views
-- Keeps the views of :states, an array of objects, each under its token; those not used for a month are deleted.
WITH gone AS (DELETE FROM dlq_views WHERE used_at < now() - interval '30 days')
INSERT INTO dlq_views (guild_id, token, state)
SELECT :guild_id, one.token, one.state
  FROM jsonb_to_recordset(:states::jsonb) AS one (token text, state text)
    ON CONFLICT (guild_id, token) DO UPDATE SET used_at = now();

-- name: dlq_view
-- Returns the state that is kept under a token, and keeps it for another month.
UPDATE dlq_views
   SET used_at = now()
 WHERE guild_id = :guild_id AND token = :token AND used_at >= now() - interval '30 days'
RETURNING state;

-- name: dlq_watch
-- Returns how far a guild's watch over the DLQ has looked.
SELECT looked_at, deep_at FROM dlq_watches WHERE guild_id = :guild_id;

-- name: lock_dlq_watch
-- Locks a guild's watch over the DLQ.
SELECT guild_id FROM dlq_watches WHERE guild_id = :guild_id FOR UPDATE;

-- name: begin_dlq_watch
-- Begins a guild's watch over the DLQ, once.
INSERT INTO dlq_watches (guild_id) VALUES (:guild_id) ON CONFLICT DO NOTHING RETURNING guild_id;

-- name: end_dlq_watch
-- Ends a guild's watch over the DLQ, and forgets what it has seen.
WITH ended AS (DELETE FROM dlq_watches WHERE guild_id = :guild_id)
DELETE FROM dlq_seen WHERE guild_id = :guild_id;

-- name: unseen_failures
-- Returns those of :entry_ids that a guild's watch has not seen.
SELECT entry_id
  FROM unnest(:entry_ids::text[]) AS entry_id
 WHERE NOT EXISTS (SELECT FROM dlq_seen WHERE dlq_seen.guild_id = :guild_id AND dlq_seen.entry_id = entry_id.entry_id);

-- name: note_seen
-- Records failures as seen, given as a JSON array, and returns those that had not been.
INSERT INTO dlq_seen (guild_id, entry_id, attempted_at)
SELECT :guild_id, id, attempted_at
  FROM jsonb_to_recordset(:failures) AS (id text, attempted_at timestamptz)
 ORDER BY id
ON CONFLICT DO NOTHING
RETURNING entry_id;

-- name: move_dlq_watch
-- Records how far a guild's watch has looked. A deep look forgets failures that are older than :forgotten.
WITH moved AS (
    UPDATE dlq_watches
       SET looked_at = greatest(looked_at, :at), deep_at = CASE WHEN :is_deep THEN greatest(deep_at, :at) ELSE deep_at END
     WHERE guild_id = :guild_id
)
DELETE FROM dlq_seen WHERE :is_deep AND guild_id = :guild_id AND attempted_at < :forgotten;

-- name: dlq_burst
-- Returns a burst of failures.
SELECT * FROM dlq_bursts WHERE id = :burst_id;

-- name: latest_burst
-- Returns the burst of a guild that was opened last.
SELECT * FROM dlq_bursts WHERE guild_id = :guild_id ORDER BY opened_at DESC, id DESC LIMIT 1;

-- name: open_burst
-- Opens a burst of failures and returns it.
INSERT INTO dlq_bursts (guild_id, count, shown) VALUES (:guild_id, :count, :shown) RETURNING *;

-- name: grow_burst
-- Sets how many failures a burst has, and which it lists.
UPDATE dlq_bursts SET count = :count, shown = :shown WHERE id = :burst_id;

-- name: count_in_burst
-- Records which burst tells of failures that were seen.
UPDATE dlq_seen SET burst_id = :burst_id WHERE guild_id = :guild_id AND entry_id = ANY (:entry_ids::text[]);

-- name: unfinished_bursts
-- Returns the bursts of a guild in the last day of which not all failures have arrived, each with its failures.
SELECT dlq_bursts.*,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', seen.entry_id, 'attempted_at', seen.attempted_at)), '[]')
          FROM dlq_seen AS seen
         WHERE seen.burst_id = dlq_bursts.id) AS failures
  FROM dlq_bursts
 WHERE guild_id = :guild_id AND opened_at > now() - interval '1 day' AND jsonb_array_length(arrived) < count
 ORDER BY id;

-- name: note_arrived
-- Records which failures of a burst have arrived. A row comes back if that is news.
UPDATE dlq_bursts SET arrived = :arrived WHERE id = :burst_id AND arrived <> :arrived RETURNING id;

-- name: lost_replay_jobs
-- Returns the jobs of batches of replays that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'replay_batch' AS job, 'replay_batch:' || guild_id || ':' || id AS key, next_at AS due_at, guild_id
          FROM replay_batches) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;
