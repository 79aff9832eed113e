-- name: seed_leases
-- A free lease for each of $1 shards that has none yet.
INSERT INTO shard_leases (shard_count, shard_id)
SELECT $1::integer, generate_series(0, $1::integer - 1)
ON CONFLICT DO NOTHING;

-- name: prune_instances
-- Forgets processes that ended without a word, after a day.
DELETE FROM instances WHERE seen_at < clock_timestamp() - interval '1 day';

-- name: end_silent
-- Ends the transactions of processes that nobody has heard of for $2 seconds: one that is stopped would keep its row
-- locks. The server's own time-out for idle transactions does not see one that was stopped between the parts of a
-- statement. $1: the one that asks.
SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity AS held
  JOIN instances ON held.application_name = 'incident-bot ' || instances.id
 WHERE instances.id <> $1
   AND instances.seen_at < clock_timestamp() - make_interval(secs => $2)
   AND held.datname = current_database()
   AND held.xact_start IS NOT NULL
   AND held.state_change < clock_timestamp() - interval '1 second';

-- name: beat_instance
-- A process $1 is there, on the host $2 with the version $3 and so many shards, $4; it renews those of the leases
-- ($5 ids, $6 counts, $7 tokens) that are still its own, for $8 seconds, and says which.
WITH seen AS (
    INSERT INTO instances (id, host, version, shard_count)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()
)
UPDATE shard_leases AS lease
   SET expires_at = clock_timestamp() + make_interval(secs => $8)
  FROM unnest($5::integer[], $6::integer[], $7::bigint[]) AS held (shard_id, shard_count, token)
 WHERE lease.shard_id = held.shard_id
   AND lease.shard_count = held.shard_count
   AND lease.token = held.token
   AND lease.owner = $1
RETURNING lease.shard_id, lease.shard_count, lease.token;

-- name: leases
-- Every lease with the seconds that are left of it.
SELECT shard_id, shard_count, owner, token, failovers,
       extract(epoch FROM expires_at - clock_timestamp())::float8 AS left_s
  FROM shard_leases
 ORDER BY shard_count, shard_id;

-- name: seen_instances
-- The processes that were seen within the last $1 seconds, oldest first.
SELECT id, host, version, shard_count
  FROM instances
 WHERE seen_at > clock_timestamp() - make_interval(secs => $1)
 ORDER BY started_at, id;

-- name: take_lease
-- Gives shard $2 of $3 to $1 unless it is held; no row comes back when it is. A lease with more than $4 seconds left
-- is from before the clock was put back.
UPDATE shard_leases
   SET owner = $1,
       token = token + 1,
       expires_at = clock_timestamp() + make_interval(secs => $4),
       failovers = failovers + (owner IS NOT NULL)::integer
 WHERE shard_id = $2
   AND shard_count = $3
   AND (owner IS NULL
        OR expires_at <= clock_timestamp()
        OR expires_at > clock_timestamp() + make_interval(secs => $4))
RETURNING token;

-- name: release_leases
-- Gives back those of the leases ($2 ids, $3 counts, $4 tokens) that are still $1's.
UPDATE shard_leases AS lease
   SET owner = NULL, expires_at = clock_timestamp()
  FROM unnest($2::integer[], $3::integer[], $4::bigint[]) AS held (shard_id, shard_count, token)
 WHERE lease.shard_id = held.shard_id
   AND lease.shard_count = held.shard_count
   AND lease.token = held.token
   AND lease.owner = $1;

-- name: forget_instance
-- A process has ended.
DELETE FROM instances WHERE id = $1;

-- name: begin
-- What a transaction asks first, as one row: its time; whether shard $1 of $2 still has the token $3, or none is asked
-- for; the version of the incident $4 of the guild $5 (any, when null), which nobody else changes until the commit.
WITH locked AS MATERIALIZED (
    SELECT version FROM incidents WHERE id = $4 AND ($5::bigint IS NULL OR guild_id = $5) FOR NO KEY UPDATE
)
SELECT now() AS now,
       $1::integer IS NULL OR EXISTS (
           SELECT FROM shard_leases WHERE shard_id = $1 AND shard_count = $2 AND token = $3) AS held,
       (SELECT version FROM locked) AS version;

-- name: count_identify
-- A session is about to begin.
INSERT INTO identifies (shard_id, shard_count, instance_id) VALUES ($1, $2, $3);

-- name: prune_identifies
-- What no limit counts any more.
DELETE FROM identifies WHERE at < clock_timestamp() - interval '25 hours';

-- name: identifies
-- How many sessions were begun in a day, and how long ago the last one was: of all, and of the bucket of shard $1,
-- of which there are $2.
SELECT count(*)::integer AS used,
       extract(epoch FROM clock_timestamp() - max(at))::float8 AS since_last_s,
       extract(epoch FROM clock_timestamp() - max(at) FILTER (WHERE shard_id % $2::integer = $1::integer % $2::integer)
       )::float8 AS since_bucket_s
  FROM identifies
 WHERE at > clock_timestamp() - interval '24 hours';
