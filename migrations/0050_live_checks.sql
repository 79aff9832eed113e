-- Live checks. The version before this one knows none of it: it leaves the jobs in the queue, and the messages of a kind
-- that it does not know, to a process of this version.

-- migrate:up

-- The last round of checks of each incident.
CREATE TABLE live_checks (
    incident_id bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    round       integer     NOT NULL DEFAULT 1,
    post        integer     NOT NULL DEFAULT 1,  -- which message shows it
    target      text,                            -- the one that was asked about; null: those of the incident
    asked_by_id bigint,                          -- null: it began by itself
    asked_by    text,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    results     jsonb       NOT NULL DEFAULT '[]',
    finished_at timestamptz,
    next_at     timestamptz DEFAULT now()        -- when its job is due; null: it is done
);
CREATE INDEX live_checks_due ON live_checks (next_at) WHERE next_at IS NOT NULL;

-- migrate:down

DROP TABLE live_checks;
