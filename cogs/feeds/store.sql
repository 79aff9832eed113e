-- name: calendar_feed
-- Returns the address that a person has for a place, without its secret.
SELECT guild_id, user_id, place, user_name, username, made_at
  FROM calendar_feeds
 WHERE guild_id = :guild_id AND user_id = :user_id AND place = :place;

-- name: calendar_feed_by_secret
-- Returns the feed of a secret, in any guild.
SELECT guild_id, user_id, place, user_name, username, made_at
  FROM calendar_feeds
 WHERE secret_hash = :secret_hash;

-- name: add_calendar_feed
-- Adds a person's address for a place; none comes back if there is one, which stays.
INSERT INTO calendar_feeds (guild_id, user_id, place, user_name, username, secret_hash)
VALUES (:guild_id, :user_id, :place, :user_name, :username, :secret_hash)
ON CONFLICT (guild_id, user_id, place) DO NOTHING
RETURNING guild_id, user_id, place, user_name, username, made_at;

-- name: revoke_calendar_feed
-- Deletes a person's address for a place.
DELETE FROM calendar_feeds
 WHERE guild_id = :guild_id AND user_id = :user_id AND place = :place
RETURNING place;

-- name: unchecked_calendar_feeds
-- Returns people of a guild with addresses, a few of those whose membership was last looked at :since ago or earlier.
SELECT user_id, max(user_name) AS user_name, max(username) AS username
  FROM calendar_feeds
 WHERE guild_id = :guild_id
 GROUP BY user_id
HAVING min(checked_at) <= now() - :since::interval
 ORDER BY min(checked_at)
 LIMIT :most;

-- name: note_calendar_feeds_checked
-- Notes that a person is still of the team.
UPDATE calendar_feeds SET checked_at = now() WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: revoke_calendar_feeds
-- Deletes all addresses of a person.
DELETE FROM calendar_feeds WHERE guild_id = :guild_id AND user_id = :user_id RETURNING place;
