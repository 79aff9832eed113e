-- Whose incident it is. The version before this one knows only the default team.

-- migrate:up

ALTER TABLE incidents ADD COLUMN team text; -- its name in the policy; null: the default team

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
ALTER TABLE incidents DROP COLUMN team;
