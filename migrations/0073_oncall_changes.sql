-- What each change of who is on call added and ended, so that it can be undone. The version before this one never
-- reads the table.

-- migrate:up

CREATE TABLE oncall_changes (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id        bigint      NOT NULL,
    action          text        NOT NULL,              -- as the audit log has it
    places          text[]      NOT NULL,
    overrides_added bigint[]    NOT NULL,
    overrides_ended bigint[]    NOT NULL,
    schedules_added bigint[]    NOT NULL,
    schedules_ended bigint[]    NOT NULL,
    by_id           bigint      NOT NULL,
    by_name         text        NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    undone_at       timestamptz,
    undone_by_name  text
);
CREATE INDEX oncall_changes_by_guild ON oncall_changes (guild_id, id);

-- migrate:down

DROP TABLE oncall_changes;
