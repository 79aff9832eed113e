-- Who has got the email in a delivery's place: one whom the mail server did not take yet is tried again, alone.

-- migrate:up

-- `OnCallPerson.mailbox` of each. `emailed_at` says that nobody is left; the version before this one sets it alone.
ALTER TABLE deliveries ADD COLUMN emailed_to text[] NOT NULL DEFAULT '{}';

-- migrate:down

ALTER TABLE deliveries DROP COLUMN emailed_to;
