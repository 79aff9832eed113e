-- Planned maintenance that ends at a time of day also when clocks change in between.

-- migrate:up

ALTER TABLE alert_plans ADD COLUMN by_clock boolean NOT NULL DEFAULT false;  -- lasts_s counts what clocks on a wall show

-- migrate:down

ALTER TABLE alert_plans DROP COLUMN by_clock;
