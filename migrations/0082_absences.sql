-- People who are away, and their shifts that another person is asked to take. The version before this one knows none.

-- migrate:up

CREATE TABLE absences (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    user_id       bigint,                         -- null: the policy names them by their username alone
    username      text        NOT NULL DEFAULT '',
    name          text        NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    reason        text        NOT NULL DEFAULT '',
    by_id         bigint      NOT NULL,
    by_name       text        NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz,                    -- when it was withdrawn
    ended_by_name text,
    CHECK (starts_at < ends_at)
);
CREATE INDEX absences_open ON absences (guild_id, ends_at) WHERE ended_at IS NULL;

CREATE TABLE away_shifts (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    absence_id    bigint      NOT NULL REFERENCES absences ON DELETE CASCADE,
    place         text        NOT NULL,
    handle        text        NOT NULL,           -- who is away
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    suggested     text,                           -- the handle of who is fairest; null: nobody is free
    taken_at      timestamptz,
    taken_by_id   bigint,
    taken_by_name text,
    UNIQUE (absence_id, place, starts_at)
);

-- migrate:down

DROP TABLE away_shifts;
DROP TABLE absences;
