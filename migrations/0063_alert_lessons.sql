-- What becomes of a message that the bot cannot read where the most severe alerts are: it is asked about, and tracked
-- once its time is over without an answer. And what people teach about messages that look alike. The version before
-- this one knows none of it: it tracks such a message at once, and asks again about what was taught.

-- migrate:up

ALTER TABLE alert_questions ADD COLUMN look text NOT NULL DEFAULT '';  -- what messages like it have in common
ALTER TABLE alert_questions ADD COLUMN tracks_at timestamptz;  -- when it is tracked unless somebody answers; null: never

-- Two more answers: resolved, chatter.
ALTER TABLE alert_questions DROP CONSTRAINT alert_questions_answer_check;

CREATE INDEX alert_questions_due ON alert_questions (tracks_at) WHERE tracks_at IS NOT NULL;

-- What messages mean that look alike, as a person has said.
CREATE TABLE alert_lessons (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild_id   bigint      NOT NULL,
    sender     text        NOT NULL,  -- as in alert_questions
    look       text        NOT NULL,
    says       text        NOT NULL,  -- firing, resolved or chatter
    title      text        NOT NULL,  -- of the message by which it was taught
    url        text        NOT NULL,
    by_id      bigint      NOT NULL,
    by_name    text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (guild_id, sender, look)
);

-- Counts how often a lesson was applied.
CREATE INDEX alert_decisions_by_lesson ON alert_decisions (guild_id, (detail ->> 'lesson')) WHERE detail ? 'lesson';

-- migrate:down

DROP INDEX alert_decisions_by_lesson;
DROP TABLE alert_lessons;
DROP INDEX alert_questions_due;
UPDATE alert_questions SET answer = 'ignored' WHERE answer NOT IN ('tracked', 'ignored');
ALTER TABLE alert_questions ADD CONSTRAINT alert_questions_answer_check CHECK (answer IN ('tracked', 'ignored'));
ALTER TABLE alert_questions DROP COLUMN tracks_at;
ALTER TABLE alert_questions DROP COLUMN look;
