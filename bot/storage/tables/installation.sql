-- name: installation
-- Returns the facts that all processes on this database share.
SELECT id, link_key FROM installation;

-- name: register_guild
-- Records the time from which a guild is served. The first time stays.
INSERT INTO guilds (guild_id, installed_at) VALUES (:guild_id, now()) ON CONFLICT DO NOTHING;

-- name: guild_installed_at
-- Returns the time from which a guild is served.
SELECT installed_at FROM guilds WHERE guild_id = :guild_id;
