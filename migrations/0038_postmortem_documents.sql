-- The files that messages carry, and the drafts of postmortems. The version before this one sends no files, and leaves
-- the deliveries and jobs that carry one to this version.

-- migrate:up

CREATE TABLE attachments (
    key         text        PRIMARY KEY,  -- "postmortem:42:1"; its content never changes
    guild_id    bigint      NOT NULL,
    incident_id bigint      REFERENCES incidents ON DELETE CASCADE,  -- whose words it holds, if it does
    filename    text        NOT NULL,
    content     bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX attachments_of_incident ON attachments (incident_id) WHERE incident_id IS NOT NULL;

CREATE TABLE postmortem_documents (
    incident_id   bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id      bigint      NOT NULL,
    path          text        NOT NULL,  -- in the team's repository; two incidents of a guild never share one
    version       integer     NOT NULL,  -- grows with each draft that reads differently
    digest        text        NOT NULL,  -- SHA-256 of the content, in hex
    read_at       timestamptz NOT NULL,  -- when the facts were read; older facts never replace newer ones
    problem       text,                  -- why the team's own template did not serve; null: it did, or there is none
    posting       integer     NOT NULL DEFAULT 1,  -- the number of its message in the thread
    shown_version integer     NOT NULL DEFAULT 0,  -- the version that this message carries
    UNIQUE (guild_id, path)
);

-- migrate:down

DROP TABLE postmortem_documents;
DROP TABLE attachments;
