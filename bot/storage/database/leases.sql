-- name: seed_leases
-- A free lease for each of :shard_count shards that has none yet.
INSERT INTO shard_leases (shard_count, shard_id)
SELECT :shard_count::integer, generate_series(0, :shard_count::integer - 1)
ON CONFLICT DO NOTHING;

-- name: prune_instances
-- Forgets processes that ended without a word, after a day.
DELETE FROM instances WHERE seen_at < clock_timestamp() - interval '1 day';

-- name: end_silent
-- Ends the transactions of processes that nobody has heard of for :silent_s seconds: one that is stopped would keep its row
-- locks. The server's own time-out for idle transactions does not see one that was stopped between the parts of a
-- statement. :instance_id: the one that asks.
SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity AS held
  JOIN instances ON held.application_name = 'incident-bot ' || instances.id
 WHERE instances.id <> :instance_id
   AND instances.seen_at < clock_timestamp() - make_interval(secs => :silent_s)
   AND held.datname = current_database()
   AND held.xact_start IS NOT NULL
   AND held.state_change < clock_timestamp() - interval '1 second';

-- name: beat_instance
-- A process :instance_id is there, on the host :host with the version :version and so many shards, :shard_count; it renews those of the leases
-- (:shard_ids ids, :shard_counts counts, :tokens tokens) that are still its own, for :lease_s seconds, and says which.
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
-- Every lease with the seconds that are left of it.
SELECT shard_id, shard_count, owner, token, failovers,
       extract(epoch FROM expires_at - clock_timestamp())::float8 AS left_s
  FROM shard_leases
 ORDER BY shard_count, shard_id;

-- name: seen_instances
-- The processes that were seen within the last :within_s seconds, oldest first.
SELECT id, host, version, shard_count
  FROM instances
 WHERE seen_at > clock_timestamp() - make_interval(secs => :within_s)
 ORDER BY started_at, id;

-- name: take_lease
-- Gives shard :shard_id of :shard_count to :instance_id unless it is held; no row comes back when it is. A lease with more than :lease_s seconds left
-- is from before the clock was put back.
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
-- Gives back those of the leases (:shard_ids ids, :shard_counts counts, :tokens tokens) that are still :instance_id's.
UPDATE shard_leases AS lease
   SET owner = NULL, expires_at = clock_timestamp()
  FROM unnest(:shard_ids::integer[], :shard_counts::integer[], :tokens::bigint[]) AS held (shard_id, shard_count, token)
 WHERE lease.shard_id = held.shard_id
   AND lease.shard_count = held.shard_count
   AND lease.token = held.token
   AND lease.owner = :instance_id;

-- name: forget_instance
-- A process has ended.
DELETE FROM instances WHERE id = :instance_id;

-- name: begin
-- What a transaction asks first, as one row: its time; whether shard :shard_id of :shard_count still has the token :token, or none is asked
-- for; the version of the incident :incident_id of the guild :guild_id (any, when null), which nobody else changes until the commit.
WITH locked AS MATERIALIZED (
    SELECT version FROM incidents WHERE id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id) FOR NO KEY UPDATE
)
SELECT now() AS now,
       :shard_id::integer IS NULL OR EXISTS (
           SELECT FROM shard_leases WHERE shard_id = :shard_id AND shard_count = :shard_count AND token = :token) AS held,
       (SELECT version FROM locked) AS version;

-- name: count_identify
-- A session is about to begin.
INSERT INTO identifies (shard_id, shard_count, instance_id) VALUES (:shard_id, :shard_count, :instance_id);

-- name: prune_identifies
-- What no limit counts any more.
DELETE FROM identifies WHERE at < clock_timestamp() - interval '25 hours';

-- name: identifies
-- How many sessions were begun in a day, and how long ago the last one was: of all, and of the bucket of shard :shard_id,
-- of which there are :concurrency.
SELECT count(*)::integer AS used,
       extract(epoch FROM clock_timestamp() - max(at))::float8 AS since_last_s,
       extract(epoch FROM clock_timestamp() - max(at) FILTER (WHERE shard_id % :concurrency::integer = :shard_id::integer % :concurrency::integer)
       )::float8 AS since_bucket_s
  FROM identifies
 WHERE at > clock_timestamp() - interval '24 hours';
