-- The picture beside a postmortem: its description and the version that it is of; the shas of the pictures that the
-- bot has written to the code host, or was about to write. The version before this one never reads the columns.

-- migrate:up

ALTER TABLE postmortem_documents
    ADD COLUMN picture         text,
    ADD COLUMN picture_version integer;

ALTER TABLE postmortem_pulls ADD COLUMN pictures text[] NOT NULL DEFAULT '{}';

-- migrate:down

ALTER TABLE postmortem_pulls DROP COLUMN pictures;

ALTER TABLE postmortem_documents
    DROP COLUMN picture_version,
    DROP COLUMN picture;
