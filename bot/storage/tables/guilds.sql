-- name: guild_of_incident
-- Returns the guild of an incident.
SELECT guild_id FROM incidents WHERE id = :incident_id;

-- name: guild_of_triage
-- Returns the guild of a triage.
SELECT guild_id FROM triages WHERE id = :triage_id;

-- name: guild_of_delivery
-- Returns the guild of a delivery.
SELECT guild_id FROM deliveries WHERE id = :delivery_id;
