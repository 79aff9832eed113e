-- name: incident
-- Returns one incident, in guild :guild_id (null: in any guild).
SELECT * FROM incidents WHERE id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- part: calls
-- Returns the `Calls` of an incident that nobody has acknowledged, as `bot.domain.incident.parts` reads them.
CASE WHEN incidents.status = 'triggered' THEN jsonb_build_object(
    'steps',
    (SELECT jsonb_agg(jsonb_build_object(
                'due_at', step.due_at, 'taken_at', step.decided_at, 'mention', step.mention, 'dm', step.dm,
                'also', step.also,
                'repeats', step.repeat_every IS NOT NULL AND step.repeats_left IS DISTINCT FROM 0)
                ORDER BY step.due_at, step.index)
       FROM escalation_steps AS step
      WHERE step.incident_id = incidents.id AND step.status <> 'cancelled'),
    'pages',
    (SELECT jsonb_agg(jsonb_build_object(
                'who', coalesce('@' || (page.request ->> 'recipient'), substr(page.target, length('person:') + 1)),
                'asked_at', page.created_at,
                'sent_at', CASE WHEN page.status = 'sent' THEN page.finished_at END,
                'is_refused', page.status = 'failed',
                'is_emailed', page.emailed_at IS NOT NULL)
                ORDER BY page.id)
       FROM deliveries AS page
      WHERE page.incident_id = incidents.id AND page.kind = 'page' AND page.status <> 'cancelled'),
    'outside',
    (SELECT jsonb_agg(jsonb_build_object(
                'way', page.data ->> 'way',
                'who', CASE WHEN page.target LIKE 'person:%' THEN
                           coalesce('@' || (page.request ->> 'recipient'), substr(page.target, length('person:') + 1)) END,
                'sent_at', CASE WHEN page.status = 'sent' THEN page.finished_at END)
                ORDER BY page.id)
       FROM deliveries AS page
      WHERE page.incident_id = incidents.id AND page.kind = 'outside_page' AND page.status IN ('sent', 'failed')),
    'declined',
    (SELECT jsonb_agg(jsonb_build_object('who', said.who, 'at', said.at) ORDER BY said.at, said.who)
       FROM (SELECT entry.data ->> 'asked' AS who, max(entry.at) AS at
               FROM timeline AS entry
              WHERE entry.incident_id = incidents.id AND entry.kind = 'declined' AND entry.data ->> 'asked' IS NOT NULL
                AND coalesce((entry.data ->> 'ladder')::integer, 0)
                    = (SELECT count(*)  -- each change of severity or team begins another ladder, which asks everyone anew
                         FROM timeline AS change
                        WHERE change.incident_id = incidents.id
                          AND (change.kind = 'severity_changed' OR change.data ? 'begins_ladder'))
              GROUP BY 1) AS said)) END AS calls

-- part: aftermath
-- Returns the `Aftermath` of an incident, as `bot.domain.incident.parts` reads it, and counts its action items.
jsonb_build_object(
    'resolution', (SELECT to_jsonb(said) FROM resolutions AS said WHERE said.incident_id = incidents.id),
    'postmortem', (SELECT to_jsonb(owed) FROM postmortems AS owed WHERE owed.incident_id = incidents.id)) AS aftermath,
(SELECT count(*) FROM action_items WHERE incident_id = incidents.id AND status = 'open') AS actions_open,
(SELECT count(*) FROM action_items WHERE incident_id = incidents.id) AS actions_all

-- name: shown_incident
-- Returns one incident with its calls, its aftermath and what capabilities show of it, in guild :guild_id (null: in any guild).
SELECT incidents.*,
       {calls},
       {aftermath},
       {own_of_incident}
  FROM incidents
 WHERE id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: incident_of_delivery
-- Returns the incident of a delivery with its calls, its aftermath and what capabilities show of it, if it has one.
SELECT incidents.*,
       {calls},
       {aftermath},
       {own_of_incident}
  FROM deliveries
  JOIN incidents ON incidents.id = incident_id
 WHERE deliveries.id = :delivery_id;

-- name: lock_incident
-- Locks and returns one incident, in guild :guild_id (null: in any guild). Other transactions can still add rows that
-- refer to it.
SELECT * FROM incidents
 WHERE id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
   FOR NO KEY UPDATE;

-- name: incident_by_message
-- Returns the incident of a sent message of one of :kinds, or of an alert message that another sender posted, in
-- guild :guild_id (null: in any guild).
SELECT incidents.*
  FROM deliveries
  JOIN incidents ON incidents.id = deliveries.incident_id
 WHERE deliveries.message_id = :message_id
   AND deliveries.status = 'sent'
   AND deliveries.kind = ANY (:kinds::text[])
   AND (:guild_id::bigint IS NULL OR incidents.guild_id = :guild_id)
UNION ALL
SELECT incidents.*
  FROM alert_messages
  JOIN incidents ON incidents.id = alert_messages.incident_id
 WHERE alert_messages.message_id = :message_id
   AND (:guild_id::bigint IS NULL OR incidents.guild_id = :guild_id)
 LIMIT 1;

-- name: incidents_by_messages
-- Returns message and incident for each of :message_ids on which a 👀 reaction counts: messages of ours of one of
-- :kinds, and alert messages. A bundle's message counts for several incidents. In guild :guild_id (null: in any
-- guild).
SELECT place.message_id, incident.*
  FROM (SELECT message_id, incident_id
          FROM deliveries
         WHERE message_id = ANY (:message_ids::bigint[]) AND status = 'sent' AND kind = ANY (:kinds::text[])
         UNION
        SELECT message_id, incident_id
          FROM alert_messages
         WHERE message_id = ANY (:message_ids::bigint[])) AS place
 CROSS JOIN LATERAL (
       -- One by one: a join would read the whole table while the planner takes it for small.
       SELECT * FROM incidents WHERE id = place.incident_id LIMIT 1) AS incident
 WHERE :guild_id::bigint IS NULL OR incident.guild_id = :guild_id
 ORDER BY place.message_id, incident.id;

-- name: incident_by_thread
-- Returns the incident of a thread, also of a thread that a change of severity has replaced, in guild :guild_id
-- (null: in any guild).
SELECT * FROM incidents WHERE thread_id = :thread_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
UNION ALL
SELECT incidents.*
  FROM deliveries
  JOIN incidents ON incidents.id = deliveries.incident_id
 WHERE deliveries.message_id = :thread_id AND deliveries.kind IN ('thread', 'private_thread')
   AND (:guild_id::bigint IS NULL OR incidents.guild_id = :guild_id)
 LIMIT 1;

-- name: open_incidents
-- Returns the open incidents of a guild, oldest first.
SELECT * FROM incidents
 WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged')
 ORDER BY triggered_at, id;

-- name: unacknowledged_incidents
-- Returns at most :limit unacknowledged incidents with a number greater than :after_id, in guild :guild_id (null: in
-- any guild).
SELECT * FROM incidents
 WHERE status = 'triggered' AND id > :after_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY id
 LIMIT :limit;

-- name: count_open
-- Counts the open incidents of a guild by severity: all, and the unacknowledged ones with their earliest deadline.
-- Drills are left out.
SELECT severity,
       count(*) AS open,
       count(*) FILTER (WHERE status = 'triggered') AS waiting,
       min(ack_due_at) FILTER (WHERE status = 'triggered') AS ack_due_at
  FROM incidents
 WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged') AND NOT is_drill
 GROUP BY severity
 ORDER BY severity;

-- name: list_incidents
-- Returns the incidents of a guild: the unacknowledged ones, then the other open ones, each in the order of
-- severities in :by_severity and newest first; then those that have ended, newest first. A filter that is null, or an
-- empty list, matches everything. A private incident is listed for a viewer who sees all (:sees_all) and for its
-- members (:viewer_id). An incident whose team is none of :teams is the default team's. :involved_id finds the incidents that a person reported, responded to or has a role in.
-- Each comes with its calls, so that the list can say what happens next.
SELECT *,
       {calls}
  FROM incidents
 WHERE guild_id = :guild_id
   AND (cardinality(:statuses::text[]) = 0 OR status = ANY (:statuses))
   AND (:severity::text IS NULL OR severity = :severity)
   AND (:team::text IS NULL OR CASE WHEN team = ANY (:teams::text[]) THEN team ELSE 'default' END = :team)
   AND (:words::text IS NULL OR strpos(lower(title), lower(:words)) > 0)
   AND (:since::timestamptz IS NULL OR triggered_at >= :since)
   AND (NOT is_private OR :sees_all OR EXISTS (
        SELECT FROM incident_members WHERE incident_id = incidents.id AND user_id = :viewer_id))
   AND (:with_drills OR NOT is_drill)
   AND (:involved_id::bigint IS NULL OR reported_by_id = :involved_id
        OR EXISTS (SELECT FROM responders WHERE incident_id = incidents.id AND user_id = :involved_id)
        OR EXISTS (SELECT FROM jsonb_each(roles) AS held WHERE (held.value ->> 'id')::bigint = :involved_id))
 ORDER BY CASE status WHEN 'triggered' THEN 0 WHEN 'acknowledged' THEN 1 ELSE 2 END,
       CASE WHEN status IN ('triggered', 'acknowledged') THEN array_position(:by_severity::text[], severity) END,
       triggered_at DESC, id DESC
 LIMIT :limit OFFSET :offset;

-- name: related_incidents
-- Returns the incidents that are linked with one or were merged into it, oldest first, in guild :guild_id (null: in
-- any guild).
SELECT * FROM incidents
 WHERE (merged_into_id = :incident_id
        OR id IN (SELECT related_id FROM incident_links WHERE incident_id = :incident_id
                  UNION
                  SELECT incident_id FROM incident_links WHERE related_id = :incident_id))
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY triggered_at, id;

-- name: linked_incidents
-- Returns the incidents that are linked with one, oldest first, in guild :guild_id (null: in any guild).
SELECT * FROM incidents
 WHERE id IN (SELECT related_id FROM incident_links WHERE incident_id = :incident_id
              UNION
              SELECT incident_id FROM incident_links WHERE related_id = :incident_id)
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY triggered_at, id;

-- name: incidents_between
-- Returns the incidents of a guild that were triggered in [:start, :end), oldest first.
SELECT * FROM incidents
 WHERE guild_id = :guild_id AND triggered_at >= :start AND triggered_at < :end
 ORDER BY triggered_at, id;

-- name: insert_incident
-- Stores a new incident, triggered at :triggered_at (null: at the transaction's time). No row comes back if the key
-- is known.
INSERT INTO incidents (guild_id, key, severity, priority, title, targets, symptoms, path, started_at,
                       triggered_at, ack_due_at, reported_by_id, reported_by_name,
                       kind, is_drill, rings, is_private, source, source_message_id, fingerprint, subject,
                       last_seen_at, origin, waited, occurrences,
                       thread_channel, team)
VALUES (:guild_id, :key, :severity, :priority, :title, :targets, :symptoms, :path, :started_at,
        coalesce(:triggered_at, now()), :ack_due_at, :reported_by_id, :reported_by_name,
        :kind, :is_drill, :rings, :is_private, :source, :source_message_id, :fingerprint, :subject,
        CASE WHEN :fingerprint::text IS NOT NULL THEN now() END, :origin, :waited, :occurrences,
        :thread_channel, :team)
ON CONFLICT (key) DO NOTHING
RETURNING *;

-- name: incident_by_key
-- Returns the incident that a key opened.
SELECT * FROM incidents WHERE key = :key;

-- name: save_incident
-- Writes the state of an incident after a decision. No row comes back if another change came first.
UPDATE incidents
   SET status = :status,
       acknowledged_at = :acknowledged_at, acknowledged_by_id = :acknowledged_by_id,
       acknowledged_by_name = :acknowledged_by_name,
       resolved_at = :resolved_at, resolved_by_id = :resolved_by_id, resolved_by_name = :resolved_by_name,
       severity = :severity, priority = :priority, ack_due_at = :ack_due_at, kind = :kind, is_private = :is_private,
       merged_into_id = :merged_into_id,
       posting = :posting, thread_posting = :thread_posting, roles = :roles,
       last_update = :last_update, next_update_at = :next_update_at,
       reminders = :reminders, archive_at = :archive_at, occurrences = :occurrences, last_seen_at = :last_seen_at,
       thread_channel = :thread_channel,
       reopened_at = :reopened_at, reopened_by_id = :reopened_by_id, reopened_by_name = :reopened_by_name,
       first_ended_at = :first_ended_at, remind_at = :remind_at,
       duplicates = :duplicates, linked = :linked, checks = :checks, merged_into_hidden = :merged_into_hidden,
       title = :title, targets = :targets, symptoms = :symptoms, path = :path,
       started_at = :started_at, details_version = :details_version, unreached = :unreached,
       taken = :taken, ack_ended = :ack_ended, phase = :phase, severity_changed = :severity_changed,
       users_affected = :users_affected, team = :team,
       affected_version = CASE WHEN (severity, targets, symptoms) IS DISTINCT FROM (:severity, :targets, :symptoms)
                               THEN :version ELSE affected_version END,
       version = :version
 WHERE id = :incident_id AND version = :version - 1
RETURNING id;

-- name: set_places
-- Records where the alert or the thread of an incident is, keeping what is null, and increments the version.
UPDATE incidents
   SET alert_channel_id = coalesce(:alert_channel_id, alert_channel_id),
       alert_message_id = coalesce(:alert_message_id, alert_message_id),
       thread_id = coalesce(:thread_id, thread_id),
       version = version + 1
 WHERE id = :incident_id
RETURNING *;

-- name: set_escalation
-- Records where the newest escalation of an incident is, and increments the version if there was another one: that
-- one is edited to point to it.
UPDATE incidents
   SET escalation_channel_id = :channel_id,
       escalation_message_id = :message_id,
       escalation_version = version + 1,
       version = version + CASE WHEN escalation_message_id IS NULL THEN 0 ELSE 1 END
 WHERE id = :incident_id
RETURNING *;

-- name: link_incidents
-- Links two incidents, the smaller number first. No row comes back if they are linked already.
INSERT INTO incident_links (incident_id, related_id, by_id, by_name)
VALUES (:first_id, :second_id, :by_id, :by_name)
ON CONFLICT DO NOTHING
RETURNING incident_id;

-- name: unlink_incidents
-- Removes a link between two incidents, the smaller number first. No row comes back if there is none.
DELETE FROM incident_links WHERE incident_id = :first_id AND related_id = :second_id RETURNING incident_id;

-- name: resolution
-- Returns how an incident was resolved, in guild :guild_id (null: in any guild).
SELECT * FROM resolutions
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: save_resolution
-- Writes how an incident was resolved, in the place of what was written before.
INSERT INTO resolutions (incident_id, guild_id, cause, fix, impact, people, duration_s, by_id, by_name, at)
VALUES (:incident_id, :guild_id, :cause, :fix, :impact, :people, :duration_s, :by_id, :by_name, :at)
ON CONFLICT (incident_id) DO UPDATE
   SET cause = excluded.cause, fix = excluded.fix, impact = excluded.impact, people = excluded.people,
       duration_s = excluded.duration_s, by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at
RETURNING incident_id;

-- name: member
-- Finds a person among the members of a private incident.
SELECT user_id FROM incident_members WHERE incident_id = :incident_id AND user_id = :user_id;

-- name: members
-- Returns the members of a private incident in the order they were added.
SELECT user_id FROM incident_members WHERE incident_id = :incident_id ORDER BY at, user_id;

-- name: removed_members
-- Returns the people who were removed from a private incident and not let in again.
SELECT user_id, username, at FROM removed_members WHERE incident_id = :incident_id ORDER BY at, user_id;

-- name: add_member
-- Gives a person access to a private incident. No row comes back if they are a member already.
INSERT INTO incident_members (incident_id, user_id, name, by_id, by_name)
VALUES (:incident_id, :user_id, :name, :by_id, :by_name)
ON CONFLICT DO NOTHING
RETURNING user_id;

-- name: remove_member
-- Removes a member from a private incident. No row comes back if they were none.
DELETE FROM incident_members WHERE incident_id = :incident_id AND user_id = :user_id RETURNING user_id;

-- name: keep_out
-- Records that a person was removed from a private incident, or removed once more.
INSERT INTO removed_members (incident_id, user_id, username, by_id, by_name)
VALUES (:incident_id, :user_id, :username, :by_id, :by_name)
ON CONFLICT (incident_id, user_id) DO UPDATE
   SET username = excluded.username, by_id = excluded.by_id, by_name = excluded.by_name, at = now()
RETURNING user_id;

-- name: readmit
-- Forgets that a person was removed from a private incident.
DELETE FROM removed_members WHERE incident_id = :incident_id AND user_id = :user_id RETURNING user_id;
