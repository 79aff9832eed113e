-- name: overdue_steps
-- Pending steps that were due $1 ago or earlier and have no job, queued or running, to decide them.
SELECT incident_id, index, incidents.guild_id, escalation_steps.priority
  FROM escalation_steps
  JOIN incidents ON incidents.id = incident_id
 WHERE escalation_steps.status = 'pending'
   AND due_at < now() - $1::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'step:' || incident_id || ':' || index
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY due_at, incident_id, index;

-- name: late_steps
-- How many pending steps were due $1 ago or earlier, whatever is the matter with them.
SELECT count(*)::integer AS late
  FROM escalation_steps
 WHERE status = 'pending'
   AND due_at < now() - $1::interval;

-- name: unheard_incidents
-- How many incidents whose messages are as urgent as $2 wait for $1 or longer for one that should ring ($3: kinds),
-- while no email has told of it either.
SELECT count(DISTINCT waiting.incident_id)::integer AS unheard
  FROM deliveries AS waiting
  JOIN incidents ON incidents.id = waiting.incident_id
 WHERE waiting.status IN ('pending', 'sending') AND waiting.kind = ANY ($3::text[]) AND waiting.priority >= $2
   AND waiting.created_at < now() - $1::interval
   AND incidents.status = 'triggered' AND NOT incidents.is_drill
   AND NOT EXISTS (
       SELECT FROM deliveries AS told
        WHERE told.incident_id = waiting.incident_id AND told.created_at >= waiting.created_at
          AND (told.emailed_at IS NOT NULL OR told.emailed_to <> '{}'));

-- name: overdue_deliveries
-- Unfinished deliveries whose next attempt was due $1 ago or earlier, that wait for nothing unsent and have
-- no job to send them.
SELECT owed.id, owed.priority, owed.guild_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 WHERE owed.status IN ('pending', 'sending')
   AND owed.next_try_at < now() - $1::interval
   AND (owed.after_key IS NULL OR first.status = 'sent')
   AND owed.bundle_id IS NULL
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'deliver:' || owed.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY owed.next_try_at, owed.id;

-- name: overdue_drills
-- Drills that should have been looked at $1 ago or earlier and have no job to do so.
SELECT incident_id, guild_id
  FROM drills
 WHERE next_at < now() - $1::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'drill:' || drills.incident_id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY next_at, incident_id;

-- name: overdue_mornings
-- Morning triages that should have been asked about $1 ago or earlier and have no job to do so.
SELECT guild_id, day
  FROM mornings
 WHERE nag_at < now() - $1::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'morning:' || mornings.guild_id || ':' || mornings.day
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY nag_at, guild_id;

-- name: overdue_watches
-- Guilds whose on-call should have been looked at $1 ago or earlier and that have no job to do so.
SELECT guild_id
  FROM oncall_watches
 WHERE next_at < now() - $1::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'handover:' || oncall_watches.guild_id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY next_at, guild_id;

-- name: overdue_triages
-- Triages whose clock should have struck $1 ago or earlier and that have no job to look at them.
SELECT id, guild_id
  FROM triages
 WHERE reevaluate_at < now() - $1::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'reevaluate:' || triages.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY reevaluate_at, id;

-- name: overdue_reminders
-- Open incidents whose status update should have been asked for $1 ago or earlier and that have no job to do it.
SELECT id, guild_id
  FROM incidents
 WHERE remind_at < now() - $1::interval
   AND status IN ('triggered', 'acknowledged')
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'remind:' || incidents.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY remind_at, id;

-- name: overdue_archives
-- Ended incidents whose thread should have been put to sleep $1 ago or earlier and that have no job to do it.
SELECT id, guild_id
  FROM incidents
 WHERE archive_at < now() - $1::interval
   AND NOT EXISTS (
       SELECT FROM pgqueuer
        WHERE dedupe_key = 'archive:' || incidents.id
          AND pgqueuer.status IN ('queued', 'picked'))
 ORDER BY archive_at, id;
