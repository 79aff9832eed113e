-- name: who_left
-- Returns the former responders of an incident.
SELECT user_id FROM responders WHERE incident_id = :incident_id AND left_at IS NOT NULL;

-- name: responders
-- Returns the current and former responders of an incident in the order they joined.
SELECT user_id, name FROM responders WHERE incident_id = :incident_id ORDER BY joined_at, user_id;

-- name: used_link
-- Finds an acknowledge link that was used.
SELECT id FROM used_links WHERE id = :link_id;

-- name: acknowledge
-- Writes the first acknowledge of a locked incident at once: its state with the version :version, the responder as in
-- `join`, the latest acknowledge if that is not the first (:taken), the end of the ladder as in `cancel_ladder`, and
-- the timeline entry :entry with an audit row as in `Transaction.record`. One row with `is_saved` comes back. Without
-- it another change came first, and nothing is written.
WITH saved AS (
    UPDATE incidents
       SET status = 'acknowledged', acknowledged_at = :acknowledged_at,
           acknowledged_by_id = :acknowledged_by_id, acknowledged_by_name = :acknowledged_by_name,
           next_update_at = :next_update_at, remind_at = :remind_at, reminders = :reminders, taken = :taken,
           version = :version
     WHERE id = :incident_id AND version = :version - 1
    RETURNING id, guild_id
), entry AS (
    SELECT *
      FROM saved, jsonb_to_record(:entry)
        AS said (at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb, corrects bigint)
), joined AS (
    INSERT INTO responders (incident_id, user_id, name, via, joined_at)
    SELECT id, actor_id, actor_name, :via, now() FROM entry
    ON CONFLICT (incident_id, user_id) DO UPDATE SET left_at = NULL, joined_at = now()
), steps AS (
    UPDATE escalation_steps
       SET status = 'cancelled', decided_at = now()
     WHERE incident_id = :incident_id AND status = 'pending' AND EXISTS (SELECT FROM saved)
    RETURNING index
), pages AS (
    UPDATE deliveries
       SET status = 'cancelled', finished_at = now()
     WHERE incident_id = :incident_id AND kind = ANY (:kinds::text[]) AND status = 'pending'
       AND EXISTS (SELECT FROM saved)
    RETURNING id, key
), audited AS (
    INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
    SELECT now(), guild_id, actor_id, actor_name, kind, true, :audit_data FROM entry
), told AS (
    INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data, corrects)
    SELECT id, at, kind, actor_id, actor_name, data, corrects FROM entry
)
SELECT true AS is_saved, NULL::integer AS index, NULL::bigint AS id, NULL::text AS key FROM saved
UNION ALL
SELECT false, index, NULL, NULL FROM steps
UNION ALL
SELECT false, NULL, id, key FROM pages;

-- name: use_link
-- Records that an acknowledge link was used. No row comes back if it was used before.
INSERT INTO used_links (id, incident_id, used_at) VALUES (:link_id, :incident_id, now())
ON CONFLICT DO NOTHING
RETURNING id;

-- name: join
-- Makes a person a responder of an open incident, in guild :guild_id (null: in any guild). No row comes back if they
-- are one already. A responder who had left is placed after those who stayed.
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
SELECT id, :user_id, :name, :via, now()
  FROM incidents
 WHERE id = :incident_id AND status IN ('triggered', 'acknowledged')
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
ON CONFLICT (incident_id, user_id) DO UPDATE SET left_at = NULL, joined_at = now()
 WHERE responders.left_at IS NOT NULL
RETURNING user_id;

-- name: leave_incident
-- Removes one responder from an incident, or all of them if :user_id is null.
UPDATE responders SET left_at = now()
 WHERE incident_id = :incident_id AND (:user_id::bigint IS NULL OR user_id = :user_id) AND left_at IS NULL
RETURNING user_id;

-- name: on_it
-- Returns the current responders of an incident in the order they joined.
SELECT user_id, name FROM responders WHERE incident_id = :incident_id AND left_at IS NULL ORDER BY joined_at, user_id;
