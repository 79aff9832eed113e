-- Statements over many steps and deliveries. Locks are taken in this order: incidents by number, the group, its
-- bundle, deliveries and steps. Incidents that another transaction has locked are skipped, not waited for. A storm
-- comes before the planner has statistics, so incidents are looked up by their numbers, one by one or as an array,
-- and `guild_id + 0` keeps the planner from using the index on guilds. A join that the planner estimates at ten rows
-- would take minutes with ten thousand.

-- name: steps
-- Returns the ladder of an incident by due time, with the time from what it counts from to each step.
SELECT escalation_steps.*, due_at - coalesce(counts_from, starts_at, triggered_at) AS after
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = :incident_id
 ORDER BY due_at, index;

-- name: step_due_in
-- Returns the time until a pending step is due. No row comes back if it was decided before.
SELECT due_at - now() AS due_in
  FROM escalation_steps
 WHERE incident_id = :incident_id AND index = :index AND status = 'pending';

-- name: due_incidents
-- Returns at most :limit incidents whose steps were due at :due_by or earlier, the highest priority first and then
-- the longest overdue, in guild :guild_id (null: in any guild). With :since, incidents with a step that was due then
-- already are left out.
SELECT incidents.*
  FROM (SELECT incident_id, max(priority) AS priority, min(due_at) AS due_at
          FROM escalation_steps
         WHERE status = 'pending' AND due_at <= :due_by
         GROUP BY incident_id
        HAVING :since::timestamptz IS NULL OR min(due_at) > :since) AS due
 CROSS JOIN LATERAL (
       SELECT *
         FROM incidents
        WHERE id = due.incident_id AND status = 'triggered' AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id)
       OFFSET 0) AS incidents
 ORDER BY due.priority DESC, due.due_at, incidents.id
 LIMIT :limit;

-- name: put_off_steps
-- Keeps the queue from starting the escalation jobs of a guild (:guild_id, null: of all) one by one. With :delay,
-- jobs of due steps start that much later, because a sweep decides these steps; if it dies, the jobs come by
-- themselves. With a null :delay, jobs of steps that are not due start when they are.
UPDATE pgqueuer
   SET execute_after = coalesce(
       now() + :delay::interval,
       (SELECT due_at
          FROM escalation_steps
         WHERE incident_id = split_part(dedupe_key, ':', 2)::bigint
           AND index = split_part(dedupe_key, ':', 3)::integer))
 WHERE id = ANY (ARRAY(
       SELECT jobs.id
         FROM (SELECT id,
                      split_part(dedupe_key, ':', 2)::bigint AS incident_id,
                      split_part(dedupe_key, ':', 3)::integer AS step
                 FROM pgqueuer
                WHERE entrypoint = 'escalate' AND status = 'queued' AND execute_after <= now()
                  AND (:guild_id::bigint IS NULL OR coalesce(headers ->> 'guild', :guild_id::text) = :guild_id::text)
                ORDER BY id
                  FOR UPDATE SKIP LOCKED) AS jobs
        CROSS JOIN LATERAL (
              SELECT
                FROM escalation_steps
               WHERE incident_id = jobs.incident_id AND index = jobs.step
                 AND (due_at <= now()) = (:delay::interval IS NOT NULL)
                 AND (:guild_id::bigint IS NULL OR :guild_id = (SELECT guild_id FROM incidents WHERE id = incident_id))
              OFFSET 0) AS steps));

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

-- name: claim_step
-- Locks and returns a pending step. No row comes back if it was decided before.
SELECT escalation_steps.*, due_at - coalesce(counts_from, starts_at, triggered_at) AS after
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = :incident_id AND index = :index AND escalation_steps.status = 'pending'
   FOR NO KEY UPDATE OF escalation_steps;

-- name: lock_due
-- Locks and returns at most :limit incidents whose steps were due at :due_by or earlier, the highest priority first
-- and then the longest overdue, in guild :guild_id (null: in any guild), with the transaction's time. Incidents that
-- another transaction has locked are skipped, so that several processes share the work. Rows are locked one after the
-- other in the order of the inner query until the limit is reached; a sort outside would lock them all.
SELECT incidents.*, now() AS now
  FROM (SELECT incident_id
          FROM escalation_steps
         WHERE status = 'pending' AND due_at <= :due_by
         GROUP BY incident_id
         ORDER BY max(priority) DESC, min(due_at), incident_id) AS due
 CROSS JOIN LATERAL (
       SELECT *
         FROM incidents
        WHERE id = due.incident_id AND status = 'triggered' AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id)
          FOR NO KEY UPDATE SKIP LOCKED) AS incidents
 LIMIT :limit;

-- name: pending_steps
-- Returns the pending steps of incidents in the order they are due, with the time from the ladder's start to each
-- step and the highest step number of the incident.
SELECT steps.*, due_at - coalesce(counts_from, starts_at, triggered_at) AS after,
       (SELECT max(index) FROM escalation_steps AS its WHERE its.incident_id = steps.incident_id) AS last_index
  FROM escalation_steps AS steps
  JOIN incidents ON incidents.id = incident_id
 WHERE incident_id = ANY (:incident_ids::bigint[]) AND steps.status = 'pending'
 ORDER BY incident_id, due_at, index;

-- name: reached
-- Counts the DMs of incidents that were sent and those that failed, by on-call target and recipient.
SELECT incident_id, target, request ->> 'recipient' AS recipient, status, count(*) AS count
  FROM deliveries
 WHERE incident_id = ANY (:incident_ids::bigint[]) AND kind = 'page' AND status IN ('sent', 'failed')
 GROUP BY incident_id, target, recipient, status
 ORDER BY incident_id, target, recipient, status;

-- part: pages_kept
-- Counts the paging messages of incidents (:shown_ids) that are up to date, and fit what follows, as up to date after
-- the next change as well: it does not edit them. An escalation with a message of its own shows the state, or points to
-- the newest one (`is_followed`).
UPDATE deliveries AS older
   SET shown_version = incidents.version + 1
  FROM incidents
 WHERE incidents.id = ANY (:shown_ids::bigint[])
   AND older.incident_id = incidents.id
   AND (older.kind = 'page' OR older.kind = 'escalation' AND older.bundle_id IS NOT NULL)
   AND older.status = 'sent' AND older.shown_version = incidents.version

-- part: newest_page
-- Returns when the newest paging message of an incident was created.
SELECT max(newest.created_at)
  FROM deliveries AS newest
 WHERE newest.incident_id = incidents.id AND newest.kind IN ('page', 'escalation')

-- name: keep_older_pages
-- Keeps the older paging messages of :shown_ids from being edited because of the change that follows: that a DM has
-- arrived is shown by the alert and the newest of them.
{pages_kept}
   AND older.created_at < ({newest_page});

-- name: keep_followed_pages
-- Keeps those paging messages of :shown_ids from being edited because of the next step that a later one to the same
-- person or channel had followed before the newest step: they say so, and nothing that changes. What was followed just
-- now, or is the last word to a person, is edited.
{pages_kept}
   AND EXISTS (
       SELECT
         FROM deliveries AS later
        WHERE later.incident_id = incidents.id AND later.kind = older.kind AND later.status NOT IN ('failed', 'cancelled')
          AND coalesce(later.request ->> 'recipient', later.target) = coalesce(older.request ->> 'recipient', older.target)
          AND later.created_at > older.created_at
          AND later.created_at < ({newest_page}));

-- name: finish_steps
-- Marks pending steps, given as two arrays, as done, and cancels their queued jobs. The versions of :shown_ids are
-- incremented, so that the posts of these incidents are edited.
WITH decided AS (
    SELECT * FROM unnest(:incident_ids::bigint[], :indexes::integer[]) AS decided (incident_id, index)
), done AS (
    UPDATE escalation_steps AS steps
       SET status = 'done', decided_at = now()
      FROM decided
     WHERE steps.incident_id = decided.incident_id AND steps.index = decided.index AND steps.status = 'pending'
), kept AS (
    {keep_followed_pages}
), changed AS (
    UPDATE incidents SET version = version + 1 WHERE id = ANY (:shown_ids::bigint[])
), unneeded AS (
    SELECT 'step:' || incident_id || ':' || index AS key FROM decided
), {taken_back};

-- part: ended_ladder
-- Cancels the pending steps of an incident and its pending deliveries of :kinds.
steps AS (
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

-- name: cancel_ladder
-- Ends the ladder of an incident. One row comes back for each cancelled step (`index`) and delivery (`id`, `key`).
WITH {ended_ladder}
SELECT index, NULL::bigint AS id, NULL::text AS key FROM steps
UNION ALL
SELECT NULL, id, key FROM pages;

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
