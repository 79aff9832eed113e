-- What users are told of an incident: drafted, edited, approved, published. The version before this one knows none of
-- it: it asks for no announcement, and leaves the rows and the column as they are.

-- migrate:up

ALTER TABLE incidents ADD COLUMN users_affected text;  -- yes, no or unknown, as the last update that says has it

-- One row for each announcement of an incident, numbered from 1. A status page can show those that are published.
CREATE TABLE announcements (
    incident_id   bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    number        integer     NOT NULL,
    guild_id      bigint      NOT NULL,
    version       integer     NOT NULL DEFAULT 1,        -- grows with each change of its words
    state         text        NOT NULL,                  -- of the incident, as it is told
    severity      text        NOT NULL,
    targets       text[]      NOT NULL,                  -- the policy's own names, which users do not see
    started_at    timestamptz NOT NULL,
    texts         jsonb       NOT NULL,                  -- {"x": {"ja": "...", "en": "..."}}, by channel
    status        text        NOT NULL DEFAULT 'draft',  -- draft, approved, published or failed
    drafted_by    jsonb       NOT NULL,                  -- who and when: {"id": 1, "name": "sato", "at": "..."}
    edited_by     jsonb,
    approved_by   jsonb,
    published_via text,                                  -- copy or webhook
    published_at  timestamptz,
    attempts      integer     NOT NULL DEFAULT 0,        -- to send it that have failed
    next_try_at   timestamptz,                           -- of an approved one that is sent
    error         text,                                  -- why the last attempt failed
    PRIMARY KEY (incident_id, number)
);
CREATE INDEX announcements_due ON announcements (next_try_at) WHERE next_try_at IS NOT NULL;

-- migrate:down

DROP TABLE announcements;
ALTER TABLE incidents DROP COLUMN users_affected;
