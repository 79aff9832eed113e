-- What a duplicate was merged into may be made private later: its posts, which everybody reads, name it no more.

-- migrate:up

ALTER TABLE incidents ADD COLUMN merged_into_hidden boolean NOT NULL DEFAULT false;

-- Those that were made private before: the duplicate's posts say less as soon as anything edits them.
UPDATE incidents
   SET merged_into_hidden = true
  FROM incidents AS other
 WHERE other.id = incidents.merged_into_id AND other.is_private AND NOT incidents.is_private;

-- migrate:down

ALTER TABLE incidents DROP COLUMN merged_into_hidden;
