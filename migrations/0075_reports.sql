-- Reports of people who may not report: a person who may takes them up. The version before this one knows none of it.

-- migrate:up

-- Whose report a triage is about, if that is another person than the one who began it.
ALTER TABLE triages ADD COLUMN reporter_id bigint;
ALTER TABLE triages ADD COLUMN reporter_name text;

CREATE TABLE reports (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    key           text        NOT NULL UNIQUE,
    by_id         bigint      NOT NULL,
    by_name       text        NOT NULL,
    title         text        NOT NULL,
    details       text        NOT NULL DEFAULT '',
    severity      text,                           -- as it was typed; null: they were not asked
    channel_id    bigint,                         -- of the message that it is about
    message_id    bigint,
    evidence      jsonb,                          -- that message
    reported_at   timestamptz NOT NULL DEFAULT now(),
    rounds        integer     NOT NULL DEFAULT 0, -- how often it was taken up
    taken_by_name text,
    triage_id     bigint      REFERENCES triages ON DELETE SET NULL,
    shown         text        NOT NULL DEFAULT '',-- the triage's status that the posts show
    incident_id   bigint      REFERENCES incidents ON DELETE SET NULL
);
CREATE INDEX reports_latest ON reports (guild_id, reported_at);
CREATE INDEX reports_under_triage ON reports (triage_id) WHERE incident_id IS NULL AND triage_id IS NOT NULL;
CREATE INDEX reports_of_incident ON reports (incident_id) WHERE incident_id IS NOT NULL;

-- migrate:down

DROP TABLE reports;
ALTER TABLE triages DROP COLUMN reporter_name;
ALTER TABLE triages DROP COLUMN reporter_id;
