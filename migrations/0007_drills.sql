-- Drills: an incident that is played, with what appears in its thread and when. The script is frozen here.

-- migrate:up

CREATE TABLE drills (
    incident_id     bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id        bigint      NOT NULL,
    started_by_id   bigint      NOT NULL,
    started_by_name text        NOT NULL,
    started_at      timestamptz NOT NULL,
    injects         jsonb       NOT NULL,              -- [{"after_s", "text": {"ja", "en"}}], in order of time
    ends_at         timestamptz NOT NULL,
    played          integer     NOT NULL DEFAULT 0,    -- how many of the injects have appeared
    next_at         timestamptz,                       -- when it must be looked at next
    ended_at        timestamptz,                       -- when it was scored
    CHECK ((ended_at IS NULL) = (next_at IS NOT NULL))
);
CREATE UNIQUE INDEX drills_one_at_a_time ON drills (guild_id) WHERE ended_at IS NULL;
CREATE INDEX drills_due ON drills (next_at) WHERE next_at IS NOT NULL;

DROP INDEX deliveries_by_thread;
CREATE INDEX deliveries_by_thread ON deliveries (message_id) WHERE kind IN ('thread', 'private_thread');

-- migrate:down

DROP INDEX deliveries_by_thread;
CREATE INDEX deliveries_by_thread ON deliveries (message_id) WHERE kind = 'thread';
DROP TABLE drills;
