-- name: installation
-- Returns the facts that all processes on this database share.
SELECT id, link_key FROM installation;

-- name: register_guild
-- Records the time from which a guild is served. The first time stays.
INSERT INTO guilds (guild_id, installed_at) VALUES (:guild_id, now()) ON CONFLICT DO NOTHING;

-- name: guild_installed_at
-- Returns the time from which a guild is served.
SELECT installed_at FROM guilds WHERE guild_id = :guild_id;

-- name: guild_of_incident
-- Returns the guild of an incident.
SELECT guild_id FROM incidents WHERE id = :incident_id;

-- name: guild_of_triage
-- Returns the guild of a triage.
SELECT guild_id FROM triages WHERE id = :triage_id;

-- name: guild_of_delivery
-- Returns the guild of a delivery.
SELECT guild_id FROM deliveries WHERE id = :delivery_id;
