-- name: alert_event
-- Returns the incident on which an event was counted, or null if it was counted on none. No row comes back if the
-- event is new.
SELECT incident_id
  FROM alert_events
 WHERE guild_id = :guild_id AND sender = :sender AND event_id = :event_id AND nth = :nth;

-- name: note_alert_event
-- Records an event and the decision about it, once. The numbers of those action items come back whose fix has not held, as in `note_alert`.
WITH noted AS (
    INSERT INTO alert_events (guild_id, sender, event_id, nth, fingerprint, says, incident_id)
    VALUES (:guild_id, :sender, :said_id, :nth, :fingerprint, :says, :incident_id)
    ON CONFLICT DO NOTHING
    RETURNING guild_id, fingerprint, says, incident_id
), decided AS (
    {decide}
)
UPDATE action_items
   SET fired_at = :said_at, fired_in = noted.incident_id, next_at = now()
  FROM noted
 WHERE noted.says = 'firing'
   AND action_items.guild_id = noted.guild_id AND action_items.fingerprint = noted.fingerprint
   AND action_items.status = 'done' AND action_items.closed_at < :said_at
RETURNING action_items.id;

-- name: is_over_since
-- Returns true if an event that came after event :event_id has said that the alert is over.
SELECT EXISTS (
    SELECT FROM alert_events
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND event_id > :event_id AND says = 'resolved'
) AS over;
