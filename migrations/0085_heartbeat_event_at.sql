-- When the last event of a heartbeat was stored, so that none is earlier than the one before. The version before this one
-- does not write it.

-- migrate:up

ALTER TABLE heartbeats ADD COLUMN event_at timestamptz;

-- migrate:down

ALTER TABLE heartbeats DROP COLUMN event_at;
