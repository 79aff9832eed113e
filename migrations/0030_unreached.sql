-- Who of the on-call cannot be reached by DM while an incident waits: its post says so. The version before this one
-- knows nothing of it and writes the default.

-- migrate:up

ALTER TABLE incidents ADD COLUMN unreached text[] NOT NULL DEFAULT '{}';     -- handles, as "@primary"

-- migrate:down

ALTER TABLE incidents DROP COLUMN unreached;
