-- Hooks with thousands of alerts are processed in parts. The version before this one begins such a hook again from its
-- first alert, which changes nothing: it knows each alert that was received. Of deployments it stores nothing.

-- migrate:up

ALTER TABLE hooks ADD COLUMN next_event integer NOT NULL DEFAULT 0;  -- the alert with which the next part begins, from 0

-- What sources have reported as deployed, each deployment once; the rows are deleted after 14 days.
CREATE TABLE reported_changes (
    guild_id   bigint      NOT NULL,
    key        text        NOT NULL,  -- the name of the deployment, at whatever source
    at         timestamptz NOT NULL,  -- when it was begun
    said_id    bigint      NOT NULL,  -- of the event that said so last
    change     jsonb       NOT NULL,
    PRIMARY KEY (guild_id, key)
);
CREATE INDEX reported_changes_by_time ON reported_changes (guild_id, at);

-- Finds the events that are old enough to be deleted: with a million of them, in 1 ms instead of 300.
CREATE INDEX alert_events_uncounted ON alert_events (at) WHERE incident_id IS NULL;

-- migrate:down

DROP INDEX alert_events_uncounted;
DROP TABLE reported_changes;
ALTER TABLE hooks DROP COLUMN next_event;
