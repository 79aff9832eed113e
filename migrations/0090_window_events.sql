-- Planned maintenance in the server's own list of events: what the bot has put there, and what Discord refused. The
-- version before this one knows none of it, and leaves the events as they are.

-- migrate:up

-- Written before Discord is asked, so that a process that dies leaves the event to the next one.
CREATE TABLE window_events (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id    bigint      NOT NULL,
    plan_id     bigint      NOT NULL,  -- which may be gone
    event_id    bigint,                -- Discord's; null: it may have made the event or not
    name        text        NOT NULL,  -- this and the following: what the event is to show
    description text        NOT NULL,
    location    text        NOT NULL,  -- the target
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    UNIQUE (guild_id, plan_id, starts_at)
);

-- Each refusal that the team was told of, until it is gone.
CREATE TABLE window_event_problems (
    guild_id bigint      NOT NULL,
    code     integer     NOT NULL,     -- Discord's; 0: none
    told_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, code)
);

-- migrate:down

DROP TABLE window_event_problems;
DROP TABLE window_events;
