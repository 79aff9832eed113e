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

-- name: note_changes
-- Stores deployments that sources have reported, given as arrays, each in the place of what was said of it before.
INSERT INTO reported_changes (guild_id, key, at, said_id, change)
SELECT :guild_id, key, at, :said_id, change::jsonb
  FROM unnest(:keys::text[], :moments::timestamptz[], :changes::text[]) AS given (key, at, change)
ON CONFLICT (guild_id, key) DO UPDATE SET at = excluded.at, said_id = excluded.said_id, change = excluded.change
 WHERE reported_changes.said_id < excluded.said_id;

-- name: reported_changes
-- Returns the deployments that were reported to a guild and begun from :since until :until, the newest :limit.
SELECT change
  FROM reported_changes
 WHERE guild_id = :guild_id AND at BETWEEN :since AND :until
 ORDER BY at DESC, key
 LIMIT :limit;

-- name: forget_reported_changes
-- Deletes at most a thousand deployments of any guild that were begun 14 days ago or earlier. Rows that another
-- transaction has locked are left for the next time. Returns how many were deleted.
WITH old_changes AS (
    DELETE FROM reported_changes
     WHERE ctid IN (SELECT ctid
                      FROM reported_changes
                     WHERE at < now() - interval '14 days'
                     LIMIT 1000
                       FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT count(*)::integer AS deleted FROM old_changes;
