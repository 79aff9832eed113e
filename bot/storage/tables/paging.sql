-- name: keep_outside_page
-- Begins to keep a page in step with the system it went to. No row comes back if that system has the same page already,
-- still ringing: a second trigger of one incident is no second page there.
INSERT INTO outside_pages (delivery_id, guild_id, incident_id, way, reference, next_at)
SELECT :delivery_id, :guild_id, :incident_id, :way, :reference, now()
 WHERE NOT EXISTS (SELECT FROM outside_pages
                    WHERE incident_id = :incident_id AND way = :way AND reference = :reference)
ON CONFLICT (delivery_id) DO NOTHING
RETURNING delivery_id;

-- name: kept_page
-- Returns a page that is kept in step.
SELECT delivery_id, guild_id, incident_id, way, reference, told, failures, begun_at
  FROM outside_pages
 WHERE delivery_id = :delivery_id AND next_at IS NOT NULL;

-- name: kept_pages_of
-- Returns the pages of an incident at the system :way, the latest first, whether or not they are still kept in step.
SELECT delivery_id, guild_id, incident_id, way, reference, told, failures, begun_at
  FROM outside_pages
 WHERE incident_id = :incident_id AND way = :way
 ORDER BY delivery_id DESC;

-- name: save_kept_page
-- Records what a system knows, and when to look again: :wait from now, never if that is null.
UPDATE outside_pages
   SET told = :told, failures = :failures, next_at = now() + :wait::interval
 WHERE delivery_id = :delivery_id;
