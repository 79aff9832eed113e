-- Several processes on one database: who is there, and who holds which shard of Discord's gateway. All times are
-- clock_timestamp(), the database's own: leases are about the time that passes, not about a transaction's.

-- migrate:up

CREATE TABLE instances (
    id          uuid        PRIMARY KEY,
    host        text        NOT NULL,
    version     text        NOT NULL,
    shard_count integer     NOT NULL,                      -- into how many shards it divides the gateway
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE shard_leases (
    shard_count integer     NOT NULL CHECK (shard_count > 0),
    shard_id    integer     NOT NULL CHECK (shard_id >= 0 AND shard_id < shard_count),
    owner       uuid,                                      -- nobody: it was given back
    token       bigint      NOT NULL DEFAULT 0,            -- grows with each owner: the fence
    expires_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    failovers   bigint      NOT NULL DEFAULT 0,            -- how often it was taken from one that had gone silent
    PRIMARY KEY (shard_count, shard_id)
);

-- Discord allows 1,000 sessions a day, then resets the token.
CREATE TABLE identifies (
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    shard_id    integer     NOT NULL,
    shard_count integer     NOT NULL,
    instance_id uuid        NOT NULL
);
CREATE INDEX identifies_by_time ON identifies (at);

-- migrate:down

DROP TABLE identifies;
DROP TABLE shard_leases;
DROP TABLE instances;
