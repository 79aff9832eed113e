-- What of an incident's aftermath is on the code host (GitHub): the pull request of a postmortem, the issue of an action
-- item, and how far the guild's issues have been read. Each row keeps what the bot wrote there last, so that it knows
-- people's edits from its own, and when it looks next. The version before this one knows nothing of them.

-- migrate:up

CREATE TABLE postmortem_pulls (
    incident_id bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    repository  text        NOT NULL,             -- owner/name
    state       text        NOT NULL,             -- wanted, open, merged, closed or withheld (private, or a drill)
    wanted      integer     NOT NULL,             -- how often the postmortem was drafted for it
    exported    integer     NOT NULL DEFAULT 0,   -- the last of these drafts that is there
    path        text,                             -- the file; it stays the same when the title changes
    number      bigint,
    url         text,
    blob        text,                             -- the sha of the file as the bot wrote it last
    writing     text,                             -- the sha of what it is about to write
    conflict    text,                             -- the sha of people's version that the thread was told of
    words       text,                             -- a digest of the title and the body as the bot wrote them last
    etag        text,
    changed_at  timestamptz NOT NULL,             -- when the bot last saw or made a change
    next_at     timestamptz,                      -- when it looks next; null: never
    trouble     jsonb                             -- {"since", "problem", "reason", "is_told"} while it fails
);
CREATE INDEX postmortem_pulls_due ON postmortem_pulls (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE action_issues (
    item_id       bigint      PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    repository    text        NOT NULL,
    opening_at    timestamptz,                    -- when the bot began to open it; null: not yet
    number        bigint,
    url           text,
    shown_version integer     NOT NULL DEFAULT 0, -- the version of the item that the issue shows
    is_open       boolean     NOT NULL DEFAULT true, -- as the item and the issue last agreed
    seen_at       timestamptz,                    -- its last change that is known here, by GitHub's clock
    words         text,                           -- a digest of the title and the body as the bot wrote them last
    assignee      text,                           -- the login that the bot assigned
    unassignable  text,                           -- a login that was refused, and told
    next_at       timestamptz,
    trouble       jsonb
);
CREATE INDEX action_issues_by_number ON action_issues (guild_id, repository, number);
CREATE INDEX action_issues_due ON action_issues (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE issue_polls (
    guild_id   bigint      PRIMARY KEY,
    repository text        NOT NULL,
    since      timestamptz NOT NULL,              -- changes before it have been read, by GitHub's clock
    etag       text,
    changed_at timestamptz NOT NULL,
    next_at    timestamptz,
    trouble    jsonb
);

-- migrate:down

DROP TABLE issue_polls;
DROP TABLE action_issues;
DROP TABLE postmortem_pulls;
