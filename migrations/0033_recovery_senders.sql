-- Who has said that an alert is over, and where: one that several monitors post is over when all of them have said so.
-- Empty: the version before this one has noted it, and nobody knows.

-- migrate:up

ALTER TABLE alert_recoveries
    ADD COLUMN channel_id bigint,
    ADD COLUMN sender     text;  -- author id:name, as alert_messages has it

-- migrate:down

ALTER TABLE alert_recoveries DROP COLUMN channel_id, DROP COLUMN sender;
