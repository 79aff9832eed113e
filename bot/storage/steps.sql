-- name: steps
-- An incident's ladder by due time, with the time from its ladder's start to each step.
SELECT escalation_steps.*, due_at - coalesce(starts_at, triggered_at) AS after
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = $1
 ORDER BY due_at, index;

-- name: step_due_in
-- The time until a pending step is due; no row comes back when it was decided before.
SELECT due_at - now() AS due_in
  FROM escalation_steps
 WHERE incident_id = $1 AND index = $2 AND status = 'pending';

-- name: claim_step
-- Locks a pending step: no row comes back when it was decided before.
SELECT escalation_steps.*, due_at - coalesce(starts_at, triggered_at) AS after
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = $1 AND index = $2 AND escalation_steps.status = 'pending'
   FOR NO KEY UPDATE OF escalation_steps;

-- name: finish_step
-- Marks a pending step as done: no row comes back when it was decided before.
UPDATE escalation_steps
   SET status = 'done', decided_at = now()
 WHERE incident_id = $1 AND index = $2 AND status = 'pending'
RETURNING index;

-- name: cancel_ladder
-- Cancels what is pending of a ladder, and the deliveries of the kinds $2 that nobody has begun to send; says which
-- steps (`index`) and which deliveries (`id`, `key`) those were.
WITH steps AS (
    UPDATE escalation_steps
       SET status = 'cancelled', decided_at = now()
     WHERE incident_id = $1 AND status = 'pending'
    RETURNING index
), pages AS (
    UPDATE deliveries
       SET status = 'cancelled', finished_at = now()
     WHERE incident_id = $1 AND kind = ANY ($2::text[]) AND status = 'pending'
    RETURNING id, key
)
SELECT index, NULL::bigint AS id, NULL::text AS key FROM steps
UNION ALL
SELECT NULL, id, key FROM pages;

-- name: resume_ladder
-- What the last acknowledge cancelled of the latest ladder, if that is one of the priority $3, is to come again: as late
-- after $2 as it was to come after its first step, or at its time where that is later.
WITH ladder AS (
    SELECT max(starts_at) AS starts_at FROM escalation_steps WHERE incident_id = $1
), waiting AS (
    SELECT index, min(due_at) OVER () AS first_due_at
      FROM escalation_steps
     WHERE incident_id = $1 AND status = 'cancelled' AND priority = $3
       AND starts_at IS NOT DISTINCT FROM (SELECT starts_at FROM ladder)
)
UPDATE escalation_steps AS step
   SET status = 'pending', decided_at = NULL,
       due_at = step.due_at + greatest($2::timestamptz - waiting.first_due_at, interval '0')
  FROM waiting
 WHERE step.incident_id = $1 AND step.index = waiting.index
RETURNING step.index;

-- name: acknowledge
-- What the first acknowledge of a locked incident writes, at once: the state of version $2, who is on it as in `join`
-- (by way of $12), the latest acknowledge $13 where that is not the first, the end of its ladder as in `cancel_ladder` (with the kinds $9), and the entry $10 with its audit
-- data $11 as in `record`. One row says `is_saved`; without it somebody else's change came first, and nothing is
-- written.
WITH saved AS (
    UPDATE incidents
       SET status = 'acknowledged', acknowledged_at = $3, acknowledged_by_id = $4, acknowledged_by_name = $5,
           next_update_at = $6, remind_at = $7, reminders = $8, taken = $13, version = $2
     WHERE id = $1 AND version = $2 - 1
    RETURNING id, guild_id
), entry AS (
    SELECT *
      FROM saved, jsonb_to_record($10)
        AS said (at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb, corrects bigint)
), joined AS (
    INSERT INTO responders (incident_id, user_id, name, via, joined_at)
    SELECT id, actor_id, actor_name, $12, now() FROM entry
    ON CONFLICT (incident_id, user_id) DO UPDATE SET left_at = NULL, joined_at = now()
), steps AS (
    UPDATE escalation_steps
       SET status = 'cancelled', decided_at = now()
     WHERE incident_id = $1 AND status = 'pending' AND EXISTS (SELECT FROM saved)
    RETURNING index
), pages AS (
    UPDATE deliveries
       SET status = 'cancelled', finished_at = now()
     WHERE incident_id = $1 AND kind = ANY ($9::text[]) AND status = 'pending' AND EXISTS (SELECT FROM saved)
    RETURNING id, key
), audited AS (
    INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
    SELECT now(), guild_id, actor_id, actor_name, kind, true, $11 FROM entry
), told AS (
    INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data, corrects)
    SELECT id, at, kind, actor_id, actor_name, data, corrects FROM entry
)
SELECT true AS is_saved, NULL::integer AS index, NULL::bigint AS id, NULL::text AS key FROM saved
UNION ALL
SELECT false, index, NULL, NULL FROM steps
UNION ALL
SELECT false, NULL, id, key FROM pages;
