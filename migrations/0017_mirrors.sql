-- Whoever may have told people while this database was away says so before anybody tells them again.

-- migrate:up

ALTER TABLE installation
    ADD COLUMN gone_at timestamptz,                             -- the last write before the last silence
    ADD COLUMN back_at timestamptz;                             -- the first one after it

-- Every process's copy of the deadlines to come, by the id in its file: see bot/services/emergency.py. The times are of
-- the clock that nobody moves, since it is about time that really passes.
CREATE TABLE mirrors (
    id       uuid        PRIMARY KEY,
    guild_id bigint,                                            -- NULL: of every guild
    told_at  timestamptz NOT NULL                               -- the last time that it had nothing to tell
);

-- migrate:down

DROP TABLE mirrors;
ALTER TABLE installation DROP COLUMN back_at, DROP COLUMN gone_at;
