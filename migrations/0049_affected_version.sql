-- The command sheet in an incident's thread is filled in by severity, targets and symptoms: when these change, it is
-- edited.

-- migrate:up

ALTER TABLE incidents ADD COLUMN affected_version integer; -- the version that last changed them; null: none has

-- migrate:down

ALTER TABLE incidents DROP COLUMN affected_version;
