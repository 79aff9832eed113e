-- Action items: what is to be done after an incident, by whom and until when. The row keeps when the item must be
-- looked at next: to remind its owner, to see whether a fix has held, or because its alert has fired again.

-- migrate:up

CREATE TABLE action_items (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- shown as AI-7
    guild_id         bigint      NOT NULL,
    incident_id      bigint      REFERENCES incidents ON DELETE CASCADE,
    key              text        NOT NULL,             -- of the interaction that added it
    source           text        NOT NULL,
    what             text        NOT NULL,
    owner_id         bigint      NOT NULL,
    owner_name       text        NOT NULL,
    due_on           date        NOT NULL,             -- where the policy's timezone counts the days
    verification      text        NOT NULL,             -- how people will see that it helped
    fingerprint      text,                             -- of the alert that must not fire again
    alert_title      text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    created_by_id    bigint      NOT NULL,
    created_by_name  text        NOT NULL,
    status           text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'dropped')),
    closed_at        timestamptz,
    closed_by_id     bigint,
    closed_by_name   text,
    closed_reason    text,                             -- why it was dropped
    watched_until    timestamptz,                      -- done, and verified then unless its alert fires
    verified_at      timestamptz,
    fired_at         timestamptz,                      -- when its alert fired after it was done
    fired_in         bigint      REFERENCES incidents ON DELETE SET NULL,
    reopened         jsonb,                            -- the last reopening: {"at", "by", "reason", "incident_id"}
    reopenings       integer     NOT NULL DEFAULT 0,
    next_at          timestamptz,                      -- when it must be looked at next
    version          integer     NOT NULL DEFAULT 1,
    UNIQUE (guild_id, key),
    CHECK ((status = 'open') = (closed_at IS NULL))
);
CREATE INDEX action_items_by_incident ON action_items (incident_id);
CREATE INDEX action_items_open ON action_items (guild_id, due_on) WHERE status = 'open';
CREATE INDEX action_items_by_fingerprint ON action_items (guild_id, fingerprint)
 WHERE status = 'done' AND fingerprint IS NOT NULL;
CREATE INDEX action_items_due ON action_items (next_at) WHERE next_at IS NOT NULL;

-- migrate:down

DROP TABLE action_items;
