-- name: beat
-- That writing works, and since when it does again; the time. :mirrors: the mirrors that have nothing to tell, :guild_ids the guilds
-- of each. Whoever runs does so every second: four times as long without anybody is a silence. What follows soon after
-- one belongs to it.
WITH told AS (
    INSERT INTO mirrors (id, guild_id, told_at)
    SELECT id, guild_id, statement_timestamp() FROM unnest(:mirrors::uuid[], :guild_ids::bigint[]) AS told (id, guild_id)
    ON CONFLICT (id) DO UPDATE SET told_at = EXCLUDED.told_at),
forgotten AS (
    DELETE FROM mirrors WHERE told_at < statement_timestamp() - interval '1 day' AND id <> ALL (:mirrors))
UPDATE installation
   SET (gone_at, back_at) = (
           SELECT CASE WHEN is_new AND NOT coalesce(back_at > beaten_at - interval '10 seconds', false)
                       THEN beaten_at ELSE gone_at END,
                  CASE WHEN is_new THEN statement_timestamp() ELSE back_at END
             FROM (SELECT beaten_at < statement_timestamp() - interval '4 seconds' AS is_new) AS silence),
       beaten_at = statement_timestamp()
RETURNING now() AS now;

-- name: is_untold
-- Whether somebody may have told people without this database and has not yet said so: whoever was there before it
-- went away, and has not been heard of since it came back. One that died is waited for six seconds. :guild_id: the guild.
SELECT coalesce(beaten_at < statement_timestamp() - interval '4 seconds', false)
    OR (back_at BETWEEN statement_timestamp() - interval '6 seconds' AND statement_timestamp()
        AND EXISTS (SELECT FROM mirrors
                     WHERE told_at BETWEEN gone_at - interval '10 seconds' AND back_at - interval '1 microsecond'
                       AND (:guild_id::bigint IS NULL OR guild_id IS NULL OR guild_id = :guild_id))) AS is_untold
  FROM installation;

-- name: leave
-- A process that ends has nothing more to tell. :mirror_id: its mirror.
DELETE FROM mirrors WHERE id = :mirror_id;

-- name: nearest_watched
-- Which unacknowledged incidents somebody must be told of although the database is away: those with steps to come, or
-- with something owed that is not there; the most urgent first. :except_severities: the severities that are not mirrored. :told_kinds: the kinds
-- that are told without a database. :guild_id: the guild, null for all. :limit: how many.
-- Asked every two seconds: these are found first, whatever the planner believes, and the rest is read of them alone.
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
-- What must be told of the incidents :incident_ids although the database is away, in their order; of those that somebody has
-- acknowledged, nothing. :ack_kinds: the kinds on whose message a reaction counts. :told_kinds: the kinds that are told without a
-- database: not what a bundle tells of, nor a post that says again what another has said.
SELECT 'inc:' || incidents.id AS key, guild_id, 'INC-' || incidents.id AS label, severity, title, targets,
       triggered_at AS raised_at, room.id AS room_id, is_private, is_drill, rings,
       coalesce(ladder.rungs, '[]') AS rungs, coalesce(unsaid.owed, '[]') AS owed,
       coalesce(posts.places, '[]') || coalesce(alerts.places, '[]') AS places,
       coalesce(former.ids, '[]') AS left,
       coalesce(posts.old, '[]') || coalesce(CASE WHEN ack_ended IS NOT NULL THEN alerts.ids END, '[]') AS old_messages
  FROM unnest(:incident_ids::bigint[]) WITH ORDINALITY AS wanted (id, nth)
 CROSS JOIN LATERAL (
       SELECT * FROM incidents WHERE incidents.id = wanted.id AND status = 'triggered' OFFSET 0) AS incidents
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('index', index, 'due_at', due_at, 'mention', mention, 'dm', dm)
                        ORDER BY due_at, index)
              FILTER (WHERE status = 'pending') AS rungs  -- so that no index of what is pending is walked for each
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
              jsonb_agg(message_id)  -- the 👀 of an acknowledge that has ended stand under these
              FILTER (WHERE NOT coalesce(first_sent_at >= (incidents.ack_ended ->> 'at')::timestamptz,
                                         incidents.ack_ended IS NULL)) AS old
         FROM deliveries
        WHERE incident_id = incidents.id AND status = 'sent' AND kind = ANY (:ack_kinds::text[])) AS posts
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(channel_id, message_id)) AS places, jsonb_agg(message_id) AS ids
         FROM (SELECT channel_id, message_id FROM alert_messages
                WHERE incident_id = incidents.id ORDER BY message_id DESC LIMIT 5) AS newest) AS alerts
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(user_id) AS ids
         FROM responders
        WHERE incident_id = incidents.id AND left_at IS NOT NULL AND incidents.ack_ended IS NOT NULL) AS former
  LEFT JOIN LATERAL (  -- the private thread of its latest posting: an older one is for everybody to read
       SELECT message_id AS id
         FROM deliveries
        WHERE key = 'inc:' || incidents.id || ':private_thread'
                    || CASE WHEN thread_posting > 1 THEN ':' || thread_posting ELSE '' END
          AND is_private AND status = 'sent') AS room ON true
 WHERE ladder.rungs IS NOT NULL OR unsaid.owed IS NOT NULL
 ORDER BY nth;
