-- What the team has decided about noisy alerts. The version before this one does not know it, and tracks every alert.

-- migrate:up

-- The last answer to "is this alert still needed?", by the alert's fingerprint.
CREATE TABLE alert_verdicts (
    guild_id    bigint      NOT NULL,
    fingerprint text        NOT NULL,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE, -- the alert that was asked about
    verdict     text        NOT NULL CHECK (verdict IN ('keep', 'mute', 'drop')),
    severity    text        NOT NULL, -- of that alert: what is more severe is tracked although it is muted
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL,
    holds_until timestamptz NOT NULL,
    passed_over integer     NOT NULL DEFAULT 0, -- messages that were not tracked because of it ...
    passed_up_to bigint     NOT NULL DEFAULT 0, -- ... the last of them: a message is read more than once
    PRIMARY KEY (guild_id, fingerprint)
);
CREATE INDEX alert_verdicts_by_incident ON alert_verdicts (incident_id);

-- migrate:down

DROP TABLE alert_verdicts;
