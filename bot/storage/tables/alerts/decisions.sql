-- name: decide
-- Records what was decided about a message or an event, once. A decision that has led to no incident is replaced by one
-- that has: a person may track what the bot has asked about.
INSERT INTO alert_decisions (guild_id, sender, said_id, nth, channel_id, said_at, says, outcome, label, title, url, target,
                             severity, fingerprint, incident_id, window_id, detail, held)
VALUES (:guild_id, :sender, :said_id, :nth, :channel_id, :said_at, :says, :outcome, :label, :title, :url, :target,
        :severity, :fingerprint, :incident_id, :window_id, :detail, :held)
ON CONFLICT (guild_id, sender, said_id, nth)
DO UPDATE SET outcome = excluded.outcome, incident_id = excluded.incident_id
 WHERE alert_decisions.incident_id IS NULL AND excluded.incident_id IS NOT NULL;

-- name: answer_decision
-- Records what a person has said about a message that the bot has asked about, or would have.
UPDATE alert_decisions
   SET outcome = :outcome, says = :says
 WHERE guild_id = :guild_id AND sender = :sender AND said_id = :said_id AND nth = :nth;

-- name: handled_message
-- Returns the incident on which a message was counted, or null if it was decided to count it on none. No row comes back
-- if nothing was decided about it.
SELECT incident_id FROM alert_messages WHERE message_id = :said_id
UNION ALL
SELECT incident_id
  FROM alert_decisions
 WHERE guild_id = :guild_id AND sender = :sender AND said_id = :said_id AND nth = :nth
 ORDER BY incident_id
 LIMIT 1;

-- name: forget_decisions
-- Deletes at most :limit decisions that are older than 14 days. Rows that another transaction has locked are left for
-- the next time.
DELETE FROM alert_decisions
 WHERE ctid IN (SELECT ctid
                  FROM alert_decisions
                 WHERE decided_at < now() - interval '14 days'
                 LIMIT :limit
                   FOR UPDATE SKIP LOCKED)
RETURNING said_id;

-- part: listed
-- Finds the decisions of a guild about :target with :outcome (null: any), whether their incident is private, and where
-- people work on it: its thread, or its post. Of the maintenance window that has held it: its end, and who has set it.
SELECT decision.*, coalesce(incidents.is_private, false) AS is_hidden,
       coalesce(thread_id, alert_channel_id) AS home_channel_id,
       CASE WHEN thread_id IS NULL THEN alert_message_id END AS home_message_id,
       coalesce(held_by.ended_at, held_by.ends_at) AS held_until, held_by.by_name AS held_by_name
  FROM alert_decisions AS decision
  LEFT JOIN incidents ON incidents.id = decision.incident_id AND incidents.guild_id = decision.guild_id
  LEFT JOIN alert_windows AS held_by ON held_by.id = decision.window_id AND held_by.guild_id = decision.guild_id
 WHERE decision.guild_id = :guild_id
   AND (:target::text IS NULL OR lower(decision.target) = lower(:target))
   AND (:outcome::text IS NULL OR decision.outcome = :outcome)

-- name: decisions
-- Returns decisions before the one of :said_id and :nth (null: from the newest), newest first.
{listed}
   AND (:said_id::bigint IS NULL OR (decision.said_id, decision.nth) < (:said_id, :nth::integer))
 ORDER BY decision.said_id DESC, decision.nth DESC
 LIMIT :limit;

-- name: newer_decisions
-- Returns decisions after the one of :said_id and :nth, oldest first.
{listed}
   AND (decision.said_id, decision.nth) > (:said_id, :nth::integer)
 ORDER BY decision.said_id, decision.nth
 LIMIT :limit;

-- name: times_below
-- Counts how often an alert has come since :since without being tracked because it had come too seldom. What came before
-- it was tracked last does not count again.
SELECT count(*)::integer AS times
  FROM alert_decisions
 WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND outcome = 'below' AND said_at > :since
   AND said_id > coalesce((SELECT max(said_id)
                             FROM alert_decisions
                            WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND outcome = 'tracked'), 0);
