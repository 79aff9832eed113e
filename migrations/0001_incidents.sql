-- Everything here is unqualified and lands in the schema that the connection's search_path names first,
-- `incident_bot`: beside an application in the same database, and out of what Supabase exposes.

-- migrate:up

-- The guilds the bot serves, and since when: a digest is owed only for weeks that ended after that.
CREATE TABLE guilds (
    guild_id     bigint      PRIMARY KEY,
    installed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE incidents (
    id                   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id             bigint      NOT NULL,
    key                  text        NOT NULL UNIQUE,          -- the same request opens one incident
    severity             text        NOT NULL,
    priority             text        NOT NULL,
    status               text        NOT NULL DEFAULT 'triggered'
                                     CHECK (status IN ('triggered', 'acknowledged', 'resolved')),
    title                text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    targets              text[]      NOT NULL DEFAULT '{}',
    symptoms             text[]      NOT NULL DEFAULT '{}',
    path                 jsonb       NOT NULL DEFAULT '[]',    -- [[question, answer], ...]
    started_at           timestamptz NOT NULL,
    triggered_at         timestamptz NOT NULL DEFAULT now(),
    ack_due_at           timestamptz NOT NULL,
    reported_by_id       bigint      NOT NULL,
    reported_by_name     text        NOT NULL,
    acknowledged_at      timestamptz,
    acknowledged_by_id   bigint,
    acknowledged_by_name text,
    resolved_at          timestamptz,
    resolved_by_id       bigint,
    resolved_by_name     text,
    alert_channel_id     bigint,
    alert_message_id     bigint,
    thread_id            bigint,
    version              integer     NOT NULL DEFAULT 1,       -- grows with each visible change
    CHECK (started_at <= triggered_at),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)),
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK (status <> 'acknowledged' OR acknowledged_at IS NOT NULL)
);
CREATE INDEX incidents_open ON incidents (guild_id, triggered_at) WHERE status <> 'resolved';
CREATE INDEX incidents_by_week ON incidents (guild_id, triggered_at);
CREATE INDEX incidents_by_thread ON incidents (thread_id) WHERE thread_id IS NOT NULL;

-- Whoever acknowledged, first or later.
CREATE TABLE responders (
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    user_id     bigint      NOT NULL,
    name        text        NOT NULL,
    via         text        NOT NULL,
    joined_at   timestamptz NOT NULL,
    PRIMARY KEY (incident_id, user_id)
);

CREATE TABLE timeline (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,
    actor_id    bigint,
    actor_name  text,
    data        jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX timeline_by_incident ON timeline (incident_id, at, id);

-- The ladder of each incident: a deadline is a row.
CREATE TABLE escalation_steps (
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    index       integer     NOT NULL,
    due_at      timestamptz NOT NULL,
    mention     text        NOT NULL,
    dm          text[]      NOT NULL,
    status      text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'cancelled')),
    decided_at  timestamptz,
    PRIMARY KEY (incident_id, index),
    CHECK ((status = 'pending') = (decided_at IS NULL))
);
CREATE INDEX escalation_steps_due ON escalation_steps (due_at) WHERE status = 'pending';

-- Every message the bot owes. `key` makes it one; `nonce` lets Discord say that it has it already.
CREATE TABLE deliveries (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    incident_id   bigint      REFERENCES incidents ON DELETE CASCADE,
    kind          text        NOT NULL,
    target        text        NOT NULL,
    key           text        NOT NULL UNIQUE,
    after_key     text,                                        -- waits until that one is sent
    data          jsonb       NOT NULL DEFAULT '{}',
    priority      integer     NOT NULL DEFAULT 0,
    status        text        NOT NULL DEFAULT 'pending'
                              CHECK (status IN ('pending', 'sending', 'sent', 'failed', 'cancelled')),
    nonce         text        NOT NULL UNIQUE CHECK (char_length(nonce) <= 25),
    attempts      integer     NOT NULL DEFAULT 0,              -- those that failed
    shown_version integer     NOT NULL DEFAULT 0,              -- of the incident, as the message shows it
    request       jsonb,                                       -- as rendered for the first attempt
    created_at    timestamptz NOT NULL DEFAULT now(),
    first_sent_at timestamptz,
    next_try_at   timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    channel_id    bigint,
    message_id    bigint,
    http_status   integer,
    error         text,
    emailed_at    timestamptz,
    CHECK ((status IN ('sent', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE INDEX deliveries_by_message ON deliveries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX deliveries_by_incident ON deliveries (incident_id);
CREATE INDEX deliveries_waiting ON deliveries (after_key) WHERE status = 'pending' AND after_key IS NOT NULL;
CREATE INDEX deliveries_unfinished ON deliveries (next_try_at) WHERE status IN ('pending', 'sending');

-- A walk through the decision tree; it survives a restart of the bot half-way.
CREATE TABLE triages (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id         bigint      NOT NULL,
    key              text        NOT NULL UNIQUE,
    user_id          bigint      NOT NULL,
    user_name        text        NOT NULL,
    title            text        NOT NULL,
    targets          text[]      NOT NULL DEFAULT '{}',
    symptoms         text[]      NOT NULL DEFAULT '{}',
    started_at       timestamptz NOT NULL,
    status           text        NOT NULL DEFAULT 'open'
                                 CHECK (status IN ('open', 'opened', 'reevaluating', 'dismissed', 'cancelled')),
    severity         text,                                     -- chosen by hand, over the tree's outcome
    incident_id      bigint      REFERENCES incidents ON DELETE SET NULL,
    reevaluate_at    timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX triages_to_reevaluate ON triages (reevaluate_at) WHERE status = 'reevaluating';

-- Each answer as it was given; going back withdraws it and keeps the row.
CREATE TABLE triage_answers (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    triage_id    bigint      NOT NULL REFERENCES triages ON DELETE CASCADE,
    question     text        NOT NULL,
    answer       text        NOT NULL,
    unsure       boolean     NOT NULL DEFAULT false,           -- わからない: counted as the graver answer
    by_id        bigint      NOT NULL,
    by_name      text        NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz
);
CREATE INDEX triage_answers_in_order ON triage_answers (triage_id, id);

-- One digest per guild and ISO week, whatever restarts or how many instances run.
CREATE TABLE digests (
    guild_id bigint      NOT NULL,
    week     text        NOT NULL CHECK (week ~ '^\d{4}-W\d{2}$'),
    due_at   timestamptz NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, week)
);

-- At most one replay per DLQ entry. The entry itself may live in another database, so no foreign key.
CREATE TABLE dlq_replays (
    entry_id          uuid        PRIMARY KEY,
    guild_id          bigint      NOT NULL,
    channel           text        NOT NULL,
    requested_by_id   bigint      NOT NULL,
    requested_by_name text        NOT NULL,
    requested_at      timestamptz NOT NULL DEFAULT now(),
    delivery_key      text        NOT NULL
);

-- Refusals and changes by people: who, what, why not.
CREATE TABLE audit (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    guild_id   bigint      NOT NULL,
    actor_id   bigint      NOT NULL,
    actor_name text        NOT NULL,
    action     text        NOT NULL,
    allowed    boolean     NOT NULL,
    data       jsonb       NOT NULL DEFAULT '{}'
);

-- Parky's API owns this table and may have made it already: nothing is changed or dropped.
CREATE SCHEMA IF NOT EXISTS admin;
CREATE TABLE IF NOT EXISTS admin.notification_failures (
    id                  uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    attempted_at        timestamptz NOT NULL DEFAULT now(),
    channel             text        NOT NULL,
    severity            text,
    title               text,
    http_status         integer,
    retry_count         integer     NOT NULL DEFAULT 0,
    error_message       text,
    status              text        NOT NULL DEFAULT 'failed',
    fallback_email_sent boolean     NOT NULL DEFAULT false,
    payload             jsonb
);
-- An index only on a table that the line above has just made: an existing one is its owner's business.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = 'admin.notification_failures'::regclass AND NOT i.indisprimary) THEN
        IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'admin.notification_failures'::regclass), 'MEMBER') THEN
            CREATE INDEX notification_failures_newest ON admin.notification_failures (attempted_at DESC, id DESC);
        END IF;
    END IF;
END
$$;

-- migrate:down

DROP TABLE audit, dlq_replays, digests, triage_answers, triages, deliveries, escalation_steps, timeline, responders, incidents, guilds;
