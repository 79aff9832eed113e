-- An acknowledge may end before its incident does: it lapses, or whoever gave it lets go. The first one stays what MTTA
-- counts. The version before this one knows nothing of it: it shows such an incident as one that nobody is on.

-- migrate:up

ALTER TABLE incidents
    ADD COLUMN taken     jsonb,                     -- who is on it since then, after the first: {"id", "name", "at"}
    ADD COLUMN ack_ended jsonb;                     -- how the latest that ended did: {"who", "at", "lapsed"}
ALTER TABLE responders ADD COLUMN left_at timestamptz;      -- since then they are not on it any more

-- migrate:down

ALTER TABLE responders DROP COLUMN left_at;
ALTER TABLE incidents DROP COLUMN ack_ended, DROP COLUMN taken;
