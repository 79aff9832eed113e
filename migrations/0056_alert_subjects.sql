-- What an alert is about, in words that stay the same in every version: by it an alert is found again whose fingerprint
-- is made otherwise by now, and the one that a recovery is about. Null: opened by a version before this one, which finds
-- alerts by their fingerprints alone.

-- migrate:up

ALTER TABLE incidents ADD COLUMN subject text;
ALTER TABLE alert_questions ADD COLUMN subject text;

-- Finds what a monitor has open: see the query alerts_of_sender.
CREATE INDEX incidents_by_sender ON incidents (guild_id, reported_by_id, id)
 WHERE status IN ('triggered', 'acknowledged', 'merged');

-- migrate:down

DROP INDEX incidents_by_sender;
ALTER TABLE alert_questions DROP COLUMN subject;
ALTER TABLE incidents DROP COLUMN subject;
