-- What changed before an incident began, and the decision on a rollback. The version before this one knows neither: it
-- posts no card, and leaves the rows as they are.

-- migrate:up

CREATE TABLE suspects (
    incident_id bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    card        jsonb       NOT NULL,               -- a `SuspectCard`, as bot.domain.suspects reads it
    read_at     timestamptz NOT NULL DEFAULT now()
);

-- The last decision of each incident; the timeline has all of them.
CREATE TABLE rollbacks (
    incident_id bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    rolls_back  boolean     NOT NULL,
    reason      text        NOT NULL,
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL
);

-- migrate:down

DROP TABLE rollbacks, suspects;
