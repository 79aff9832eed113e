-- Probes. The version before this one knows none of it, and asks no target.

-- migrate:up

-- The state of each probe of a policy, and of the prober itself, whose name is ''.
CREATE TABLE probes (
    guild_id      bigint      NOT NULL,
    name          text        NOT NULL,
    number        bigint      GENERATED ALWAYS AS IDENTITY,
    state         text        NOT NULL DEFAULT 'new',  -- new, up, degraded, down or cut_off
    since         timestamptz NOT NULL DEFAULT now(),  -- when it came into this state
    outcome       text,                                -- of the last time that it was asked
    streak        integer     NOT NULL DEFAULT 0,      -- how often in a row that was the outcome
    answered      integer     NOT NULL DEFAULT 0,      -- how often in a row it did not fail
    failing_since timestamptz,
    asked_at      timestamptz,
    reached_at    timestamptz,                         -- when its host last gave any answer
    result        jsonb,
    told          text,                                -- down or degraded: of which an alert was tracked
    told_at       timestamptz,
    event         text,                                -- down, degraded or over: what is still to be tracked
    event_at      timestamptz,
    next_at       timestamptz,                         -- null: it is the prober itself
    turn          bigint      NOT NULL DEFAULT 0,      -- grows each time that it is asked
    PRIMARY KEY (guild_id, name)
);

-- The results of a day, counted for every five minutes.
CREATE TABLE probe_counts (
    guild_id bigint      NOT NULL,
    name     text        NOT NULL,
    at       timestamptz NOT NULL,  -- when the five minutes began
    ok       integer     NOT NULL DEFAULT 0,
    degraded integer     NOT NULL DEFAULT 0,
    failed   integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (guild_id, name, at)
);
CREATE INDEX probe_counts_old ON probe_counts (at);

-- migrate:down

DROP TABLE probe_counts, probes;
