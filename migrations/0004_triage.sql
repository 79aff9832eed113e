-- Triage in depth: what it started from, who took an answer back, and the clock of 再評価 in two stages.

-- migrate:up

-- reevaluate_at says when the clock strikes, whatever for. The column keeps its name, because the version that runs
-- while this is applied knows it; what reads and writes it calls it due_at.
ALTER TABLE triages
    DROP CONSTRAINT triages_status_check,
    ADD COLUMN channel_id        bigint,                    -- where somebody started it
    ADD COLUMN source_message_id bigint,                    -- the message there that it is about
    ADD COLUMN evidence          jsonb,                     -- {"text", "author_id", "author_name", "url", "at"}
    ADD COLUMN asked_at          timestamptz,               -- the running re-evaluation was asked about
    ADD COLUMN rounds            integer     NOT NULL DEFAULT 0,  -- how often it was put to re-evaluation
    ADD COLUMN held_by_name      text,
    ADD COLUMN taken_by_name     text,                      -- who looks at it again now
    ADD COLUMN ended_at          timestamptz,
    ADD COLUMN ended_by_name     text,
    ADD CONSTRAINT triages_status_check CHECK (
        status IN ('open', 'opened', 'reevaluating', 'dismissed', 'cancelled', 'expired'));

ALTER TABLE triage_answers
    ADD COLUMN withdrawn_by_id   bigint,
    ADD COLUMN withdrawn_by_name text;

DROP INDEX triages_to_reevaluate;
CREATE INDEX triages_due ON triages (reevaluate_at) WHERE reevaluate_at IS NOT NULL;
CREATE INDEX triages_open ON triages (guild_id, created_at) WHERE status = 'open';

-- Up to now a re-evaluation was asked about at once.
UPDATE triages SET rounds = 1, asked_at = created_at, held_by_name = user_name WHERE status = 'reevaluating';
UPDATE triages SET status = 'expired', ended_at = now()
 WHERE status = 'open' AND created_at < now() - interval '1 day';
UPDATE deliveries SET key = replace(key, ':reevaluate', ':asked:1') WHERE kind = 'reevaluation';

-- Messages that somebody pointed at, until the form that they opened comes back.
CREATE TABLE noted_messages (
    channel_id bigint      NOT NULL,
    message_id bigint      NOT NULL,
    evidence   jsonb       NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, message_id)
);

-- migrate:down

DROP TABLE noted_messages;
UPDATE deliveries SET key = replace(key, ':asked:1', ':reevaluate') WHERE kind = 'reevaluation';
UPDATE triages SET status = 'cancelled' WHERE status = 'expired';
DROP INDEX triages_open, triages_due;
ALTER TABLE triage_answers DROP COLUMN withdrawn_by_id, DROP COLUMN withdrawn_by_name;
UPDATE triages SET reevaluate_at = NULL WHERE status <> 'reevaluating';
ALTER TABLE triages
    DROP CONSTRAINT triages_status_check,
    DROP COLUMN channel_id, DROP COLUMN source_message_id, DROP COLUMN evidence, DROP COLUMN asked_at,
    DROP COLUMN rounds, DROP COLUMN held_by_name, DROP COLUMN taken_by_name, DROP COLUMN ended_at,
    DROP COLUMN ended_by_name,
    ADD CONSTRAINT triages_status_check CHECK (
        status IN ('open', 'opened', 'reevaluating', 'dismissed', 'cancelled'));
CREATE INDEX triages_to_reevaluate ON triages (reevaluate_at) WHERE status = 'reevaluating';
