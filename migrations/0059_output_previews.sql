-- Pasted output that its author has not confirmed yet, without its secrets. The version before this one posts output
-- at once, and never reads this table.

-- migrate:up

CREATE TABLE output_previews (
    id          bigint      PRIMARY KEY,  -- of the interaction that pasted it
    guild_id    bigint      NOT NULL,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    by_id       bigint      NOT NULL,
    key         text        NOT NULL,     -- of the timeline entry that it becomes
    text        text        NOT NULL,     -- masked
    counts      jsonb       NOT NULL,     -- what was masked, by kind
    topic       text        NOT NULL,
    url         text        NOT NULL,     -- the message that it was taken from; empty for a form
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX output_previews_by_time ON output_previews (created_at);
CREATE INDEX output_previews_of_incident ON output_previews (incident_id);

-- migrate:down

DROP TABLE output_previews;
