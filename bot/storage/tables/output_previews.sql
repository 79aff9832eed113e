-- name: add_output_preview
-- Stores a preview, unless it is there, and deletes those that are a day old.
WITH old AS (
    DELETE FROM output_previews WHERE created_at < now() - interval '1 day'
)
INSERT INTO output_previews (id, guild_id, incident_id, by_id, key, text, counts, topic, url)
VALUES (:id, :guild_id, :incident_id, :by_id, :key, :text, :counts, :topic, :url)
ON CONFLICT (id) DO NOTHING;

-- name: take_output_preview
-- Deletes a preview of one person and returns it.
DELETE FROM output_previews
 WHERE id = :preview_id AND incident_id = :incident_id AND by_id = :by_id
RETURNING id, guild_id, incident_id, by_id, key, text, counts, topic, url;
