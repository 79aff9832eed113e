-- What is kept of a wait for a responder, so that neither an acknowledge that ended nor a change of severity loses it.

-- migrate:up

-- When an acknowledge ends, the bot reads which messages have no 👀 of the responder: one that appears there later is new.
-- The version before this one takes every 👀 of a former responder on an earlier message for an old one.
ALTER TABLE responders ADD COLUMN unmarked bigint[] NOT NULL DEFAULT '{}';  -- messages without their 👀, since left_at

-- A change of severity starts a ladder that counts from when the incident first was that severe. Null: from starts_at.
ALTER TABLE escalation_steps ADD COLUMN counts_from timestamptz;

-- migrate:down

ALTER TABLE escalation_steps DROP COLUMN counts_from;
ALTER TABLE responders DROP COLUMN unmarked;
