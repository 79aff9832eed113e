-- Who was called for a team, so that they count as having joined whoever is on call by then. The version before this one
-- judges by who is on call at the deadline.

-- migrate:up

ALTER TABLE team_calls ADD COLUMN called_ids bigint[] NOT NULL DEFAULT '{}';

-- migrate:down

ALTER TABLE team_calls DROP COLUMN called_ids;
