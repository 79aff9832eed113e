-- The morning triage: what was due on a business day, gathered in one post, and when it is asked about next.

-- migrate:up

CREATE TABLE mornings (
    guild_id     bigint      NOT NULL,
    day          date        NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    incident_ids bigint[]    NOT NULL,
    nag_at       timestamptz,                       -- null: everything is taken, or the day is over
    nags         integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (guild_id, day)
);
CREATE INDEX mornings_due ON mornings (nag_at) WHERE nag_at IS NOT NULL;

-- migrate:down

DROP TABLE mornings;
