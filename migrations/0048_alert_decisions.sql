-- Why an alert became an incident or did not, and the maintenance windows that hold alerts. The version before this one
-- knows none of it: it records no decisions, and tracks what a window would hold.

-- migrate:up

-- What was decided about each message of a watched channel, and about each event. The rows are deleted after 14 days.
CREATE TABLE alert_decisions (
    guild_id    bigint      NOT NULL,
    sender      text        NOT NULL,            -- as in alert_messages and alert_events
    said_id     bigint      NOT NULL,            -- the message's or event's; of two, the later one has the higher id
    nth         integer     NOT NULL DEFAULT 0,  -- of the events that came together
    channel_id  bigint      NOT NULL,            -- 0: it is an event
    said_at     timestamptz NOT NULL,
    says        text,                            -- firing, resolved or chatter; null: no pattern matches
    outcome     text        NOT NULL,
    label       text        NOT NULL,            -- the monitor, as people read it
    title       text        NOT NULL,
    url         text        NOT NULL,            -- may be empty
    target      text,
    severity    text,
    fingerprint text        NOT NULL,            -- empty: it was not looked at closely enough to have one
    incident_id bigint,                          -- a decision may outlive the incident that it led to
    window_id   bigint,                          -- the maintenance window that has held it
    detail      jsonb       NOT NULL DEFAULT '{}',
    held        jsonb,                           -- what to open when the window ends
    decided_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, sender, said_id, nth)
);
CREATE INDEX alert_decisions_recent ON alert_decisions (guild_id, said_id, nth);
CREATE INDEX alert_decisions_of_alert ON alert_decisions (guild_id, fingerprint, said_id) WHERE fingerprint <> '';
CREATE INDEX alert_decisions_held ON alert_decisions (window_id, fingerprint) WHERE window_id IS NOT NULL;
CREATE INDEX alert_decisions_by_age ON alert_decisions (decided_at);

-- While a window is open, new alerts about its target are held instead of tracked.
CREATE TABLE alert_windows (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id   bigint      NOT NULL,
    target     text        NOT NULL,
    reason     text        NOT NULL,  -- may be empty
    by_id      bigint      NOT NULL,
    by_name    text        NOT NULL,
    began_at   timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz NOT NULL,
    ended_at   timestamptz,           -- null: it is open
    ended_by   text,                  -- the person who has ended it; null: its time was over
    next_at    timestamptz            -- when it is to be looked at; null: what it held is dealt with
);
CREATE UNIQUE INDEX alert_windows_open ON alert_windows (guild_id, lower(target)) WHERE ended_at IS NULL;
CREATE INDEX alert_windows_due ON alert_windows (next_at) WHERE next_at IS NOT NULL;

ALTER TABLE incidents ADD COLUMN waited jsonb;  -- what an alert has waited for before it was tracked

-- migrate:down

ALTER TABLE incidents DROP COLUMN waited;
DROP TABLE alert_windows, alert_decisions;
