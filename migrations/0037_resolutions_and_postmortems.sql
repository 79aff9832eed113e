-- What an incident was, once it is over: its cause, what ended it, its impact, as the person who resolves it says. And
-- the postmortem that its severity asks for: who owes it, by when, and when they are reminded. The version before this
-- one knows nothing of either: it resolves without words, and what it opens again stays owed until this one looks.

-- migrate:up

CREATE TABLE resolutions (
    incident_id bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id    bigint      NOT NULL,
    cause       text        NOT NULL,
    fix         text        NOT NULL,      -- what ended it
    impact      text        NOT NULL,
    people      bigint,                    -- how many were affected; null: not said
    duration_s  bigint,                    -- how long they were; null: not said
    by_id       bigint      NOT NULL,      -- who wrote it, or corrected it last
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL
);

CREATE TABLE postmortems (
    incident_id  bigint      PRIMARY KEY REFERENCES incidents ON DELETE CASCADE,
    guild_id     bigint      NOT NULL,
    state        text        NOT NULL,     -- owed, done or not_owed (the incident goes on, or ended otherwise)
    owner_id     bigint      NOT NULL,
    owner_name   text        NOT NULL,
    due_on       date        NOT NULL,     -- in the team's time zone
    reminded     text,                     -- the last reminder: before, after or thread; null: none yet
    remind_at    timestamptz,              -- null: no reminder is due any more
    done_at      timestamptz,
    done_by_id   bigint,                   -- null: by the merge of its pull request
    done_by_name text,
    pull_request text                      -- its address; null: there is none
);
CREATE INDEX postmortems_owed ON postmortems (guild_id, due_on) WHERE state = 'owed';
CREATE INDEX postmortems_to_remind ON postmortems (remind_at) WHERE remind_at IS NOT NULL;

-- migrate:down

DROP TABLE postmortems;
DROP TABLE resolutions;
