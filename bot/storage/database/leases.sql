-- name: seed_leases
-- Adds a free lease for each of :shard_count shards that has none.
INSERT INTO shard_leases (shard_count, shard_id)
SELECT :shard_count::integer, generate_series(0, :shard_count::integer - 1)
ON CONFLICT DO NOTHING;

-- name: prune_instances
-- Deletes processes that have not been seen for a day.
DELETE FROM instances WHERE seen_at < clock_timestamp() - interval '1 day';

-- name: end_silent
-- Ends the open transactions of the other processes that have not been seen for :silent_s seconds, because a stopped
-- process would keep its row locks. The server's own time-out for idle transactions misses a process that was stopped
-- between the parts of one statement. :instance_id is the process that asks.
SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity AS held
  JOIN instances ON held.application_name = 'incident-bot ' || instances.id
 WHERE instances.id <> :instance_id
   AND instances.seen_at < clock_timestamp() - make_interval(secs => :silent_s)
   AND held.datname = current_database()
   AND held.xact_start IS NOT NULL
   AND held.state_change < clock_timestamp() - interval '1 second';

-- name: beat_instance
-- Records that process :instance_id is alive, and renews for :lease_s seconds those of the given leases that it still
-- owns. The renewed leases come back. :shard_ids, :shard_counts and :tokens describe the leases, one array element
-- each.
WITH seen AS (
    INSERT INTO instances (id, host, version, shard_count)
    VALUES (:instance_id, :host, :version, :shard_count)
    ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()
)
UPDATE shard_leases AS lease
   SET expires_at = clock_timestamp() + make_interval(secs => :lease_s)
  FROM unnest(:shard_ids::integer[], :shard_counts::integer[], :tokens::bigint[]) AS held (shard_id, shard_count, token)
 WHERE lease.shard_id = held.shard_id
   AND lease.shard_count = held.shard_count
   AND lease.token = held.token
   AND lease.owner = :instance_id
RETURNING lease.shard_id, lease.shard_count, lease.token;

-- name: leases
-- Returns every lease with the seconds until it expires.
SELECT shard_id, shard_count, owner, token, failovers,
       extract(epoch FROM expires_at - clock_timestamp())::float8 AS left_s
  FROM shard_leases
 ORDER BY shard_count, shard_id;

-- name: seen_instances
-- Returns the processes that were seen within the last :within_s seconds, oldest first.
SELECT id, host, version, shard_count
  FROM instances
 WHERE seen_at > clock_timestamp() - make_interval(secs => :within_s)
 ORDER BY started_at, id;

-- name: take_lease
-- Gives a shard's lease to process :instance_id for :lease_s seconds. No row comes back if another process holds it.
-- A lease with more than :lease_s seconds left does not count as held: it dates from before the clock was set back.
UPDATE shard_leases
   SET owner = :instance_id,
       token = token + 1,
       expires_at = clock_timestamp() + make_interval(secs => :lease_s),
       failovers = failovers + (owner IS NOT NULL)::integer
 WHERE shard_id = :shard_id
   AND shard_count = :shard_count
   AND (owner IS NULL
        OR expires_at <= clock_timestamp()
        OR expires_at > clock_timestamp() + make_interval(secs => :lease_s))
RETURNING token;

-- name: release_leases
-- Frees those of the given leases that process :instance_id still owns. :shard_ids, :shard_counts and :tokens
-- describe the leases, one array element each.
UPDATE shard_leases AS lease
   SET owner = NULL, expires_at = clock_timestamp()
  FROM unnest(:shard_ids::integer[], :shard_counts::integer[], :tokens::bigint[]) AS held (shard_id, shard_count, token)
 WHERE lease.shard_id = held.shard_id
   AND lease.shard_count = held.shard_count
   AND lease.token = held.token
   AND lease.owner = :instance_id;

-- name: forget_instance
-- Deletes a process that has ended.
DELETE FROM instances WHERE id = :instance_id;

-- name: count_identify
-- Records that a session at Discord's gateway is about to start.
INSERT INTO identifies (shard_id, shard_count, instance_id) VALUES (:shard_id, :shard_count, :instance_id);

-- name: prune_identifies
-- Deletes the starts of sessions that no limit counts any more.
DELETE FROM identifies WHERE at < clock_timestamp() - interval '25 hours';

-- name: identifies
-- Returns how many sessions were started within 24 hours, and the seconds since the last start: of all shards, and of
-- the shards in the bucket of shard :shard_id. There are :concurrency buckets.
SELECT count(*)::integer AS used,
       extract(epoch FROM clock_timestamp() - max(at))::float8 AS since_last_s,
       extract(epoch FROM clock_timestamp() - max(at) FILTER (
           WHERE shard_id % :concurrency::integer = :shard_id::integer % :concurrency::integer
       ))::float8 AS since_bucket_s
  FROM identifies
 WHERE at > clock_timestamp() - interval '24 hours';
