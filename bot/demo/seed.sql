-- name: is_seeded
-- Returns true if this database has its past already.
SELECT EXISTS (SELECT FROM incidents WHERE key LIKE 'demo:%');

-- name: seed_guild
-- The bot has served the guild for a while: the digest of the week that is told is owed.
INSERT INTO guilds (guild_id, installed_at) VALUES ($1, $2) ON CONFLICT (guild_id) DO NOTHING;

-- name: seed_incidents
-- $1: a JSON array with one object per incident, oldest first.
INSERT INTO incidents (guild_id, key, severity, priority, status, title, targets, symptoms, path,
                       started_at, triggered_at, ack_due_at, reported_by_id, reported_by_name,
                       acknowledged_at, acknowledged_by_id, acknowledged_by_name,
                       resolved_at, resolved_by_id, resolved_by_name)
SELECT guild_id, key, severity, priority, status, title, targets, symptoms, path,
       started_at, triggered_at, ack_due_at, reported_by_id, reported_by_name,
       acknowledged_at, acknowledged_by_id, acknowledged_by_name,
       ended_at, ended_by_id, ended_by_name
  FROM jsonb_to_recordset($1::jsonb) AS past (
       guild_id bigint, key text, severity text, priority text, status text, title text,
       targets text[], symptoms text[], path jsonb,
       started_at timestamptz, triggered_at timestamptz, ack_due_at timestamptz,
       reported_by_id bigint, reported_by_name text,
       acknowledged_at timestamptz, acknowledged_by_id bigint, acknowledged_by_name text,
       ended_at timestamptz, ended_by_id bigint, ended_by_name text)
 ORDER BY triggered_at;

-- name: seed_responders
-- $1: a JSON array; `key` names the incident.
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
SELECT incidents.id, past.user_id, past.name, 'reaction', past.joined_at
  FROM jsonb_to_recordset($1::jsonb) AS past (key text, user_id bigint, name text, joined_at timestamptz)
  JOIN incidents USING (key);

-- name: seed_timeline
-- $1: a JSON array; `key` names the incident.
INSERT INTO timeline (incident_id, at, recorded_at, kind, actor_id, actor_name, data)
SELECT incidents.id, past.at, past.at, past.kind, past.actor_id, past.actor_name, past.data
  FROM jsonb_to_recordset($1::jsonb) AS past (
       key text, at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb)
  JOIN incidents USING (key)
 ORDER BY past.at;

-- name: seed_failures
-- $1: a JSON array with one object per undelivered notification.
INSERT INTO admin.notification_failures (id, attempted_at, channel, severity, title, http_status,
                                         retry_count, error_message, status, fallback_email_sent, payload)
SELECT id, attempted_at, channel, severity, title, http_status,
       retry_count, error_message, 'failed', fallback_email_sent, payload
  FROM jsonb_to_recordset($1::jsonb) AS past (
       id uuid, attempted_at timestamptz, channel text, severity text, title text, http_status integer,
       retry_count integer, error_message text, fallback_email_sent boolean, payload jsonb);
