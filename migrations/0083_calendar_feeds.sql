-- Private addresses of calendars with on-call shifts. The version before this one knows none of it.

-- migrate:up

CREATE TABLE calendar_feeds (
    guild_id    bigint      NOT NULL,
    user_id     bigint      NOT NULL,
    place       text        NOT NULL,             -- of the on-call order; empty: the person's own shifts
    user_name   text        NOT NULL,
    username    text        NOT NULL,
    secret_hash bytea       NOT NULL UNIQUE,      -- SHA-256; the secret itself is shown once
    made_at     timestamptz NOT NULL DEFAULT now(),
    checked_at  timestamptz NOT NULL DEFAULT now(), -- that the person is still of the team
    PRIMARY KEY (guild_id, user_id, place)
);

-- migrate:down

DROP TABLE calendar_feeds;
