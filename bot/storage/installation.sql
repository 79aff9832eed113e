-- name: installation
-- What all instances share.
SELECT id, link_key FROM installation;

-- name: use_link
-- Notes that a link acknowledges: no row comes back when it has before.
INSERT INTO used_links (id, incident_id, used_at) VALUES (:link_id, :incident_id, now())
ON CONFLICT DO NOTHING
RETURNING id;

-- name: used_link
-- A link that has acknowledged.
SELECT id FROM used_links WHERE id = :link_id;
