-- name: leave
-- Deletes the mirror of a process that ends with nothing left to report.
DELETE FROM mirrors WHERE id = :mirror_id;

-- name: is_untold
-- Returns true if no process has written for four seconds, or if one may have escalated without this database and not
-- yet recorded it: its mirror reported shortly before the database went away, and has not since it came back. A
-- process is waited for at most six seconds, since it may have died. :guild_id limits this to one guild (null: all
-- guilds).
SELECT coalesce(beaten_at < statement_timestamp() - interval '4 seconds', false)
    OR (back_at BETWEEN statement_timestamp() - interval '6 seconds' AND statement_timestamp()
        AND EXISTS (SELECT FROM mirrors
                     WHERE told_at BETWEEN gone_at - interval '10 seconds' AND back_at - interval '1 microsecond'
                       AND (:guild_id::bigint IS NULL OR guild_id IS NULL OR guild_id = :guild_id))) AS is_untold
  FROM installation;

-- name: nearest_watched
-- Returns the unacknowledged incidents that must be escalated even without the database, the most urgent first: those
-- with pending steps or with unsent deliveries of :told_kinds, the kinds that can be sent without a database.
-- :except_severities are not mirrored. :guild_id limits this to one guild (null: all guilds). It runs every two
-- seconds, so it finds the candidates first, whatever the planner estimates, and reads only their incidents.
SELECT incidents.id
  FROM (SELECT incident_id, min(at) AS at
          FROM (SELECT incident_id, due_at AS at
                  FROM escalation_steps
                 WHERE status = 'pending'
                 UNION ALL
                SELECT incident_id, created_at
                  FROM deliveries
                 WHERE status IN ('pending', 'sending') AND kind = ANY (:told_kinds::text[]) AND bundle_id IS NULL
                   AND incident_id IS NOT NULL AND NOT data ? 'quiet') AS waiting
         GROUP BY incident_id) AS due
 CROSS JOIN LATERAL (
       SELECT id
         FROM incidents
        WHERE id = due.incident_id AND status = 'triggered' AND severity <> ALL (:except_severities::text[])
          AND (:guild_id::bigint IS NULL OR guild_id + 0 = :guild_id)
       OFFSET 0) AS incidents
 ORDER BY at, id
 LIMIT :limit;

-- name: watches
-- Returns what must be sent about the incidents :incident_ids even without the database, in their order, leaving out
-- acknowledged incidents. A reaction counts on messages of :ack_kinds. :told_kinds can be sent without a database,
-- except deliveries of a bundle and reposts that repeat an earlier message.
SELECT 'inc:' || incidents.id AS key, guild_id, 'INC-' || incidents.id AS label, severity, title, targets,
       triggered_at AS raised_at, private_thread.id AS private_thread_id, is_private, is_drill, rings,
       team, coalesce(ladder.rungs, '[]') AS rungs, coalesce(unsaid.owed, '[]') AS owed,
       coalesce(posts.places, '[]') || coalesce(alerts.places, '[]') AS places,
       coalesce(former.ids, '[]') AS left, coalesce(spared.pairs, '[]') AS unmarked,
       coalesce(posts.old, '[]') || coalesce(CASE WHEN ack_ended IS NOT NULL THEN alerts.ids END, '[]') AS old_messages
  FROM unnest(:incident_ids::bigint[]) WITH ORDINALITY AS wanted (id, nth)
 CROSS JOIN LATERAL (
       SELECT * FROM incidents WHERE incidents.id = wanted.id AND status = 'triggered' OFFSET 0) AS incidents
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('index', index, 'due_at', due_at, 'mention', mention, 'dm', dm)
                        ORDER BY due_at, index)
              FILTER (WHERE status = 'pending') AS rungs  -- a WHERE would scan the index of pending steps for each
         FROM escalation_steps
        WHERE incident_id = incidents.id) AS ladder
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('key', key, 'word', kind, 'to', target, 'since', created_at,
                                           'rings', coalesce(data ->> 'mention' = 'here', true),
                                           'has_email', emailed_at IS NOT NULL OR cardinality(emailed_to) > 0,
                                           'attempt', CASE WHEN first_sent_at IS NOT NULL THEN jsonb_build_object(
                                               'at', first_sent_at, 'body', request ->> 'body') END)
                        ORDER BY id)
              FILTER (WHERE status IN ('pending', 'sending')) AS owed
         FROM deliveries
        WHERE incident_id = incidents.id AND kind = ANY (:told_kinds::text[]) AND bundle_id IS NULL
          AND NOT data ? 'quiet') AS unsaid
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places,
              jsonb_agg(message_id)  -- their 👀 reactions belong to an acknowledgement that has ended
              FILTER (WHERE NOT coalesce(first_sent_at >= (incidents.ack_ended ->> 'at')::timestamptz,
                                         incidents.ack_ended IS NULL)) AS old
         FROM deliveries
        WHERE incident_id = incidents.id AND status = 'sent' AND kind = ANY (:ack_kinds::text[])
          AND message_id IS NOT NULL) AS posts  -- earlier versions: null if it was deleted before it was known
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places, jsonb_agg(message_id) AS ids
         FROM (SELECT channel_id, message_id FROM alert_messages
                WHERE incident_id = incidents.id ORDER BY message_id DESC LIMIT 5) AS newest) AS alerts
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(user_id) AS ids
         FROM responders
        WHERE incident_id = incidents.id AND left_at IS NOT NULL AND incidents.ack_ended IS NOT NULL) AS former
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(user_id, message_id)) AS pairs
         FROM responders
        CROSS JOIN unnest(unmarked) AS message_id
        WHERE incident_id = incidents.id AND left_at IS NOT NULL AND incidents.ack_ended IS NOT NULL) AS spared
  LEFT JOIN LATERAL (  -- the private thread of the latest posting; an older thread is public
       SELECT message_id AS id
         FROM deliveries
        WHERE key = 'inc:' || incidents.id || ':private_thread'
                    || CASE WHEN thread_posting > 1 THEN ':' || thread_posting ELSE '' END
          AND is_private AND status = 'sent') AS private_thread ON true
 WHERE ladder.rungs IS NOT NULL OR unsaid.owed IS NOT NULL
 ORDER BY nth;

-- name: known_alerts
-- Returns the fingerprints of the alerts that page nobody when they come again, the latest first: those of open
-- incidents, or of what was merged into one, that were last seen within :since, and those that are muted.
-- :except_severities are not mirrored. :guild_id limits this to one guild (null: all guilds).
SELECT fingerprint
  FROM (SELECT own.fingerprint, own.last_seen_at AS at
          FROM incidents AS own
          LEFT JOIN incidents AS target ON target.id = own.merged_into_id
         WHERE own.status IN ('triggered', 'acknowledged', 'merged') AND own.fingerprint IS NOT NULL
           AND own.last_seen_at >= now() - :since::interval
           AND coalesce(target.status, own.status) IN ('triggered', 'acknowledged')
           AND coalesce(target.severity, own.severity) <> ALL (:except_severities::text[])
           AND (:guild_id::bigint IS NULL OR own.guild_id = :guild_id)
         UNION ALL
        SELECT fingerprint, at
          FROM alert_verdicts
         WHERE verdict = 'mute' AND holds_until > now() AND severity <> ALL (:except_severities::text[])
           AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)) AS known
 GROUP BY fingerprint
 ORDER BY max(at) DESC
 LIMIT :limit;

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
