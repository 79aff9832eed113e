-- How often a sender was asked about lately: one that posts by the second is not asked about by the second.

-- migrate:up

CREATE INDEX alert_questions_by_sender ON alert_questions (guild_id, channel_id, sender, asked_at);

-- migrate:down

DROP INDEX alert_questions_by_sender;
