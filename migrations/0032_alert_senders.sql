-- Who has posted each message that was counted on an alert: two monitors may call their alerts the same, and one of them
-- being over says nothing of the other. Empty: the version before this one has counted it, and nobody knows.

-- migrate:up

ALTER TABLE alert_messages ADD COLUMN sender text;          -- author id:name, as alert_questions has it

-- migrate:down

ALTER TABLE alert_messages DROP COLUMN sender;
