-- Many entries of the DLQ sent again at once, webhooks that are gone, and the watch over new failures of the highest
-- severity. The version before this one knows none of these tables. It leaves their jobs in the queue, and the messages
-- of kinds that it does not know to a process of this version.

-- migrate:up

-- What a filter matched, from its preview on: the entries are those that the person saw.
CREATE TABLE replay_batches (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id          bigint      NOT NULL,
    state             text        NOT NULL DEFAULT 'previewed' CHECK (state IN ('previewed', 'running', 'ended')),
    via               text        NOT NULL CHECK (via IN ('bot', 'webhook')),
    channel           text,                                    -- null: each to where it was meant for
    keeps_mentions    boolean     NOT NULL DEFAULT false,
    requested_by_id   bigint      NOT NULL,
    requested_by_name text        NOT NULL,
    requested_at      timestamptz NOT NULL DEFAULT now(),
    started_at        timestamptz,
    next_at           timestamptz,                             -- when its job looks again
    stopped_at        timestamptz,
    stopped_by_name   text,
    ended_at          timestamptz,
    CHECK ((state = 'running') = (next_at IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((stopped_at IS NULL) = (stopped_by_name IS NULL))
);
CREATE INDEX replay_batches_running ON replay_batches (guild_id, next_at) WHERE state = 'running';

CREATE TABLE replay_batch_entries (
    batch_id     bigint  NOT NULL REFERENCES replay_batches ON DELETE CASCADE,
    position     integer NOT NULL,
    entry_id     text    NOT NULL,                             -- of a table that may be in another database
    channel      text    NOT NULL,                             -- where it was meant for; empty: not known
    state        text    NOT NULL CHECK (state IN ('waiting', 'queued', 'skipped', 'returned')),
    skip         text,
    delivery_key text    UNIQUE,
    PRIMARY KEY (batch_id, position),
    UNIQUE (batch_id, entry_id),
    CHECK ((state = 'skipped') = (skip IS NOT NULL))
);

-- Webhooks that Discord does not know any more: no replay asks for them again. A new address has a new id.
CREATE TABLE ended_webhooks (
    guild_id   bigint      NOT NULL,
    webhook_id bigint      NOT NULL,
    channel    text        NOT NULL,
    ended_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, webhook_id)
);

-- How far the failures of the highest severity were looked at.
CREATE TABLE dlq_watches (
    guild_id   bigint      PRIMARY KEY,
    looked_at  timestamptz NOT NULL DEFAULT now(),             -- failures before it have been seen ...
    deep_at    timestamptz NOT NULL DEFAULT now()              -- ... and those that were written late, before this
);

-- The failures that were seen, so that a row which is committed late is found without announcing another twice.
CREATE TABLE dlq_seen (
    guild_id     bigint      NOT NULL,
    entry_id     text        NOT NULL,
    attempted_at timestamptz NOT NULL,
    PRIMARY KEY (guild_id, entry_id)
);
CREATE INDEX dlq_seen_by_time ON dlq_seen (guild_id, attempted_at);

-- A message in the severity's channel about failures that came close together.
CREATE TABLE dlq_bursts (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id  bigint      NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    count     integer     NOT NULL,
    shown     jsonb       NOT NULL                             -- the first of them, as they are listed
);
CREATE INDEX dlq_bursts_latest ON dlq_bursts (guild_id, opened_at);

-- migrate:down

DROP TABLE dlq_bursts, dlq_seen, dlq_watches, ended_webhooks, replay_batch_entries, replay_batches;
