-- How far the responders have come: investigating, identified or monitoring, as the last status update that named one
-- has it. Null: none has. The version before this one neither shows nor changes it.

-- migrate:up

ALTER TABLE incidents ADD COLUMN phase text;

-- migrate:down

ALTER TABLE incidents DROP COLUMN phase;
