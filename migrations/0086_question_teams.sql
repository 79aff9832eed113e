-- Whose alert a message is that the bot has asked about, by the policy's pattern or channel; null: its target decides, or
-- it is the default team's. The version before this one does not write it.

-- migrate:up

ALTER TABLE alert_questions ADD COLUMN team text;

-- migrate:down

ALTER TABLE alert_questions DROP COLUMN team;
