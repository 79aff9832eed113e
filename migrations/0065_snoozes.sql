-- Incidents that ask again at a time. The version before this one never reads the table.

-- migrate:up

CREATE TABLE snoozes (
    incident_id bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    until       timestamptz NOT NULL,
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL
);
CREATE INDEX snoozes_due ON snoozes (until);

-- migrate:down

DROP TABLE snoozes;
