-- Whoever stands on call without an end is looked at once a day: when next, and what was told of them. The version
-- before this one knows neither, and looks only at those who come on.

-- migrate:up

ALTER TABLE oncall_watches
    ADD COLUMN look_at timestamptz,                     -- empty until somebody has first looked who stands there
    ADD COLUMN lacking jsonb NOT NULL DEFAULT '{}';     -- {handle: ["no_role:on-call", ...]}: what is known of them

-- migrate:down

ALTER TABLE oncall_watches DROP COLUMN lacking, DROP COLUMN look_at;
