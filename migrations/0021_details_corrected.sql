-- An incident's title and start can be put right: the posts that say them for good, the thread's first line and its
-- name, are then edited once.

-- migrate:up

ALTER TABLE incidents ADD COLUMN details_version integer; -- the version that last put them right

-- migrate:down

ALTER TABLE incidents DROP COLUMN details_version;
