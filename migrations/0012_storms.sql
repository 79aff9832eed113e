-- Storms: many steps due at once are decided together, and one message tells of many escalations.

-- migrate:up

-- How grave the incident was when its ladder began: the order in which steps are decided. Steps of a version
-- that does not know of it are decided first rather than last.
ALTER TABLE escalation_steps ADD COLUMN priority integer NOT NULL DEFAULT 100;

-- The message that tells of this delivery together with others, instead of one of its own.
ALTER TABLE deliveries ADD COLUMN bundle_id bigint REFERENCES deliveries;
CREATE INDEX deliveries_by_bundle ON deliveries (bundle_id) WHERE bundle_id IS NOT NULL;
CREATE INDEX deliveries_to_bundle ON deliveries (target, kind)
 WHERE status = 'pending' AND bundle_id IS NULL AND kind IN ('page', 'escalation', 'bundle');

-- Whom the sweep and the periodic reading of reactions look at, page by page.
CREATE INDEX incidents_waiting ON incidents (id) WHERE status = 'triggered';

-- migrate:down

DROP INDEX incidents_waiting;
DROP INDEX deliveries_to_bundle;
DROP INDEX deliveries_by_bundle;
ALTER TABLE deliveries DROP COLUMN bundle_id;
ALTER TABLE escalation_steps DROP COLUMN priority;
