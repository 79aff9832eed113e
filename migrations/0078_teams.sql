-- Whose incident it is. The version before this one knows only the default team.

-- migrate:up

ALTER TABLE incidents ADD COLUMN team text; -- its name in the policy; null: the default team

-- migrate:down

ALTER TABLE incidents DROP COLUMN team;
