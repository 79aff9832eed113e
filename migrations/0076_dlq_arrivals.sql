-- Undelivered notifications that have arrived since. The version before this one goes on without knowing.

-- migrate:up

ALTER TABLE dlq_seen ADD COLUMN burst_id bigint;  -- the message that tells of it, if one does
CREATE INDEX dlq_seen_by_burst ON dlq_seen (burst_id) WHERE burst_id IS NOT NULL;
ALTER TABLE dlq_bursts ADD COLUMN arrived jsonb NOT NULL DEFAULT '[]';  -- the ids of those that have arrived since

-- Messages that an outage held back and that were sent later.
CREATE INDEX deliveries_sent_late ON deliveries (guild_id) WHERE held_at IS NOT NULL AND status = 'sent';

-- migrate:down

DROP INDEX deliveries_sent_late;
ALTER TABLE dlq_bursts DROP COLUMN arrived;
DROP INDEX dlq_seen_by_burst;
ALTER TABLE dlq_seen DROP COLUMN burst_id;
