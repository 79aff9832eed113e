-- Who changed the severity last, when and why: the posts say so in the place of the triage's path, which led to another
-- severity. The version before this one knows nothing of it and shows the path; what it writes does not agree with the
-- severity any more, and is not shown.

-- migrate:up

ALTER TABLE incidents ADD COLUMN severity_changed jsonb; -- {"before", "after", "by", "at", "reason", "merged"}

-- migrate:down

ALTER TABLE incidents DROP COLUMN severity_changed;
