-- name: now
-- Returns the transaction's time. now() is unqualified so that the tests' movable clock replaces it.
SELECT now() AS now;

-- name: begin
-- Returns in one row what a transaction needs first: its time; `held`, false if the shard's lease has another token
-- than :token (null: not checked); and the version of incident :incident_id, which it locks, in guild :guild_id
-- (null: in any guild).
WITH locked AS MATERIALIZED (
    SELECT version
      FROM incidents
     WHERE id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
       FOR NO KEY UPDATE
)
SELECT now() AS now,
       :shard_id::integer IS NULL OR EXISTS (
           SELECT
             FROM shard_leases
            WHERE shard_id = :shard_id AND shard_count = :shard_count AND token = :token) AS held,
       (SELECT version FROM locked) AS version;
