-- A triage that nobody finishes: its person is asked whether they go on, then it is raised or offered to the team.

-- migrate:up

-- A clock of its own beside reevaluate_at: the version that runs while this is applied goes on forgetting walks after a
-- day, and strikes no other clock.
ALTER TABLE triages
    ADD COLUMN idle_due_at       timestamptz,                     -- when somebody must look whether it goes on
    ADD COLUMN idle_asked_at     timestamptz,                     -- its person was asked, and has not gone on since
    ADD COLUMN idle_asked_name   text,                            -- who that was
    ADD COLUMN idle_rounds       integer     NOT NULL DEFAULT 0,  -- how often somebody was asked
    ADD COLUMN continued_at      timestamptz,                     -- the last press of 続ける
    ADD COLUMN continued_by_id   bigint,
    ADD COLUMN continued_by_name text;
CREATE INDEX triages_idle ON triages (idle_due_at) WHERE idle_due_at IS NOT NULL;

-- migrate:down

DROP INDEX triages_idle;
ALTER TABLE triages
    DROP COLUMN idle_due_at, DROP COLUMN idle_asked_at, DROP COLUMN idle_asked_name, DROP COLUMN idle_rounds,
    DROP COLUMN continued_at, DROP COLUMN continued_by_id, DROP COLUMN continued_by_name;
