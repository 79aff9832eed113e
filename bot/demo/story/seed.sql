-- name: seed_guild
-- The bot has served the guild for a while, so that it posts the digest of the story's week when it starts.
INSERT INTO guilds (guild_id, installed_at) VALUES (:guild_id, :installed_at) ON CONFLICT (guild_id) DO NOTHING;

-- name: seed_schedules
-- `rows`: a JSON array with one object per on-call place.
INSERT INTO oncall_schedules (guild_id, place, content, by_id, by_name, at, starts_at)
SELECT guild_id, place, content, by_id, by_name, starts_at, starts_at
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       guild_id bigint, place text, content jsonb, by_id bigint, by_name text, starts_at timestamptz);

-- name: seed_incidents
-- `rows`: a JSON array with one object per incident, oldest first. Returns the number that each got.
INSERT INTO incidents (guild_id, key, severity, priority, status, title, targets, symptoms, path,
                       started_at, triggered_at, ack_due_at, reported_by_id, reported_by_name,
                       acknowledged_at, acknowledged_by_id, acknowledged_by_name,
                       resolved_at, resolved_by_id, resolved_by_name, first_ended_at,
                       alert_channel_id, alert_message_id, thread_id, thread_channel,
                       kind, is_drill, rings, source, source_message_id, fingerprint, occurrences, last_seen_at,
                       last_update)
SELECT guild_id, key, severity, priority, status, title, targets, symptoms, path,
       started_at, triggered_at, ack_due_at, reported_by_id, reported_by_name,
       acknowledged_at, acknowledged_by_id, acknowledged_by_name,
       ended_at, ended_by_id, ended_by_name, ended_at,
       alert_channel_id, alert_message_id, thread_id, thread_channel,
       kind, is_drill, rings, source, source_message_id, fingerprint, occurrences, last_seen_at,
       last_update
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       guild_id bigint, key text, severity text, priority text, status text, title text,
       targets text[], symptoms text[], path jsonb,
       started_at timestamptz, triggered_at timestamptz, ack_due_at timestamptz,
       reported_by_id bigint, reported_by_name text,
       acknowledged_at timestamptz, acknowledged_by_id bigint, acknowledged_by_name text,
       ended_at timestamptz, ended_by_id bigint, ended_by_name text,
       alert_channel_id bigint, alert_message_id bigint, thread_id bigint, thread_channel text,
       kind text, is_drill boolean, rings boolean, source jsonb, source_message_id bigint, fingerprint text,
       occurrences integer, last_seen_at timestamptz, last_update jsonb)
 ORDER BY triggered_at
RETURNING id, key;

-- name: seed_responders
-- `rows`: a JSON array; `key` names the incident.
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
SELECT incidents.id, past.user_id, past.name, 'reaction', past.joined_at
  FROM jsonb_to_recordset(:rows::jsonb) AS past (key text, user_id bigint, name text, joined_at timestamptz)
  JOIN incidents USING (key);

-- name: seed_resolutions
-- `rows`: a JSON array with one object per incident that was resolved with words.
INSERT INTO resolutions (incident_id, guild_id, cause, fix, impact, people, duration_s, by_id, by_name, at)
SELECT incident_id, guild_id, cause, fix, impact, people, duration_s, by_id, by_name, at
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       incident_id bigint, guild_id bigint, cause text, fix text, impact text, people bigint, duration_s bigint,
       by_id bigint, by_name text, at timestamptz);

-- name: seed_actions
-- `rows`: a JSON array with one object per action item, oldest first. Returns the number that each got. The job that reminds
-- of an open one is queued with it.
WITH made AS (
    INSERT INTO action_items (key, guild_id, incident_id, source, what, owner_id, owner_name, due_on, verification,
                              created_at, created_by_id, created_by_name, status, closed_at, closed_by_id,
                              closed_by_name, next_at)
    SELECT key, guild_id, incident_id, source, what, owner_id, owner_name, due_on, verification,
           created_at, created_by_id, created_by_name, status, closed_at, closed_by_id, closed_by_name, next_at
      FROM jsonb_to_recordset(:rows::jsonb) AS past (
           key text, guild_id bigint, incident_id bigint, source text, what text, owner_id bigint, owner_name text,
           due_on date, verification text, created_at timestamptz, created_by_id bigint, created_by_name text,
           status text, closed_at timestamptz, closed_by_id bigint, closed_by_name text, next_at timestamptz)
     ORDER BY created_at
    RETURNING id, key, guild_id, next_at
), jobs AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
    SELECT 0, 'action_item', convert_to(id::text, 'UTF8'), next_at, 'action:' || id,
           jsonb_build_object('guild', guild_id::text), 'queued'
      FROM made
     WHERE next_at IS NOT NULL
)
SELECT id, key FROM made;

-- name: seed_timeline
-- `rows`: a JSON array; `key` names the incident.
INSERT INTO timeline (incident_id, at, recorded_at, kind, actor_id, actor_name, data)
SELECT incidents.id, past.at, past.at, past.kind, past.actor_id, past.actor_name, past.data
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       key text, at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb)
  JOIN incidents USING (key)
 ORDER BY past.at;

-- name: seed_deliveries
-- `rows`: a JSON array with one object per post of the bot, oldest first.
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, after_key, data, priority, status, nonce,
                        shown_version, request, created_at, first_sent_at, next_try_at, finished_at,
                        channel_id, message_id)
SELECT guild_id, incident_id, kind, target, past.key, after_key, data, priority, 'sent',
       left(encode(sha256(convert_to(past.key, 'UTF8')), 'hex'), 25),
       1, request, at, at, at, at, channel_id, message_id
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       guild_id bigint, incident_id bigint, kind text, target text, key text, after_key text, data jsonb,
       priority integer, request jsonb, at timestamptz, channel_id bigint, message_id bigint)
 ORDER BY at;

-- name: seed_failures
-- `rows`: a JSON array with one object per undelivered notification.
INSERT INTO admin.notification_failures (id, attempted_at, channel, severity, title, http_status,
                                         retry_count, error_message, status, fallback_email_sent, payload)
SELECT id, attempted_at, channel, severity, title, http_status,
       retry_count, error_message, 'failed', fallback_email_sent, payload
  FROM jsonb_to_recordset(:rows::jsonb) AS past (
       id uuid, attempted_at timestamptz, channel text, severity text, title text, http_status integer,
       retry_count integer, error_message text, fallback_email_sent boolean, payload jsonb);
