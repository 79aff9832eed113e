-- Heartbeats. The version before this one knows none of it, and hears no beat.

-- migrate:up

-- The state of each heartbeat of a policy, from its first beat on.
CREATE TABLE heartbeats (
    guild_id   bigint      NOT NULL,
    name       text        NOT NULL,
    state      text        NOT NULL DEFAULT 'new',  -- new, up, late, failed, overrun or unfinished
    since      timestamptz NOT NULL DEFAULT now(),  -- when it came into this state
    beat_at    timestamptz,                         -- the last beat of any kind but a log
    last_at    timestamptz,                         -- the last success
    started_at timestamptz,                         -- of the run that is under way
    run_id     text,
    duration_s double precision,                    -- of the last run that ended well
    due_at     timestamptz,                         -- when the next beat is expected
    alarm_at   timestamptz,                         -- when it is too late for it, or for the end of the run
    PRIMARY KEY (guild_id, name)
);
CREATE INDEX heartbeats_alarm ON heartbeats (guild_id, alarm_at);

-- The last beats of each, with what they said.
CREATE TABLE heartbeat_beats (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id    bigint      NOT NULL,
    name        text        NOT NULL,
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,  -- success, start, fail or log
    exit_status integer,
    run_id      text,
    body        text        NOT NULL DEFAULT ''
);
CREATE INDEX heartbeat_beats_of ON heartbeat_beats (guild_id, name, id);

-- What is still to be tracked as an alert.
CREATE TABLE heartbeat_events (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id    bigint      NOT NULL,
    name        text        NOT NULL,
    event       text        NOT NULL,  -- late, failed, overrun, unfinished or over
    at          timestamptz NOT NULL,
    since       timestamptz NOT NULL,  -- when the trouble began
    exit_status integer,
    body        text        NOT NULL DEFAULT ''
);
CREATE INDEX heartbeat_events_of ON heartbeat_events (guild_id, id);

-- When a guild's heartbeats were last looked at: what came due while the bot was away is not late.
CREATE TABLE heartbeat_looks (
    guild_id  bigint      PRIMARY KEY,
    looked_at timestamptz NOT NULL
);

-- migrate:down

DROP TABLE heartbeat_looks, heartbeat_events, heartbeat_beats, heartbeats;
