-- name: beat
-- A write of no meaning but that writing works; the time.
UPDATE installation SET beaten_at = now() RETURNING now() AS now;

-- name: watched
-- What must be told although the database is away: unacknowledged incidents that still have steps, those with the
-- nearest one first. $1: the severities that are not mirrored. $3: the guild, null for all. $4: how many.
-- Asked every two seconds: these are found first, whatever the planner believes, and the rest is read of them alone.
SELECT 'inc:' || nearest.id AS key, guild_id, 'INC-' || nearest.id AS label, severity, title, targets,
       triggered_at AS raised_at, thread_id, is_private, is_drill, rings, ladder.rungs,
       coalesce(posts.places, '[]') || coalesce(alerts.places, '[]') AS places
  FROM (SELECT incidents.*, next_at
          FROM (SELECT incident_id, min(due_at) AS next_at
                  FROM escalation_steps
                 WHERE status = 'pending'
                 GROUP BY incident_id) AS due
         CROSS JOIN LATERAL (
               SELECT *
                 FROM incidents
                WHERE id = due.incident_id AND status = 'triggered' AND severity <> ALL ($1::text[])
                  AND ($3::bigint IS NULL OR guild_id + 0 = $3)
               OFFSET 0) AS incidents
         ORDER BY next_at, id
         LIMIT $4) AS nearest
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('index', index, 'due_at', due_at, 'mention', mention, 'dm', dm)
                        ORDER BY due_at, index)
              FILTER (WHERE status = 'pending') AS rungs  -- so that no index of what is pending is walked for each
         FROM escalation_steps
        WHERE incident_id = nearest.id) AS ladder
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places
         FROM deliveries
        WHERE incident_id = nearest.id AND status = 'sent' AND kind = ANY ($2::text[])) AS posts
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places
         FROM (SELECT channel_id, message_id FROM alert_messages
                WHERE incident_id = nearest.id ORDER BY message_id DESC LIMIT 5) AS newest) AS alerts
 ORDER BY next_at, nearest.id;
