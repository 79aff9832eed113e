-- name: steps
-- Returns the ladder of an incident by due time, with the time from the ladder's start to each step.
SELECT escalation_steps.*, due_at - coalesce(starts_at, triggered_at) AS after
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = :incident_id
 ORDER BY due_at, index;

-- name: step_due_in
-- Returns the time until a pending step is due. No row comes back if it was decided before.
SELECT due_at - now() AS due_in
  FROM escalation_steps
 WHERE incident_id = :incident_id AND index = :index AND status = 'pending';

-- name: claim_step
-- Locks and returns a pending step. No row comes back if it was decided before.
SELECT escalation_steps.*, due_at - coalesce(starts_at, triggered_at) AS after
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = :incident_id AND index = :index AND escalation_steps.status = 'pending'
   FOR NO KEY UPDATE OF escalation_steps;

-- name: finish_step
-- Marks a pending step as done. No row comes back if it was decided before.
UPDATE escalation_steps
   SET status = 'done', decided_at = now()
 WHERE incident_id = :incident_id AND index = :index AND status = 'pending'
RETURNING index;

-- name: cancel_ladder
-- Cancels the pending steps of an incident and its pending deliveries of :kinds. One row comes back for each step
-- (`index`) and each delivery (`id`, `key`).
WITH steps AS (
    UPDATE escalation_steps
       SET status = 'cancelled', decided_at = now()
     WHERE incident_id = :incident_id AND status = 'pending'
    RETURNING index
), pages AS (
    UPDATE deliveries
       SET status = 'cancelled', finished_at = now()
     WHERE incident_id = :incident_id AND kind = ANY (:kinds::text[]) AND status = 'pending'
    RETURNING id, key
)
SELECT index, NULL::bigint AS id, NULL::text AS key FROM steps
UNION ALL
SELECT NULL, id, key FROM pages;

-- name: resume_ladder
-- Makes pending again the steps of the latest ladder that the last acknowledge cancelled, if they have the priority
-- :priority. The first step is due at :since, or at its former time if that is later; the others keep their distance
-- from it.
WITH ladder AS (
    SELECT max(starts_at) AS starts_at FROM escalation_steps WHERE incident_id = :incident_id
), waiting AS (
    SELECT index, min(due_at) OVER () AS first_due_at
      FROM escalation_steps
     WHERE incident_id = :incident_id AND status = 'cancelled' AND priority = :priority
       AND starts_at IS NOT DISTINCT FROM (SELECT starts_at FROM ladder)
)
UPDATE escalation_steps AS step
   SET status = 'pending', decided_at = NULL,
       due_at = step.due_at + greatest(:since::timestamptz - waiting.first_due_at, interval '0')
  FROM waiting
 WHERE step.incident_id = :incident_id AND step.index = waiting.index
RETURNING step.index;

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
