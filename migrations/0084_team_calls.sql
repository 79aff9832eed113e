-- Calls for another team's person on call. The version before this one knows none of them.

-- migrate:up

CREATE TABLE team_calls (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    team        text,                 -- null: the default team
    asked       integer     NOT NULL, -- which of the team's places was called last, from 0
    due_at      timestamptz NOT NULL, -- when the next place is called
    done_at     timestamptz           -- it was answered, or nobody is left, or the incident has ended
);
CREATE INDEX team_calls_waiting ON team_calls (incident_id) WHERE done_at IS NULL;

-- migrate:down

DROP TABLE team_calls;
