-- What becomes of the messages of monitors that open nothing: recoveries, and those that nobody understands. The
-- version before this one knows none of it: it tracks whatever is posted.

-- migrate:up

CREATE TABLE alert_recoveries (
    message_id  bigint      NOT NULL,  -- the monitor's message that said so
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (incident_id, message_id)
);

-- Whether a message is an alert: asked in its channel.
CREATE TABLE alert_questions (
    message_id  bigint      PRIMARY KEY,
    guild_id    bigint      NOT NULL,
    channel_id  bigint      NOT NULL,
    sender      text        NOT NULL,  -- the webhook's or bot's id, and the name that it posts under
    fingerprint text        NOT NULL,
    severity    text        NOT NULL,  -- the one that it would be tracked under
    title       text        NOT NULL,
    target      text,
    evidence    jsonb       NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    answer      text        CHECK (answer IN ('tracked', 'ignored')),
    answered_at timestamptz,
    answered_by bigint,
    answered_by_name text
);
CREATE INDEX alert_questions_by_fingerprint ON alert_questions (guild_id, fingerprint, asked_at);

-- Whose messages are passed over when nobody understands them.
CREATE TABLE ignored_senders (
    guild_id    bigint      NOT NULL,
    channel_id  bigint      NOT NULL,
    sender      text        NOT NULL,
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, channel_id, sender)
);

-- migrate:down

DROP TABLE ignored_senders, alert_questions, alert_recoveries;
