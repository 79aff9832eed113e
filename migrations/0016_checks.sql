-- What is done of the first-response sheet: the checks on the thread's card.

-- migrate:up

-- By the key of a step (`bot.domain.checklist`): who ticked it, and when. On the incident's row like its roles, so
-- that the card is rendered from one row; what was ticked and taken back stays on the timeline.
ALTER TABLE incidents ADD COLUMN checks jsonb NOT NULL DEFAULT '{}';

-- migrate:down

ALTER TABLE incidents DROP COLUMN checks;
