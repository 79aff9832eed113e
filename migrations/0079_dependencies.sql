-- Alerts that an open incident of what they depend on holds back. The version before this one tracks them at once, and
-- does not look for those that are held.

-- migrate:up

ALTER TABLE alert_decisions ADD COLUMN held_by bigint;  -- the incident that has held it
CREATE INDEX alert_decisions_held_by ON alert_decisions (held_by, fingerprint) WHERE held_by IS NOT NULL;

-- migrate:down

DROP INDEX alert_decisions_held_by;
ALTER TABLE alert_decisions DROP COLUMN held_by;
