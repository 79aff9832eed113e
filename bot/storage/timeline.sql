-- name: timeline
-- An incident's history, oldest first.
SELECT * FROM timeline WHERE incident_id = $1 ORDER BY at, id;

-- name: pin
-- Appends a message of the thread, once per incident and message: no row comes back when it is there already.
INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data)
VALUES ($1, $2, 'pinned', $3, $4, $5)
ON CONFLICT (((data ->> 'message_id')::bigint), incident_id) WHERE kind = 'pinned' DO NOTHING
RETURNING id;

-- name: fill_pin
-- Gives a pinned message the words that could not be read at first: no row comes back when it has some.
UPDATE timeline
   SET data = data || $3
 WHERE incident_id = $1
   AND kind = 'pinned'
   AND (data ->> 'message_id')::bigint = $2
   AND coalesce(data ->> 'text', '') = ''
RETURNING id;

-- name: pinned_in
-- The incidents that a message was pinned to; of the guild $2 unless null.
SELECT incident_id
  FROM timeline
  JOIN incidents ON incidents.id = incident_id
 WHERE timeline.kind = 'pinned' AND (data ->> 'message_id')::bigint = $1
   AND ($2::bigint IS NULL OR guild_id = $2)
 ORDER BY incident_id;
