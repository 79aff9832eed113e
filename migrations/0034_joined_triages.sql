-- A triage may end in an incident that others have raised: it has joined that one. Its status is 'opened' as before, so
-- that the version before this one, which knows no other end in an incident, reads it as one that was raised.

-- migrate:up

ALTER TABLE triages ADD COLUMN joined boolean NOT NULL DEFAULT false;

-- migrate:down

ALTER TABLE triages DROP COLUMN joined;
