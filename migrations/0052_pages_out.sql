-- Pages that leave Discord. The version before this one knows none of it: it takes a step without its further ways, and
-- leaves the deliveries of a kind that it does not know to a newer process.

-- migrate:up

ALTER TABLE escalation_steps ADD COLUMN also text[] NOT NULL DEFAULT '{}';  -- ways beside Discord

-- How people want to be paged outside Discord, set by themselves; a person who removes everything has no row.
CREATE TABLE notify_settings (
    guild_id    bigint      NOT NULL,
    user_id     bigint      NOT NULL,
    username    text        NOT NULL,
    ways        text[]      NOT NULL,
    wait        interval    NOT NULL,
    quiet_start time,
    quiet_end   time,
    ntfy        text,
    pushover    text,
    set_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, user_id),
    CHECK ((quiet_start IS NULL) = (quiet_end IS NULL))
);

-- Pages at a system outside that is kept in step: it is asked for an answer until there is one here, and is told of
-- an answer here and of the incident's end.
CREATE TABLE outside_pages (
    delivery_id bigint      PRIMARY KEY REFERENCES deliveries ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    way         text        NOT NULL,
    reference   text        NOT NULL,                    -- what that system calls it
    told        text        NOT NULL DEFAULT 'ringing',  -- ringing, answered or over: what that system knows
    failures    integer     NOT NULL DEFAULT 0,          -- in a row
    next_at     timestamptz,                             -- the next look; null: there is none
    begun_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outside_pages_due ON outside_pages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outside_pages_of_incident ON outside_pages (incident_id);

-- migrate:down

DROP TABLE outside_pages, notify_settings;
ALTER TABLE escalation_steps DROP COLUMN also;
