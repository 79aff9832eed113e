-- name: acknowledge
-- Writes the first acknowledge of a locked incident at once: its state, the responder, the end of the ladder and the
-- messages about it. One row with `is_saved` comes back, and those of `cancel_ladder`. Without that row another change
-- came first, and the transaction must be rolled back. Its other parts are the query `join` below, `save_incident` in
-- incidents.sql, `ended_ladder` in escalation.sql and `told` in queued.sql.
WITH saved AS (
{save_incident}
), joined AS (
{join}
), {ended_ladder}, {told}
SELECT true AS is_saved, NULL::integer AS index, NULL::bigint AS id, NULL::text AS key FROM saved
UNION ALL
SELECT false, index, NULL, NULL FROM steps
UNION ALL
SELECT false, NULL, id, key FROM pages;

-- name: who_left
-- Returns the former responders of an incident, each with messages that had no 👀 of theirs since they left.
SELECT user_id, left_at, unmarked FROM responders WHERE incident_id = :incident_id AND left_at IS NOT NULL;

-- name: note_unmarked
-- Notes messages that have no 👀 of former responders: for each the user, the time they left, and the message. Those who
-- have been responders again since are left out.
UPDATE responders
   SET unmarked = ARRAY(SELECT unnest(responders.unmarked) UNION SELECT unnest(found.message_ids))
  FROM (SELECT user_id, left_at, array_agg(message_id) AS message_ids
          FROM unnest(:user_ids::bigint[], :left_at::timestamptz[], :message_ids::bigint[])
               AS one (user_id, left_at, message_id)
         GROUP BY user_id, left_at) AS found
 WHERE incident_id = :incident_id AND responders.user_id = found.user_id AND responders.left_at = found.left_at;

-- name: responders
-- Returns the current and former responders of an incident in the order they joined.
SELECT user_id, name FROM responders WHERE incident_id = :incident_id ORDER BY joined_at, user_id;

-- name: used_link
-- Finds an acknowledgement link that was used.
SELECT id FROM used_links WHERE id = :link_id;

-- name: use_link
-- Records that an acknowledgement link was used. No row comes back if it was used before.
INSERT INTO used_links (id, incident_id, used_at) VALUES (:link_id, :incident_id, now())
ON CONFLICT DO NOTHING
RETURNING id;

-- name: join
-- Makes a person a responder of an open incident, in guild :guild_id (null: in any guild). No row comes back if they
-- are one already. A responder who had left is placed after those who stayed, and so is one who merely had a role and
-- acknowledges now.
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
SELECT id, :user_id, :name, :via, now()
  FROM incidents
 WHERE id = :incident_id AND status IN ('triggered', 'acknowledged')
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
ON CONFLICT (incident_id, user_id) DO UPDATE SET left_at = NULL, joined_at = now(), via = excluded.via
 WHERE responders.left_at IS NOT NULL OR (responders.via = 'role' AND excluded.via <> 'role')
RETURNING user_id;

-- name: leave_incident
-- Removes one responder from an incident, or all of them if :leaving_id is null. :user_ids and :message_ids are pairs:
-- messages without a 👀 of the user.
UPDATE responders
   SET left_at = now(),
       unmarked = ARRAY(SELECT message_id
                          FROM unnest(:user_ids::bigint[], :message_ids::bigint[]) AS one (user_id, message_id)
                         WHERE one.user_id = responders.user_id)
 WHERE incident_id = :incident_id AND (:leaving_id::bigint IS NULL OR user_id = :leaving_id) AND left_at IS NULL
RETURNING user_id;

-- name: on_it
-- Returns the current responders of an incident in the order they joined; if :has_acknowledged, without those who merely
-- took a role.
SELECT user_id, name
  FROM responders
 WHERE incident_id = :incident_id AND left_at IS NULL AND (NOT :has_acknowledged::boolean OR via <> 'role')
 ORDER BY joined_at, user_id;
