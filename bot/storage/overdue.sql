-- name: overdue_steps
-- Pending steps that were due :overdue ago or earlier and have no job, queued or running, to decide them.
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

-- name: late_steps
-- How many pending steps were due :overdue ago or earlier, whatever is the matter with them.
SELECT count(*)::integer AS late
  FROM escalation_steps
 WHERE status = 'pending'
   AND due_at < now() - :overdue::interval;

-- name: unheard_incidents
-- How many incidents have owed a message as urgent as :min_priority that should ring (:ringing_kinds: kinds) for :overdue or longer, while no email
-- has told of it either: one that waits, or one that was given up and nothing else has rung since. A private thread
-- that cannot be made is one: its alert is not even tried. Whoever has changed the severity meanwhile has heard of it.
-- One incident at a time, by its index: those that wait are few, and every message that there ever was is not read.
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
                      OR (owed.status = 'failed' AND told.status = 'sent' AND told.kind = ANY (:ringing_kinds::text[]))))
          AND NOT (owed.status = 'failed' AND EXISTS (
              SELECT FROM timeline
               WHERE timeline.incident_id = owed.incident_id AND timeline.kind = 'severity_changed'
                 AND timeline.at > owed.created_at))
        LIMIT 1) AS unheard
 WHERE incidents.status = 'triggered' AND NOT incidents.is_drill;

-- name: overdue_deliveries
-- Unfinished deliveries whose next attempt was due :overdue ago or earlier, that wait for nothing unsent and have
-- no job to send them.
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

-- name: overdue_drills
-- Drills that should have been looked at :overdue ago or earlier and have no job to do so.
SELECT incident_id, guild_id
  FROM drills
 WHERE next_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'drill:' || drills.incident_id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY next_at, incident_id;

-- name: overdue_mornings
-- Morning triages that should have been asked about :overdue ago or earlier and have no job to do so.
SELECT guild_id, day
  FROM mornings
 WHERE nag_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'morning:' || mornings.guild_id || ':' || mornings.day
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY nag_at, guild_id;

-- name: overdue_watches
-- Guilds whose on-call should have been looked at :overdue ago or earlier and that have no job to do so.
SELECT guild_id
  FROM oncall_watches
 WHERE next_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'handover:' || oncall_watches.guild_id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY next_at, guild_id;

-- name: overdue_triages
-- Triages whose clock should have struck :overdue ago or earlier and that have no job to look at them.
SELECT id, guild_id
  FROM triages
 WHERE reevaluate_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'reevaluate:' || triages.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY reevaluate_at, id;

-- name: overdue_idle_triages
-- Triages of which somebody should have looked :overdue ago or earlier whether they go on, and that have no job to do so.
SELECT id, guild_id
  FROM triages
 WHERE idle_due_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'unfinished:' || triages.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY idle_due_at, id;

-- name: overdue_reminders
-- Open incidents whose status update should have been asked for :overdue ago or earlier and that have no job to do it.
SELECT id, guild_id
  FROM incidents
 WHERE remind_at < now() - :overdue::interval
   AND status IN ('triggered', 'acknowledged')
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'remind:' || incidents.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY remind_at, id;

-- name: overdue_archives
-- Ended incidents whose thread should have been put to sleep :overdue ago or earlier and that have no job to do it.
SELECT id, guild_id
  FROM incidents
 WHERE archive_at < now() - :overdue::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'archive:' || incidents.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY archive_at, id;
