-- Figures of a period: the DMs that arrived in it are counted by their time.

-- migrate:up

CREATE INDEX deliveries_paged ON deliveries (guild_id, finished_at)
 WHERE kind IN ('page', 'bundle') AND status = 'sent' AND bundle_id IS NULL;

-- migrate:down

DROP INDEX deliveries_paged;
