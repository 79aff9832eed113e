-- Outages of Discord and of this database: what all instances share, and what became of posts that were late.

-- migrate:up

-- What makes this installation itself. Two random UUIDs (2 x 122 bits) sign the links that go out by email.
CREATE TABLE installation (
    only_one  boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    id        uuid        NOT NULL DEFAULT gen_random_uuid(),   -- part of every nonce
    link_key  text        NOT NULL DEFAULT gen_random_uuid()::text || gen_random_uuid()::text,
    beaten_at timestamptz                                       -- the last time that a write was tried here
);
INSERT INTO installation DEFAULT VALUES;

-- Links to acknowledge by: a row once one is used.
CREATE TABLE used_links (
    id          text        PRIMARY KEY,
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    used_at     timestamptz NOT NULL
);

ALTER TABLE deliveries
    ADD COLUMN held_at timestamptz,                             -- since when it waits for Discord to be back
    ADD COLUMN is_late boolean NOT NULL DEFAULT false;          -- its message says that it comes late
CREATE INDEX deliveries_held ON deliveries (incident_id, id) WHERE held_at IS NOT NULL AND status IN ('pending', 'sending');

-- migrate:down

DROP INDEX deliveries_held;
ALTER TABLE deliveries DROP COLUMN is_late, DROP COLUMN held_at;
DROP TABLE used_links, installation;
