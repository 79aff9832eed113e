-- name: register_guild
-- Notes since when a guild is served; the first time stays.
INSERT INTO guilds (guild_id, installed_at) VALUES (:guild_id, now()) ON CONFLICT DO NOTHING;

-- name: guild_installed_at
-- Since when a guild is served.
SELECT installed_at FROM guilds WHERE guild_id = :guild_id;

-- name: guild_of_incident
-- Whose incident it is.
SELECT guild_id FROM incidents WHERE id = :incident_id;

-- name: guild_of_triage
-- Whose walk it is.
SELECT guild_id FROM triages WHERE id = :triage_id;

-- name: guild_of_delivery
-- Whose delivery it is.
SELECT guild_id FROM deliveries WHERE id = :delivery_id;
