-- Who was on the incident when a team was called: they are not called, and their being there answers nothing. The version
-- before this one calls them all the same.

-- migrate:up

ALTER TABLE team_calls ADD COLUMN before_ids bigint[] NOT NULL DEFAULT '{}';

-- migrate:down

ALTER TABLE team_calls DROP COLUMN before_ids;
