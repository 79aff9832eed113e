-- name: insert_incident
-- A new incident, triggered at the transaction's time; no row comes back when the key is known.
INSERT INTO incidents (guild_id, key, severity, priority, title, targets, symptoms, path, started_at,
                       triggered_at, ack_due_at, reported_by_id, reported_by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), $10, $11, $12)
ON CONFLICT (key) DO NOTHING
RETURNING *;

-- name: incident_by_key
-- The incident that a key opened.
SELECT * FROM incidents WHERE key = $1;

-- name: incident
-- One incident.
SELECT * FROM incidents WHERE id = $1;

-- name: lock_incident
-- One incident, which nobody else changes until the commit. Rows that refer to it can still be added.
SELECT * FROM incidents WHERE id = $1 FOR NO KEY UPDATE;

-- name: incident_by_message
-- The incident of a sent message of one of the kinds $2.
SELECT incidents.*
  FROM deliveries
  JOIN incidents ON incidents.id = deliveries.incident_id
 WHERE deliveries.message_id = $1
   AND deliveries.status = 'sent'
   AND deliveries.kind = ANY ($2::text[])
 LIMIT 1;

-- name: incident_by_thread
-- The incident of a thread.
SELECT * FROM incidents WHERE thread_id = $1;

-- name: save_incident
-- Writes what a decision changed: no row comes back when somebody else's change came first.
UPDATE incidents
   SET status = $3,
       acknowledged_at = $4, acknowledged_by_id = $5, acknowledged_by_name = $6,
       resolved_at = $7, resolved_by_id = $8, resolved_by_name = $9,
       version = $2
 WHERE id = $1 AND version = $2 - 1
RETURNING id;

-- name: set_details
-- Replaces what is known of where and how; grows the version.
UPDATE incidents
   SET targets = $2, symptoms = $3, version = version + 1
 WHERE id = $1
RETURNING *;

-- name: set_places
-- Remembers where the alert or the thread is, keeping what is not given; grows the version.
UPDATE incidents
   SET alert_channel_id = coalesce($2, alert_channel_id),
       alert_message_id = coalesce($3, alert_message_id),
       thread_id = coalesce($4, thread_id),
       version = version + 1
 WHERE id = $1
RETURNING *;

-- name: add_responder
-- Puts somebody on the list once: no row comes back when they were on it.
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING user_id;

-- name: open_incidents
-- Of a guild, not resolved, oldest first.
SELECT * FROM incidents
 WHERE guild_id = $1 AND status <> 'resolved'
 ORDER BY triggered_at, id;

-- name: list_incidents
-- Of a guild, newest first, of one status unless $2 is null.
SELECT * FROM incidents
 WHERE guild_id = $1 AND ($2::text IS NULL OR status = $2)
 ORDER BY triggered_at DESC, id DESC
 LIMIT $3 OFFSET $4;

-- name: incidents_between
-- Of a guild, triggered in [$2, $3), oldest first.
SELECT * FROM incidents
 WHERE guild_id = $1 AND triggered_at >= $2 AND triggered_at < $3
 ORDER BY triggered_at, id;

-- name: unacknowledged_incidents
-- Still triggered, of all guilds, oldest first.
SELECT * FROM incidents WHERE status = 'triggered' ORDER BY triggered_at, id;
