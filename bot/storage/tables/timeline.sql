-- name: timeline
-- Returns the timeline of an incident, oldest first.
SELECT * FROM timeline WHERE incident_id = :incident_id ORDER BY at, id;

-- name: pinned_in
-- Returns the incidents to which a message was pinned, in guild :guild_id (null: in any guild).
SELECT incident_id
  FROM timeline
  JOIN incidents ON incidents.id = incident_id
 WHERE timeline.kind = 'pinned' AND (data ->> 'message_id')::bigint = :message_id
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY incident_id;

-- name: audit
-- Records a change by a person, or a refusal.
INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
VALUES (now(), :guild_id, :actor_id, :actor_name, :action, :allowed, :data);

-- name: audit_rows
-- Returns rows of the audit log of guild :guild_id, the latest first: about one incident, since a time, refusals only,
-- or older than the row :before (null: not so).
SELECT *
  FROM audit
 WHERE guild_id = :guild_id
   AND (:incident_id::bigint IS NULL OR data ->> 'incident_id' = :incident_id::bigint::text)
   AND (:since::timestamptz IS NULL OR at >= :since)
   AND NOT (:refused AND allowed)
   AND (:before::bigint IS NULL OR id < :before)
 ORDER BY id DESC
 LIMIT :limit;

-- name: pin
-- Adds a pinned message to a timeline, once per incident and message. No row comes back if it is there already.
INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data)
VALUES (:incident_id, :at, 'pinned', :actor_id, :actor_name, :data)
ON CONFLICT (((data ->> 'message_id')::bigint), incident_id) WHERE kind = 'pinned' DO NOTHING
RETURNING id;

-- name: fill_pin
-- Adds the text of a pinned message that could not be read at first. No row comes back if it has a text.
UPDATE timeline
   SET data = data || :data
 WHERE incident_id = :incident_id
   AND kind = 'pinned'
   AND (data ->> 'message_id')::bigint = :message_id
   AND coalesce(data ->> 'text', '') = ''
RETURNING id;

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
