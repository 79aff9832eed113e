-- name: attachments
-- Returns files by their keys, in guild :guild_id (null: in any guild).
SELECT key, guild_id, incident_id, filename, content
  FROM attachments
 WHERE key = ANY (:keys::text[]) AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: add_attachment
-- Stores a file. A known key keeps its content: a message may carry it already.
INSERT INTO attachments (key, guild_id, incident_id, filename, content)
VALUES (:key, :guild_id, :incident_id, :filename, :content)
ON CONFLICT (key) DO NOTHING;

-- name: remove_attachments
-- Removes files.
DELETE FROM attachments WHERE key = ANY (:keys::text[]);
