-- name: late_steps
-- Counts the pending steps that were due :overdue ago or earlier, with or without a job.
SELECT count(*)::integer AS late
  FROM escalation_steps
 WHERE status = 'pending'
   AND due_at < now() - :overdue::interval;

-- name: unheard_incidents
-- Counts the unacknowledged incidents whose escalation has reached no person for :overdue: a delivery of
-- :ringing_kinds, or a private thread that the alert waits for, with a priority of :min_priority or higher, is unsent
-- or has failed. Not counted is a delivery after which an email was accepted, or one that failed and is quiet or that
-- failed before another one of :ringing_kinds was sent or a person changed the severity. Each incident is looked up
-- through its index: few of them wait, and the scan must not read every message there ever was.
SELECT count(*)::integer AS unheard
  FROM incidents
 CROSS JOIN LATERAL (
       SELECT
         FROM deliveries AS owed
        WHERE owed.incident_id = incidents.id AND owed.priority >= :min_priority
          AND owed.created_at < now() - :overdue::interval
          AND (owed.kind = 'private_thread' OR owed.kind = ANY (:ringing_kinds::text[]))
          AND (owed.status IN ('pending', 'sending') OR (owed.status = 'failed' AND NOT owed.data ? 'quiet'))
          AND NOT EXISTS (
              SELECT FROM deliveries AS told
               WHERE told.incident_id = owed.incident_id AND told.created_at >= owed.created_at
                 AND (told.emailed_at IS NOT NULL OR told.emailed_to <> '{}'
                      OR (owed.status = 'failed' AND told.status = 'sent'
                          AND told.kind = ANY (:ringing_kinds::text[]))))
          AND NOT (owed.status = 'failed' AND EXISTS (
              SELECT FROM timeline
               WHERE timeline.incident_id = owed.incident_id AND timeline.kind = 'severity_changed'
                 AND timeline.at > owed.created_at))
        LIMIT 1) AS unheard
 WHERE incidents.status = 'triggered' AND NOT incidents.is_drill;

-- name: overdue_steps
-- Returns the pending steps that were due :overdue ago or earlier and have no job, queued or running.
SELECT incident_id, index, incidents.guild_id, escalation_steps.priority
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE escalation_steps.status = 'pending'
   AND due_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'step:' || incident_id || ':' || index
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY due_at, incident_id, index;

-- name: overdue_deliveries
-- Returns the unfinished deliveries whose next attempt was due :overdue ago or earlier, that wait for no unsent
-- delivery and have no job.
SELECT owed.id, owed.priority, owed.guild_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.status IN ('pending', 'sending')
   AND owed.next_try_at < now() - :overdue::interval
   AND (owed.after_key IS NULL OR first.status = 'sent')
   AND owed.bundle_id IS NULL
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'deliver:' || owed.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY owed.next_try_at, owed.id;

-- name: overdue_triages
-- Returns the triages whose reevaluation was due :overdue ago or earlier and that have no job.
SELECT id, guild_id
  FROM triages
 WHERE reevaluate_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'reevaluate:' || triages.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY reevaluate_at, id;

-- name: overdue_idle_triages
-- Returns the unfinished triages whose reminder was due :overdue ago or earlier and that have no job.
SELECT id, guild_id
  FROM triages
 WHERE idle_due_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'unfinished:' || triages.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY idle_due_at, id;

-- name: overdue_reminders
-- Returns the open incidents whose status-update reminder was due :overdue ago or earlier and that have no job.
SELECT id, guild_id
  FROM incidents
 WHERE remind_at < now() - :overdue::interval
   AND status IN ('triggered', 'acknowledged')
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'remind:' || incidents.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY remind_at, id;

-- name: overdue_drills
-- Returns the drills whose next action was due :overdue ago or earlier and that have no job.
SELECT incident_id, guild_id
  FROM drills
 WHERE next_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'drill:' || drills.incident_id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY next_at, incident_id;

-- name: overdue_mornings
-- Returns the morning triages whose reminder was due :overdue ago or earlier and that have no job.
SELECT guild_id, day
  FROM mornings
 WHERE nag_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'morning:' || mornings.guild_id || ':' || mornings.day
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY nag_at, guild_id;

-- name: overdue_watches
-- Returns the guilds whose on-call check was due :overdue ago or earlier and that have no job.
SELECT guild_id
  FROM oncall_watches
 WHERE next_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'handover:' || oncall_watches.guild_id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY next_at, guild_id;

-- name: overdue_archives
-- Returns the ended incidents whose thread was to be archived :overdue ago or earlier and that have no job.
SELECT id, guild_id
  FROM incidents
 WHERE archive_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'archive:' || incidents.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY archive_at, id;
