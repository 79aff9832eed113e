-- Absences that come from people's calendar files. The version before this one reads none of these files.

-- migrate:up

ALTER TABLE absences ADD COLUMN calendar text;         -- the key of the policy's calendars; null: recorded in chat

CREATE TABLE absence_calendars (
    guild_id bigint      NOT NULL,
    handle   text        NOT NULL,                     -- whose file it is, as the policy has it
    seen     text        NOT NULL DEFAULT '',          -- path, zone, size and time of the file when it was read
    read_at  timestamptz NOT NULL DEFAULT now(),
    problem  text        NOT NULL DEFAULT '',          -- why it could not be used then; empty: it could
    PRIMARY KEY (guild_id, handle)
);

-- migrate:down

DROP TABLE absence_calendars;
ALTER TABLE absences DROP COLUMN calendar;
