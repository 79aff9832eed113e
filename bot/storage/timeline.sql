-- name: timeline
-- An incident's history, oldest first.
SELECT * FROM timeline WHERE incident_id = :incident_id ORDER BY at, id;

-- name: pin
-- Appends a message of the thread, once per incident and message: no row comes back when it is there already.
INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data)
VALUES (:incident_id, :at, 'pinned', :actor_id, :actor_name, :data)
ON CONFLICT (((data ->> 'message_id')::bigint), incident_id) WHERE kind = 'pinned' DO NOTHING
RETURNING id;

-- name: fill_pin
-- Gives a pinned message the words that could not be read at first: no row comes back when it has some.
UPDATE timeline
   SET data = data || :data
 WHERE incident_id = :incident_id
   AND kind = 'pinned'
   AND (data ->> 'message_id')::bigint = :message_id
   AND coalesce(data ->> 'text', '') = ''
RETURNING id;

-- name: pinned_in
-- The incidents that a message was pinned to; of the guild :guild_id unless null.
SELECT incident_id
  FROM timeline
  JOIN incidents ON incidents.id = incident_id
 WHERE timeline.kind = 'pinned' AND (data ->> 'message_id')::bigint = :message_id
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY incident_id;
