-- On call: who stands in for whom, schedules that were set from chat, and when somebody must look next. A ladder
-- may repeat its last rung.

-- migrate:up

-- The ladder's last rung may come again and again: each time is a row of its own.
ALTER TABLE escalation_steps
    ADD COLUMN repeat_every interval,
    ADD COLUMN repeats_left integer;                    -- NULL: until somebody answers

-- Somebody stands at a place from one moment to another, whatever any schedule says.
CREATE TABLE oncall_overrides (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    place         text        NOT NULL,
    user_id       bigint,                              -- NULL: somebody of the policy file, by username
    username      text        NOT NULL,
    name          text        NOT NULL,                -- as they were called then
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    reason        text        NOT NULL DEFAULT '',
    is_swap       boolean     NOT NULL DEFAULT false,
    by_id         bigint      NOT NULL,
    by_name       text        NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz,                         -- taken back: it counts until then
    ended_by_id   bigint,
    ended_by_name text,
    CHECK (starts_at < ends_at)
);
CREATE INDEX oncall_overrides_by_end ON oncall_overrides (guild_id, ends_at);

-- Who stands at a place until further notice: set, a rotation, or shifts that were imported. It goes over the policy
-- file; of several that count at a moment the one that was put into force last does.
CREATE TABLE oncall_schedules (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id      bigint      NOT NULL,
    place         text        NOT NULL,
    content       jsonb       NOT NULL,                -- {"person"} | {"rotation"} | {"shifts"}
    by_id         bigint      NOT NULL,
    by_name       text        NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    starts_at     timestamptz,                         -- in force since then; NULL: a draft that nobody has confirmed
    ended_at      timestamptz,
    ended_by_id   bigint,
    ended_by_name text,
    CHECK (ended_at IS NULL OR starts_at IS NOT NULL)
);
CREATE INDEX oncall_schedules_in_force ON oncall_schedules (guild_id, starts_at)
    WHERE starts_at IS NOT NULL AND ended_at IS NULL;

-- What was told of each guild's on-call, and when somebody must look again.
CREATE TABLE oncall_watches (
    guild_id bigint      PRIMARY KEY,
    standing jsonb       NOT NULL,                     -- {"primary": handle}: as it was told last
    told     integer     NOT NULL DEFAULT 0,           -- handovers so far: the next one's key
    checked  text[]      NOT NULL DEFAULT '{}',        -- coming shifts whose people were looked at
    next_at  timestamptz NOT NULL
);
CREATE INDEX oncall_watches_due ON oncall_watches (next_at);

-- migrate:down

DROP TABLE oncall_watches, oncall_schedules, oncall_overrides;
ALTER TABLE escalation_steps DROP COLUMN repeats_left, DROP COLUMN repeat_every;
