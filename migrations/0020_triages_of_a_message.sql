-- A message is triaged once: whoever points at it while that goes on joins in.

-- migrate:up

CREATE INDEX triages_of_message ON triages (source_message_id) WHERE source_message_id IS NOT NULL;

-- migrate:down

DROP INDEX triages_of_message;
