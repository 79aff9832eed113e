-- name: installation
-- Returns the facts that all processes on this database share.
SELECT id, link_key FROM installation;

-- name: use_link
-- Records that an acknowledge link was used. No row comes back if it was used before.
INSERT INTO used_links (id, incident_id, used_at) VALUES (:link_id, :incident_id, now())
ON CONFLICT DO NOTHING
RETURNING id;

-- name: used_link
-- Finds an acknowledge link that was used.
SELECT id FROM used_links WHERE id = :link_id;
