-- Alerts that come by HTTP instead of as a message. The version before this one knows none of it: it shows an alert
-- that came this way like one whose message it does not know.

-- migrate:up

-- The requests as they came. A job works each off; the rows are deleted after 14 days.
CREATE TABLE hooks (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id     bigint      NOT NULL,
    source       text        NOT NULL,  -- as the policy names it
    delivery_id  text,                  -- the source's own id of the request; empty: it gives none
    received_at  timestamptz NOT NULL DEFAULT now(),
    headers      jsonb       NOT NULL,  -- those that are needed to read it, no secret among them
    body         bytea       NOT NULL,
    processed_at timestamptz,
    events       integer,               -- how many alerts it was about
    problem      text                   -- why it could not be read
);
CREATE UNIQUE INDEX hooks_by_delivery ON hooks (guild_id, source, delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX hooks_waiting ON hooks (id) WHERE processed_at IS NULL;
CREATE INDEX hooks_by_age ON hooks (received_at);

-- What monitors have said without a message in Discord, and the incident that it was counted on.
CREATE TABLE alert_events (
    guild_id    bigint      NOT NULL,
    sender      text        NOT NULL,  -- the monitor, as the policy names it
    event_id    bigint      NOT NULL,  -- sorts by time among the ids of messages
    nth         integer     NOT NULL,  -- of the events that came together
    fingerprint text        NOT NULL,
    says        text        NOT NULL CHECK (says IN ('firing', 'resolved')),
    incident_id bigint      REFERENCES incidents ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, sender, event_id, nth)
);
CREATE INDEX alert_events_by_fingerprint ON alert_events (guild_id, fingerprint, event_id);
CREATE INDEX alert_events_by_incident ON alert_events (incident_id, event_id);

ALTER TABLE incidents ADD COLUMN origin jsonb;  -- the monitor of an alert that came without a message

-- migrate:down

ALTER TABLE incidents DROP COLUMN origin;
DROP TABLE alert_events, hooks;
