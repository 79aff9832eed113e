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
         FROM deliveries AS delivery
        WHERE delivery.incident_id = incidents.id AND delivery.priority >= :min_priority
          AND delivery.created_at < now() - :overdue::interval
          AND (delivery.kind = 'private_thread' OR delivery.kind = ANY (:ringing_kinds::text[]))
          AND (delivery.status IN ('pending', 'sending')
               OR (delivery.status = 'failed' AND NOT delivery.data ? 'quiet'))
          AND NOT EXISTS (
              SELECT FROM deliveries AS told
               WHERE told.incident_id = delivery.incident_id AND told.created_at >= delivery.created_at
                 AND (told.emailed_at IS NOT NULL OR told.emailed_to <> '{}'
                      OR (delivery.status = 'failed' AND told.status = 'sent'
                          AND told.kind = ANY (:ringing_kinds::text[]))))
          AND NOT (delivery.status = 'failed' AND EXISTS (
              SELECT FROM timeline
               WHERE timeline.incident_id = delivery.incident_id AND timeline.kind = 'severity_changed'
                 AND timeline.at > delivery.created_at))
        LIMIT 1) AS unheard
 WHERE incidents.status = 'triggered' AND NOT incidents.is_drill;

-- name: lost_jobs
-- Returns the work that was due :overdue ago or earlier and has no job, queued or running: what people wait for first,
-- then what is most overdue. What follows the first colon of `key` is the job's payload. A triage has no priority and
-- gets :late_priority.
SELECT job, key, priority, guild_id
  FROM (SELECT 1 AS place, 'escalate' AS job, 'step:' || incident_id || ':' || index AS key, due_at,
               escalation_steps.priority, incidents.guild_id
          FROM escalation_steps
          JOIN incidents ON incidents.id = incident_id
         WHERE escalation_steps.status = 'pending'
        UNION ALL
        SELECT 2, 'deliver', 'deliver:' || delivery.id, delivery.next_try_at, delivery.priority, delivery.guild_id
          FROM deliveries AS delivery
          LEFT JOIN deliveries AS first ON first.key = delivery.after_key
         WHERE delivery.status IN ('pending', 'sending') AND delivery.bundle_id IS NULL
           AND (delivery.after_key IS NULL OR first.status = 'sent')
        UNION ALL
        SELECT 3, 'reevaluate', 'reevaluate:' || id, reevaluate_at, :late_priority, guild_id FROM triages
        UNION ALL
        SELECT 4, 'unfinished_triage', 'unfinished:' || id, idle_due_at, :late_priority, guild_id FROM triages
        UNION ALL
        SELECT 5, 'remind', 'remind:' || id, remind_at, 0, guild_id
          FROM incidents
         WHERE status IN ('triggered', 'acknowledged')
        UNION ALL
        SELECT 9, 'archive', 'archive:' || id, archive_at, 0, guild_id FROM incidents
        UNION ALL
        SELECT 14, 'keep_in_step', 'keep_in_step:' || delivery_id, next_at, 0, guild_id FROM outside_pages
        UNION ALL
        SELECT 19, 'track_unanswered', 'track_unanswered:' || guild_id || ':' || message_id, tracks_at, :late_priority, guild_id
          FROM alert_questions
         WHERE answer IS NULL) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY place, due_at;
