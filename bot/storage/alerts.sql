-- name: lock_fingerprint
-- One transaction at a time decides about alerts of one fingerprint (:fingerprint: any text that holds it).
SELECT pg_advisory_xact_lock(hashtextextended(:fingerprint, 0));

-- name: alert_of_message
-- The incident that a message was counted on; of the guild :guild_id unless null.
SELECT incident_id
  FROM alert_messages
  JOIN incidents ON incidents.id = incident_id
 WHERE message_id = :message_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: same_alert
-- The open incident that an alert of this fingerprint counts on, if one was seen at :since or later: the alert
-- itself, or what it was merged into in the end (32 merges at most), unless its severity is one of :except_severities. Nobody
-- else changes it until the commit.
WITH RECURSIVE chain AS (
    SELECT id, merged_into_id, last_seen_at, 0 AS merges
      FROM incidents
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND status IN ('triggered', 'acknowledged', 'merged')
    UNION ALL
    SELECT into_.id, into_.merged_into_id, greatest(chain.last_seen_at, into_.last_seen_at), merges + 1
      FROM chain
      JOIN incidents AS into_ ON into_.id = chain.merged_into_id
     WHERE merges < 32
)
SELECT found.*
  FROM chain
  JOIN incidents AS found ON found.id = chain.id
 WHERE chain.last_seen_at >= :since
   AND found.status IN ('triggered', 'acknowledged')
   AND NOT found.severity = ANY (:except_severities::text[])
 ORDER BY chain.last_seen_at DESC, found.id DESC
 LIMIT 1
   FOR NO KEY UPDATE OF found;

-- name: note_alert
-- Counts a message on an incident, once.
INSERT INTO alert_messages (message_id, channel_id, incident_id, sender) VALUES (:message_id, :channel_id, :incident_id, :sender)
ON CONFLICT DO NOTHING;

-- name: set_triaged
-- What a triage says of a tracked alert; where and how only if it says so. Nothing begins after its report. Grows the
-- version.
UPDATE incidents
   SET title = :title,
       path = :path,
       targets = CASE WHEN cardinality(:targets::text[]) > 0 THEN :targets ELSE targets END,
       symptoms = CASE WHEN cardinality(:symptoms::text[]) > 0 THEN :symptoms ELSE symptoms END,
       started_at = least(:started_at, triggered_at),
       version = version + 1
 WHERE id = :incident_id
RETURNING *;

-- name: alert_messages
-- The messages of an alert on which a 👀 is looked for: the first, and the newest :newest.
(SELECT channel_id, message_id FROM alert_messages WHERE incident_id = :incident_id ORDER BY message_id LIMIT 1)
UNION
(SELECT channel_id, message_id FROM alert_messages WHERE incident_id = :incident_id ORDER BY message_id DESC LIMIT :newest)
 ORDER BY message_id;

-- name: alert_cursor
-- How far a channel has been read.
SELECT message_id FROM alert_cursors WHERE guild_id = :guild_id AND channel_id = :channel_id;

-- name: move_alert_cursor
-- A channel has been read up to a message; never back.
INSERT INTO alert_cursors (guild_id, channel_id, message_id) VALUES (:guild_id, :channel_id, :message_id)
ON CONFLICT (guild_id, channel_id)
DO UPDATE SET message_id = greatest(alert_cursors.message_id, EXCLUDED.message_id);

-- name: firing_alerts
-- The open incidents that an alert of this fingerprint counts on, by number: the alerts themselves, or what they
-- were merged into (32 merges at most). Recovery :message_id came in channel :channel_id by sender :sender; without those that have fired
-- there since, or where nobody knows who has. over: no other alert counts on it, and with this recovery each sender in
-- each channel has recovered since it last fired. Who posted the first message is known in any case; of another one
-- that an older version has counted it is not, so that it is never over. Nobody else changes them until the commit.
WITH RECURSIVE chain AS (
    SELECT id, merged_into_id, 0 AS merges
      FROM incidents
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND status IN ('triggered', 'acknowledged', 'merged')
    UNION ALL
    SELECT into_.id, into_.merged_into_id, merges + 1
      FROM chain
      JOIN incidents AS into_ ON into_.id = chain.merged_into_id
     WHERE merges < 32
)
SELECT found.*,
       NOT EXISTS (SELECT FROM incidents AS other WHERE other.merged_into_id = found.id)
       AND NOT EXISTS (
           SELECT
             FROM alert_messages AS fired
            CROSS JOIN LATERAL (
                  SELECT coalesce(fired.sender,
                                  CASE WHEN fired.message_id = found.source_message_id
                                       THEN found.reported_by_id || ':' || found.reported_by_name END) AS sender
                  ) AS by
            WHERE fired.incident_id = found.id
              AND (fired.channel_id, by.sender) IS DISTINCT FROM (:channel_id, :sender)
              AND NOT EXISTS (SELECT
                                FROM alert_recoveries AS said
                               WHERE said.incident_id = found.id AND said.message_id > fired.message_id
                                 AND said.channel_id = fired.channel_id AND said.sender = by.sender)) AS over
  FROM incidents AS found
 WHERE found.id IN (SELECT id FROM chain)
   AND found.status IN ('triggered', 'acknowledged')
   AND NOT EXISTS (SELECT
                     FROM alert_messages
                    WHERE incident_id = found.id AND message_id > :message_id
                      AND channel_id = :channel_id AND coalesce(sender, :sender) = :sender)
 ORDER BY found.id
   FOR NO KEY UPDATE OF found;

-- name: note_recovery
-- A message in channel :channel_id, by sender :sender, has said that an alert is over; no row comes back when that was known. What was
-- said 30 days ago of an alert that has ended is forgotten; rows that another deletes at this moment are left to it.
WITH forgotten AS (
    DELETE FROM alert_recoveries
     WHERE (incident_id, message_id) IN (
        SELECT incident_id, message_id
          FROM alert_recoveries AS old
          JOIN incidents ON incidents.id = incident_id
         WHERE old.at < now() - interval '30 days' AND incidents.status NOT IN ('triggered', 'acknowledged')
           FOR UPDATE OF old SKIP LOCKED)
)
INSERT INTO alert_recoveries (incident_id, message_id, channel_id, sender) VALUES (:incident_id, :message_id, :channel_id, :sender)
ON CONFLICT DO NOTHING
RETURNING message_id;

-- name: has_recovered
-- Whether the last that was heard of an alert is that it is over.
SELECT EXISTS (
    SELECT FROM alert_recoveries
     WHERE incident_id = :incident_id
       AND message_id > (SELECT coalesce(max(message_id), 0) FROM alert_messages WHERE incident_id = :incident_id)
) AS recovered;

-- name: ask_about_alert
-- Asks about a message, once, unless since :since the same was asked, or :most others of its sender that nobody has
-- answered. What was asked 30 days ago is forgotten, unless it says whose posts are ignored; rows that are being
-- answered or deleted at this moment are left alone.
WITH forgotten AS (
    DELETE FROM alert_questions
     WHERE message_id IN (
        SELECT message_id
          FROM alert_questions
         WHERE asked_at < now() - interval '30 days' AND answer IS DISTINCT FROM 'ignored' AND message_id <> :message_id
           FOR UPDATE SKIP LOCKED)
)
INSERT INTO alert_questions
       (message_id, guild_id, channel_id, sender, fingerprint, severity, title, target, evidence)
SELECT :message_id, :guild_id, :channel_id, :sender, :fingerprint, :severity, :title, :target, :evidence
 WHERE NOT EXISTS (
    SELECT FROM alert_questions WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND asked_at >= :since
 )
   AND :most::int > (
    SELECT count(*)
      FROM alert_questions
     WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender AND asked_at >= :since AND answer IS NULL
 )
    ON CONFLICT DO NOTHING
RETURNING message_id;

-- name: alert_question
-- What was asked about a message in a guild; nobody else answers it until the commit.
SELECT * FROM alert_questions WHERE message_id = :message_id AND guild_id = :guild_id FOR UPDATE;

-- name: answer_alert_question
-- What somebody has said to it; null: it is open again.
UPDATE alert_questions
   SET answer = :answer, answered_by = :by_id, answered_by_name = :by_name, answered_at = now()
 WHERE message_id = :message_id;

-- name: ignore_sender
-- Passes over a sender from now on; no row comes back when that was decided before.
INSERT INTO ignored_senders (guild_id, channel_id, sender, by_id, by_name) VALUES (:guild_id, :channel_id, :sender, :by_id, :by_name)
ON CONFLICT DO NOTHING
RETURNING sender;

-- name: heed_sender
-- Passes over a sender no more; no row comes back when nobody had ignored it.
DELETE FROM ignored_senders WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender RETURNING sender;

-- name: is_ignored_sender
-- Whether a sender is passed over in a channel.
SELECT EXISTS (
    SELECT FROM ignored_senders WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender
) AS ignored;
