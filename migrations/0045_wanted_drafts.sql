-- The drafts of owed postmortems that have to be made, so that a lost job is noticed. The version before this one
-- drafts by its jobs alone, and leaves these columns as they are.

-- migrate:up

ALTER TABLE postmortems
    ADD COLUMN draft_wanted integer NOT NULL DEFAULT 0, -- how often a draft was asked for
    ADD COLUMN draft_at     timestamptz;                -- when the draft is due; null: it says all that is known
CREATE INDEX postmortems_to_draft ON postmortems (draft_at) WHERE draft_at IS NOT NULL;

-- migrate:down

ALTER TABLE postmortems DROP COLUMN draft_at, DROP COLUMN draft_wanted;
