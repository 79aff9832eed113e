-- name: insert_incident
-- A new incident, triggered at the transaction's time unless $21 says another one; no row comes back when the key is known.
INSERT INTO incidents (guild_id, key, severity, priority, title, targets, symptoms, path, started_at,
                       triggered_at, ack_due_at, reported_by_id, reported_by_name,
                       kind, is_drill, rings, is_private, source, source_message_id, fingerprint, last_seen_at,
                       thread_channel)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($21, now()), $10, $11, $12,
        $13, $14, $15, $16, $17, $18, $19, CASE WHEN $19::text IS NOT NULL THEN now() END,
        $20)
ON CONFLICT (key) DO NOTHING
RETURNING *;

-- name: incident_by_key
-- The incident that a key opened.
SELECT * FROM incidents WHERE key = $1;

-- name: incident
-- One incident, of the guild $2 unless null.
SELECT * FROM incidents WHERE id = $1 AND ($2::bigint IS NULL OR guild_id = $2);

-- name: incident_of_delivery
-- The incident that a delivery is about, if it is about one.
SELECT incidents.* FROM deliveries JOIN incidents ON incidents.id = incident_id WHERE deliveries.id = $1;

-- name: lock_incident
-- One incident, of the guild $2 unless null, which nobody else changes until the commit. Rows that refer to it can still be added.
SELECT * FROM incidents WHERE id = $1 AND ($2::bigint IS NULL OR guild_id = $2) FOR NO KEY UPDATE;

-- name: incident_by_message
-- The incident of a sent message of one of the kinds $2, or of an alert that somebody else has posted; of the
-- guild $3 unless null.
SELECT incidents.*
  FROM deliveries
  JOIN incidents ON incidents.id = deliveries.incident_id
 WHERE deliveries.message_id = $1
   AND deliveries.status = 'sent'
   AND deliveries.kind = ANY ($2::text[])
   AND ($3::bigint IS NULL OR incidents.guild_id = $3)
UNION ALL
SELECT incidents.*
  FROM alert_messages
  JOIN incidents ON incidents.id = alert_messages.incident_id
 WHERE alert_messages.message_id = $1
   AND ($3::bigint IS NULL OR incidents.guild_id = $3)
 LIMIT 1;

-- name: incident_by_thread
-- The incident of a thread: the current one, or one that a severity change has left behind; of the guild $2
-- unless null.
SELECT * FROM incidents WHERE thread_id = $1 AND ($2::bigint IS NULL OR guild_id = $2)
UNION ALL
SELECT incidents.*
  FROM deliveries
  JOIN incidents ON incidents.id = deliveries.incident_id
 WHERE deliveries.message_id = $1 AND deliveries.kind IN ('thread', 'private_thread')
   AND ($2::bigint IS NULL OR incidents.guild_id = $2)
 LIMIT 1;

-- name: save_incident
-- Writes what a decision changed: no row comes back when somebody else's change came first.
UPDATE incidents
   SET status = $3,
       acknowledged_at = $4, acknowledged_by_id = $5, acknowledged_by_name = $6,
       resolved_at = $7, resolved_by_id = $8, resolved_by_name = $9,
       severity = $10, priority = $11, ack_due_at = $12, kind = $13, is_private = $14, merged_into_id = $15,
       posting = $16, thread_posting = $17, roles = $18, last_update = $19, next_update_at = $20,
       reminders = $21, archive_at = $22, occurrences = $23, last_seen_at = $24,
       thread_channel = $25,
       reopened_at = $26, reopened_by_id = $27, reopened_by_name = $28, first_ended_at = $29, remind_at = $30,
       duplicates = $31, linked = $32, checks = $33, merged_into_hidden = $34,
       title = $35, started_at = $36, details_version = $37, unreached = $38,
       taken = $39, ack_ended = $40,
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

-- name: join
-- Puts somebody on the list of an incident that is open, of the guild $5 unless null: no row comes back when they are
-- on it. Somebody who had left comes after those who stayed.
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
SELECT id, $2, $3, $4, now()
  FROM incidents
 WHERE id = $1 AND status IN ('triggered', 'acknowledged') AND ($5::bigint IS NULL OR guild_id = $5)
ON CONFLICT (incident_id, user_id) DO UPDATE SET left_at = NULL, joined_at = now()
 WHERE responders.left_at IS NOT NULL
RETURNING user_id;

-- name: leave_incident
-- $2 is not on it any more, or nobody is when that is null.
UPDATE responders SET left_at = now()
 WHERE incident_id = $1 AND ($2::bigint IS NULL OR user_id = $2) AND left_at IS NULL
RETURNING user_id;

-- name: on_it
-- Who is on it, in the order in which they came.
SELECT user_id, name FROM responders WHERE incident_id = $1 AND left_at IS NULL ORDER BY joined_at, user_id;

-- name: who_left
-- Who has been on it and is not any more.
SELECT user_id FROM responders WHERE incident_id = $1 AND left_at IS NOT NULL;

-- name: responders
-- Who has acknowledged it or joined, in that order.
SELECT user_id, name FROM responders WHERE incident_id = $1 ORDER BY joined_at, user_id;

-- name: open_incidents
-- Of a guild, not ended, oldest first.
SELECT * FROM incidents
 WHERE guild_id = $1 AND status IN ('triggered', 'acknowledged')
 ORDER BY triggered_at, id;

-- name: list_incidents
-- Of a guild: the unacknowledged, then the other open ones, each by severity ($12, the gravest first) and newest
-- first; then those that have ended, newest first. A filter that is null (or an empty list) admits everything; a
-- private one is shown to whoever sees all ($7) and to its named members ($6). $9: whom it involves.
SELECT * FROM incidents
 WHERE guild_id = $1
   AND (cardinality($2::text[]) = 0 OR status = ANY ($2))
   AND ($3::text IS NULL OR severity = $3)
   AND ($4::text IS NULL OR strpos(lower(title), lower($4)) > 0)
   AND ($5::timestamptz IS NULL OR triggered_at >= $5)
   AND (NOT is_private OR $7 OR EXISTS (
        SELECT FROM incident_members WHERE incident_id = incidents.id AND user_id = $6))
   AND ($8 OR NOT is_drill)
   AND ($9::bigint IS NULL OR reported_by_id = $9
        OR EXISTS (SELECT FROM responders WHERE incident_id = incidents.id AND user_id = $9)
        OR EXISTS (SELECT FROM jsonb_each(roles) AS held WHERE (held.value ->> 'id')::bigint = $9))
 ORDER BY CASE status WHEN 'triggered' THEN 0 WHEN 'acknowledged' THEN 1 ELSE 2 END,
       CASE WHEN status IN ('triggered', 'acknowledged') THEN array_position($12::text[], severity) END,
       triggered_at DESC, id DESC
 LIMIT $10 OFFSET $11;

-- name: related_incidents
-- Linked with one, or merged into it, oldest first; of the guild $2 unless null.
SELECT * FROM incidents
 WHERE (merged_into_id = $1
        OR id IN (SELECT related_id FROM incident_links WHERE incident_id = $1
                  UNION
                  SELECT incident_id FROM incident_links WHERE related_id = $1))
   AND ($2::bigint IS NULL OR guild_id = $2)
 ORDER BY triggered_at, id;

-- name: link_incidents
-- Notes that two incidents have to do with each other, the smaller number first: no row comes back when known.
INSERT INTO incident_links (incident_id, related_id, by_id, by_name)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
RETURNING incident_id;

-- name: unlink_incidents
-- Forgets a link, the smaller number first: no row comes back when there is none.
DELETE FROM incident_links WHERE incident_id = $1 AND related_id = $2 RETURNING incident_id;

-- name: linked_incidents
-- Linked with one by somebody, oldest first; of the guild $2 unless null.
SELECT * FROM incidents
 WHERE id IN (SELECT related_id FROM incident_links WHERE incident_id = $1
              UNION
              SELECT incident_id FROM incident_links WHERE related_id = $1)
   AND ($2::bigint IS NULL OR guild_id = $2)
 ORDER BY triggered_at, id;

-- name: incidents_between
-- Of a guild, triggered in [$2, $3), oldest first.
SELECT * FROM incidents
 WHERE guild_id = $1 AND triggered_at >= $2 AND triggered_at < $3
 ORDER BY triggered_at, id;

-- name: unacknowledged_incidents
-- Still triggered, with a number greater than $1, $2 at most; of the guild $3, or of all when it is null.
SELECT * FROM incidents
 WHERE status = 'triggered' AND id > $1 AND ($3::bigint IS NULL OR guild_id = $3)
 ORDER BY id
 LIMIT $2;

-- name: add_member
-- Names somebody who may see a private incident: no row comes back when they could before.
INSERT INTO incident_members (incident_id, user_id, name, by_id, by_name)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING user_id;

-- name: member
-- Whether somebody may see a private incident by name.
SELECT user_id FROM incident_members WHERE incident_id = $1 AND user_id = $2;

-- name: members
-- Who may see a private incident by name, in the order in which they were named.
SELECT user_id FROM incident_members WHERE incident_id = $1 ORDER BY at, user_id;

-- name: remove_member
-- Names somebody no more: no row comes back when nobody had.
DELETE FROM incident_members WHERE incident_id = $1 AND user_id = $2 RETURNING user_id;

-- name: keep_out
-- Somebody is taken out of a private incident, perhaps once more.
INSERT INTO removed_members (incident_id, user_id, username, by_id, by_name)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (incident_id, user_id) DO UPDATE
   SET username = excluded.username, by_id = excluded.by_id, by_name = excluded.by_name, at = now()
RETURNING user_id;

-- name: readmit
-- Somebody is let in again.
DELETE FROM removed_members WHERE incident_id = $1 AND user_id = $2 RETURNING user_id;

-- name: removed_members
-- Who was taken out of a private incident and not let in again.
SELECT user_id, username, at FROM removed_members WHERE incident_id = $1 ORDER BY at, user_id;
