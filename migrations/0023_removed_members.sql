-- Whom somebody has taken out of a private incident, until they are let in again: what lets people into its thread,
-- and what was owed before, passes them over. The version before this one knows nothing of it, and removes nobody.

-- migrate:up

CREATE TABLE removed_members (
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    user_id     bigint      NOT NULL,
    username    text        NOT NULL,  -- as the policy file may call them; empty where it was not told
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (incident_id, user_id)
);

-- migrate:down

DROP TABLE removed_members;
