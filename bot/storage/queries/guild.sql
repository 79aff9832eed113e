-- name: register_guild
-- Notes since when a guild is served; the first time stays.
INSERT INTO guilds (guild_id, installed_at) VALUES ($1, now()) ON CONFLICT DO NOTHING;

-- name: guild_installed_at
-- Since when a guild is served.
SELECT installed_at FROM guilds WHERE guild_id = $1;

-- name: try_writing
-- Writes what is there already; fails when nothing can be written.
UPDATE guilds SET installed_at = installed_at;
