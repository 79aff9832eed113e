-- name: member
-- Finds a person among the members of a private incident.
SELECT user_id FROM incident_members WHERE incident_id = :incident_id AND user_id = :user_id;

-- name: members
-- Returns the members of a private incident in the order they were added.
SELECT user_id FROM incident_members WHERE incident_id = :incident_id ORDER BY at, user_id;

-- name: removed_members
-- Returns the people who were removed from a private incident and not let in again.
SELECT user_id, username, at FROM removed_members WHERE incident_id = :incident_id ORDER BY at, user_id;

-- name: add_member
-- Gives a person access to a private incident. No row comes back if they are a member already.
INSERT INTO incident_members (incident_id, user_id, name, by_id, by_name)
VALUES (:incident_id, :user_id, :name, :by_id, :by_name)
ON CONFLICT DO NOTHING
RETURNING user_id;

-- name: remove_member
-- Removes a member from a private incident. No row comes back if they were none.
DELETE FROM incident_members WHERE incident_id = :incident_id AND user_id = :user_id RETURNING user_id;

-- name: keep_out
-- Records that a person was removed from a private incident, or removed once more.
INSERT INTO removed_members (incident_id, user_id, username, by_id, by_name)
VALUES (:incident_id, :user_id, :username, :by_id, :by_name)
ON CONFLICT (incident_id, user_id) DO UPDATE
   SET username = excluded.username, by_id = excluded.by_id, by_name = excluded.by_name, at = now()
RETURNING user_id;

-- name: readmit
-- Forgets that a person was removed from a private incident.
DELETE FROM removed_members WHERE incident_id = :incident_id AND user_id = :user_id RETURNING user_id;
