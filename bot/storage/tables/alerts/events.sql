-- name: alert_event
-- Returns the incident on which an event was counted, or null if it was counted on none. No row comes back if the
-- event is new.
SELECT incident_id
  FROM alert_events
 WHERE guild_id = :guild_id AND sender = :sender AND event_id = :event_id AND nth = :nth;

-- name: note_alert_event
-- Records an event and the decision about it, once. No row comes back unless the event fires and is new.
WITH noted AS (
    INSERT INTO alert_events (guild_id, sender, event_id, nth, fingerprint, says, incident_id)
    VALUES (:guild_id, :sender, :said_id, :nth, :fingerprint, :says, :incident_id)
    ON CONFLICT DO NOTHING
    RETURNING says
), decided AS (
    {decide}
)
SELECT says FROM noted WHERE says = 'firing';

-- name: is_over_since
-- Returns true if an event that came after event :event_id has said that the alert is over.
SELECT EXISTS (
    SELECT FROM alert_events
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND event_id > :event_id AND says = 'resolved'
) AS over;

-- name: forget_alert_events
-- Deletes at most a thousand events of any guild that came 14 days ago or earlier and were counted on no incident. Rows
-- that another transaction has locked are left for the next time. Returns how many were deleted.
WITH old_events AS (
    DELETE FROM alert_events
     WHERE ctid IN (SELECT ctid
                      FROM alert_events
                     WHERE incident_id IS NULL AND at < now() - interval '14 days'
                     LIMIT 1000
                       FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT count(*)::integer AS deleted FROM old_events;
