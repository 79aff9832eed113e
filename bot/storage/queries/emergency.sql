-- name: beat
-- A write of no meaning but that writing works; the time.
UPDATE installation SET beaten_at = now() RETURNING now() AS now;

-- name: watched
-- What must be told although the database is away: unacknowledged incidents that still have steps, those with the
-- nearest one first. $1: the severities that are not mirrored. $3: the guild, null for all.
SELECT 'inc:' || incidents.id AS key, guild_id, 'INC-' || incidents.id AS label, severity, title, targets,
       triggered_at AS raised_at, thread_id, is_private, is_drill, rings, ladder.rungs,
       coalesce(posts.places, '[]') || coalesce(alerts.places, '[]') AS places
  FROM incidents
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('index', index, 'due_at', due_at, 'mention', mention, 'dm', dm)
                        ORDER BY due_at, index) AS rungs,
              min(due_at) AS next_at
         FROM escalation_steps
        WHERE incident_id = incidents.id AND escalation_steps.status = 'pending') AS ladder
  LEFT JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places
         FROM deliveries
        WHERE incident_id = incidents.id AND deliveries.status = 'sent' AND kind = ANY ($2::text[])) AS posts ON true
  LEFT JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places
         FROM (SELECT channel_id, message_id FROM alert_messages
                WHERE incident_id = incidents.id ORDER BY message_id DESC LIMIT 5) AS newest) AS alerts ON true
 WHERE incidents.status = 'triggered' AND severity <> ALL ($1::text[]) AND ladder.rungs IS NOT NULL
   AND ($3::bigint IS NULL OR guild_id = $3)
 ORDER BY ladder.next_at, incidents.id
 LIMIT 500;
