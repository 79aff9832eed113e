-- Where the newest escalation of an incident is: the older ones point to it.

-- migrate:up

ALTER TABLE incidents
    ADD COLUMN escalation_channel_id bigint,
    ADD COLUMN escalation_message_id bigint,
    ADD COLUMN escalation_version    integer; -- the incident's version from which on the older ones point to it

-- migrate:down

ALTER TABLE incidents
    DROP COLUMN escalation_version,
    DROP COLUMN escalation_message_id,
    DROP COLUMN escalation_channel_id;
