-- Statements over many steps and deliveries. Locks are taken in this order: incidents by number, the group, its
-- bundle, deliveries and steps. Incidents that another transaction has locked are skipped, not waited for. A storm
-- comes before the planner has statistics, so incidents are looked up by their numbers, one by one or as an array,
-- and `guild_id + 0` keeps the planner from using the index on guilds. A join that the planner estimates at ten rows
-- would take minutes with ten thousand.

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
SELECT steps.*, due_at - coalesce(starts_at, triggered_at) AS after,
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

-- name: finish_steps
-- Marks pending steps, given as two arrays, as done, and cancels their queued jobs as `take_back_jobs` does.
WITH decided AS (
    SELECT * FROM unnest(:incident_ids::bigint[], :indexes::integer[]) AS decided (incident_id, index)
), done AS (
    UPDATE escalation_steps AS steps
       SET status = 'done', decided_at = now()
      FROM decided
     WHERE steps.incident_id = decided.incident_id AND steps.index = decided.index AND steps.status = 'pending'
), queued AS (
    SELECT id
      FROM pgqueuer
     WHERE dedupe_key = ANY (ARRAY(SELECT 'step:' || incident_id || ':' || index FROM decided)) AND status = 'queued'
     ORDER BY id
       FOR UPDATE
), gone AS (
    DELETE FROM pgqueuer USING queued WHERE pgqueuer.id = queued.id RETURNING pgqueuer.id, entrypoint, priority
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'canceled', entrypoint, priority FROM gone;

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

-- name: before_sending
-- Returns an unfinished delivery and the facts that decide whether to send it now. `due_since` is the time of the
-- longest overdue step in guild :guild_id (null: in any guild). `is_behind` is explained at `behind`. `severity` and
-- `mention` describe the group with which it could be bundled, and `waiting` how many deliveries the group has, up to
-- :at_most; they are null if it cannot be bundled, see `bot.domain.escalation.bundle.group_of`. No row comes back if
-- the delivery is finished or belongs to a bundle.
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id, now() AS now,
       (SELECT due_at
          FROM escalation_steps
         WHERE status = 'pending' AND due_at <= now()
           AND (:guild_id::bigint IS NULL OR :guild_id = (SELECT guild_id FROM incidents WHERE id = incident_id))
         ORDER BY due_at
         LIMIT 1) AS due_since,
       owed.kind IN ('notice', 'escalation') AND EXISTS (
       SELECT
         FROM deliveries AS earlier
        WHERE earlier.incident_id = owed.incident_id AND earlier.target = owed.target
          AND earlier.kind IN (owed.kind, 'alert') AND earlier.id < owed.id
          AND earlier.held_at IS NOT NULL AND earlier.status IN ('pending', 'sending')
       ) AS is_behind,
       alike.severity, alike.mention, alike.waiting
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
  LEFT JOIN LATERAL (
       SELECT incidents.severity, asked.mention,
              (SELECT count(*)
                 FROM (SELECT FROM deliveries AS other
                        CROSS JOIN LATERAL (
                              SELECT FROM incidents AS its
                               WHERE its.id = other.incident_id
                                 AND its.status = 'triggered' AND NOT its.is_private AND NOT its.is_drill
                                 AND its.severity = incidents.severity
                              OFFSET 0) AS its
                        WHERE other.target = owed.target AND other.kind = owed.kind
                          AND other.guild_id + 0 = owed.guild_id
                          AND other.kind IN ('page', 'escalation')  -- the condition of the partial index
                          AND other.status = 'pending' AND other.bundle_id IS NULL AND other.request IS NULL
                          AND other.after_key IS NULL
                          AND (owed.kind = 'page' OR coalesce(other.data ->> 'mention', 'none') = asked.mention)
                        LIMIT :at_most) AS found) AS waiting
         FROM incidents
        CROSS JOIN LATERAL (
              SELECT CASE owed.kind WHEN 'page' THEN 'none' ELSE coalesce(owed.data ->> 'mention', 'none') END
                     AS mention) AS asked
        WHERE incidents.id = owed.incident_id AND owed.kind IN ('page', 'escalation')
          AND owed.status = 'pending' AND owed.request IS NULL AND owed.after_key IS NULL
          AND incidents.status = 'triggered' AND NOT incidents.is_private AND NOT incidents.is_drill
       ) AS alike ON true
 WHERE owed.id = :delivery_id AND owed.status IN ('pending', 'sending') AND owed.bundle_id IS NULL;

-- name: lock_group
-- Locks a group of deliveries until the commit, so that one transaction at a time bundles them.
SELECT pg_advisory_xact_lock(hashtextextended(:group_key, 12));

-- name: open_bundle
-- Locks and returns the pending bundle of a group.
SELECT id
  FROM deliveries
 WHERE kind = 'bundle' AND status = 'pending' AND bundle_id IS NULL
   AND target = :target AND guild_id = :guild_id AND data @> :data
 ORDER BY id
 LIMIT 1
   FOR NO KEY UPDATE;

-- name: lock_waiting
-- Locks the incidents of the deliveries that a group could bundle now, skipping incidents that another transaction
-- has locked.
SELECT id
  FROM incidents
 WHERE status = 'triggered' AND NOT is_private AND NOT is_drill AND severity = :severity
   AND id = ANY (ARRAY(SELECT incident_id
                         FROM deliveries
                        WHERE kind = :kind AND kind IN ('page', 'escalation') AND target = :target
                          AND guild_id = :guild_id
                          AND status = 'pending' AND bundle_id IS NULL AND request IS NULL AND after_key IS NULL
                          AND (kind = 'page' OR coalesce(data ->> 'mention', 'none') = :mention)))
 ORDER BY id
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: join_bundle
-- Adds the pending deliveries of a group to a bundle: those of the incidents :incident_ids, without the keys
-- :except_keys.
UPDATE deliveries
   SET bundle_id = :bundle_id, next_try_at = 'infinity'
 WHERE kind = :kind AND kind IN ('page', 'escalation') AND target = :target AND guild_id = :guild_id
   AND status = 'pending' AND bundle_id IS NULL AND request IS NULL AND after_key IS NULL
   AND (kind = 'page' OR coalesce(data ->> 'mention', 'none') = :mention)
   AND incident_id = ANY (:incident_ids::bigint[])
   AND NOT EXISTS (SELECT FROM unnest(:except_keys::text[]) AS apart (key) WHERE apart.key = deliveries.key)
RETURNING id;

-- name: close_bundle
-- Closes a bundle to further deliveries and counts those it has left to announce. A delivery that an outage held back
-- does not count if a later one says the same.
WITH closed AS (
    UPDATE deliveries SET status = 'sending', next_try_at = now()
     WHERE id = :bundle_id AND status IN ('pending', 'sending')
)
SELECT count(*) AS waiting
  FROM deliveries AS owed
 WHERE bundle_id = :bundle_id AND status IN ('pending', 'sending')
   AND NOT (held_at IS NOT NULL
            AND EXISTS (SELECT
                          FROM deliveries AS later
                         WHERE later.incident_id = owed.incident_id AND later.kind = owed.kind
                           AND later.target = owed.target AND later.id > owed.id
                           AND later.status <> 'cancelled'));

-- name: hold_bundled
-- Keeps the deliveries of a bundle until Discord is back, as the bundle itself is.
UPDATE deliveries
   SET held_at = coalesce(held_at, now())
 WHERE bundle_id = :bundle_id AND status IN ('pending', 'sending');

-- name: fail_bundled
-- Gives up the deliveries of a bundle together with it. They keep the recipient of its request but not its body: the
-- body names all incidents, and the rows of one incident must not name another that becomes private.
UPDATE deliveries
   SET status = 'failed', finished_at = now(), error = :error, http_status = :http_status,
       first_sent_at = whole.first_sent_at, attempts = whole.attempts, request = whole.request || '{"body": {}}'
  FROM (SELECT id, first_sent_at, attempts, request FROM deliveries WHERE id = :bundle_id) AS whole
 WHERE deliveries.bundle_id = whole.id AND deliveries.status IN ('pending', 'sending');

-- name: cancel_bundled
-- Cancels the deliveries that a cancelled bundle had begun to send.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE bundle_id = :bundle_id AND status = 'sending';

-- name: release_bundled
-- Frees the deliveries that a cancelled bundle had not begun to send, so that each is sent by itself.
UPDATE deliveries
   SET bundle_id = NULL, next_try_at = now()
 WHERE bundle_id = :bundle_id AND status = 'pending'
RETURNING id, priority, guild_id;

-- name: bundled
-- Returns the deliveries of a bundle, except those that were cancelled first.
SELECT id, incident_id, kind, target
  FROM deliveries
 WHERE bundle_id = :bundle_id AND status <> 'cancelled'
 ORDER BY id;

-- name: bundle_counts
-- Counts the incidents of a bundle, and the unacknowledged ones among them, in guild :guild_id (null: in any guild).
SELECT count(*) AS count, count(*) FILTER (WHERE status = 'triggered') AS waiting, now() AS now
  FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE bundle_id = :bundle_id AND status <> 'cancelled'))
   AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id);

-- name: bundle_waiting
-- Returns at most :limit unacknowledged incidents of a bundle, the longest wait first, in guild :guild_id (null: in
-- any guild).
SELECT *
  FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id FROM deliveries WHERE bundle_id = :bundle_id AND status <> 'cancelled'))
   AND status = 'triggered' AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id)
 ORDER BY triggered_at, id
 LIMIT :limit;

-- name: mark_bundle_emailed
-- Records that one email in place of a bundle was accepted for :emailed_to. :is_done means that no recipient is left;
-- the first such time stays.
UPDATE deliveries
   SET emailed_to = ARRAY(SELECT unnest(emailed_to) UNION SELECT unnest(:emailed_to::text[]) ORDER BY 1),
       emailed_at = CASE WHEN :is_done THEN coalesce(emailed_at, now()) ELSE emailed_at END
 WHERE bundle_id = :bundle_id;

-- name: incidents_by_messages
-- Returns message and incident for each of :message_ids on which a 👀 reaction counts: messages of ours of one of
-- :kinds, and alert messages. A bundle's message counts for several incidents. In guild :guild_id (null: in any
-- guild).
SELECT place.message_id, incident.*
  FROM (SELECT message_id, incident_id
          FROM deliveries
         WHERE message_id = ANY (:message_ids::bigint[]) AND status = 'sent' AND kind = ANY (:kinds::text[])
         UNION
        SELECT message_id, incident_id
          FROM alert_messages
         WHERE message_id = ANY (:message_ids::bigint[])) AS place
 CROSS JOIN LATERAL (
       -- One by one: a join would read the whole table while the planner takes it for small.
       SELECT * FROM incidents WHERE id = place.incident_id LIMIT 1) AS incident
 WHERE :guild_id::bigint IS NULL OR incident.guild_id = :guild_id
 ORDER BY place.message_id, incident.id;

-- name: open_page
-- Returns at most :limit open incidents of a guild with a number greater than :after_id.
SELECT * FROM incidents
 WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged') AND id > :after_id
 ORDER BY id
 LIMIT :limit;

-- name: count_open
-- Counts the open incidents of a guild by severity: all, and the unacknowledged ones with their earliest deadline.
-- Drills are left out.
SELECT severity,
       count(*) AS open,
       count(*) FILTER (WHERE status = 'triggered') AS waiting,
       min(ack_due_at) FILTER (WHERE status = 'triggered') AS ack_due_at
  FROM incidents
 WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged') AND NOT is_drill
 GROUP BY severity
 ORDER BY severity;
