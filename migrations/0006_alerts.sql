-- Alerts that others post in a watched channel: which messages were counted on which one, and how far each
-- channel has been read.

-- migrate:up

CREATE TABLE alert_messages (
    message_id  bigint      PRIMARY KEY,
    channel_id  bigint      NOT NULL,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alert_messages_by_incident ON alert_messages (incident_id, message_id);

CREATE TABLE alert_cursors (
    guild_id   bigint NOT NULL,
    channel_id bigint NOT NULL,
    message_id bigint NOT NULL,        -- what came before this one, or is this one, has been looked at
    PRIMARY KEY (guild_id, channel_id)
);

-- migrate:down

DROP TABLE alert_cursors, alert_messages;
