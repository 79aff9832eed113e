-- Maintenance that is planned: once at a time to come, or again and again. The version before this one begins none of
-- them; those that come while it runs begin late or are passed over.

-- migrate:up

CREATE TABLE alert_plans (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id    bigint      NOT NULL,
    target      text        NOT NULL,
    reason      text        NOT NULL,  -- may be empty
    said        text        NOT NULL,  -- when it comes, as a person wrote it
    rule        text        NOT NULL,  -- RFC 5545's RRULE in the policy's zone; empty: once
    first_at    timestamptz NOT NULL,  -- from when the rule counts
    lasts_s     integer     NOT NULL,
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    source      text,                  -- which entry of the policy it is; null: a person made it
    replaces_id bigint,                -- the plan that this one is an edit of
    kept_at     timestamptz,           -- null: a preview
    next_at     timestamptz,           -- when it begins next; null: never again
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX alert_plans_of_policy ON alert_plans (guild_id, source) WHERE source IS NOT NULL;
CREATE INDEX alert_plans_due ON alert_plans (next_at) WHERE next_at IS NOT NULL AND kept_at IS NOT NULL;

-- migrate:down

DROP TABLE alert_plans;
