-- name: decide
-- Records what was decided about a message or an event, once. A decision that has led to no incident is replaced by one
-- that has: a person may track what the bot has asked about.
INSERT INTO alert_decisions (guild_id, sender, said_id, nth, channel_id, said_at, says, outcome, label, title, url, target,
                             severity, fingerprint, incident_id, window_id, held_by, detail, held)
VALUES (:guild_id, :sender, :said_id, :nth, :channel_id, :said_at, :says, :outcome, :label, :title, :url, :target,
        :severity, :fingerprint, :incident_id, :window_id, :held_by, :detail, :held)
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
-- the next time, and alerts that an incident holds until it ends.
DELETE FROM alert_decisions
 WHERE ctid IN (SELECT ctid
                  FROM alert_decisions
                 WHERE decided_at < now() - interval '14 days'
                   AND (held_by IS NULL OR held IS NULL OR incident_id IS NOT NULL)
                 LIMIT :limit
                   FOR UPDATE SKIP LOCKED)
RETURNING said_id;

-- part: listed
-- Finds the decisions of a guild about :target with :outcome (null: any), whether their incident is private, and where
-- people work on it: its thread, or its post. Of the maintenance window that has held it: its end, and who has set it. A private
-- incident that has held it is not named.
SELECT decision.*, coalesce(incidents.is_private, false) AS is_hidden,
       coalesce(incidents.thread_id, incidents.alert_channel_id) AS home_channel_id,
       CASE WHEN incidents.thread_id IS NULL THEN incidents.alert_message_id END AS home_message_id,
       coalesce(held_by.ended_at, held_by.ends_at) AS held_until, held_by.by_name AS held_by_name,
       coalesce(holder.is_private, false) AS holder_is_hidden
  FROM alert_decisions AS decision
  LEFT JOIN incidents ON incidents.id = decision.incident_id AND incidents.guild_id = decision.guild_id
  LEFT JOIN alert_windows AS held_by ON held_by.id = decision.window_id AND held_by.guild_id = decision.guild_id
  LEFT JOIN incidents AS holder ON holder.id = decision.held_by AND holder.guild_id = decision.guild_id
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

-- name: alert_messages
-- Returns the messages of an alert on which a 👀 reaction counts when reactions are read: the first message and the
-- :newest latest ones.
(SELECT channel_id, message_id
   FROM alert_messages
  WHERE incident_id = :incident_id
  ORDER BY message_id
  LIMIT 1)
UNION
(SELECT channel_id, message_id
   FROM alert_messages
  WHERE incident_id = :incident_id
  ORDER BY message_id DESC
  LIMIT :newest)
 ORDER BY message_id;

-- name: alert_cursor
-- Returns the last message up to which a channel has been read.
SELECT message_id FROM alert_cursors WHERE guild_id = :guild_id AND channel_id = :channel_id;

-- name: move_alert_cursor
-- Notes the message up to which a channel has been read. The cursor never moves back.
INSERT INTO alert_cursors (guild_id, channel_id, message_id) VALUES (:guild_id, :channel_id, :message_id)
ON CONFLICT (guild_id, channel_id)
DO UPDATE SET message_id = greatest(alert_cursors.message_id, EXCLUDED.message_id);

-- name: lock_fingerprint
-- Locks an alert fingerprint until the commit, so that one transaction at a time decides about its alerts.
-- :fingerprint is any text that contains it.
SELECT pg_advisory_xact_lock(hashtextextended(:fingerprint, 0));

-- part: shown_alert
-- Returns the incident whose alert message :message_id shows: a monitor's message that was counted on it, or the post of
-- an alert that came as an event, for which there is no other message.
SELECT incident_id FROM alert_messages WHERE message_id = :message_id
UNION ALL
SELECT deliveries.incident_id
  FROM deliveries
  JOIN incidents AS shown ON shown.id = deliveries.incident_id
 WHERE deliveries.message_id = :message_id AND deliveries.status = 'sent' AND deliveries.kind = 'alert'
   AND shown.origin IS NOT NULL

-- name: alert_of_message
-- Returns the incident of an alert by its message, in guild :guild_id (null: in any guild).
SELECT incident_id
  FROM ({shown_alert}) AS found
  JOIN incidents ON incidents.id = incident_id
 WHERE :guild_id::bigint IS NULL OR guild_id = :guild_id
 LIMIT 1;

-- name: same_alert
-- Locks and returns the open incident on which an alert of this fingerprint counts: the incident of the alert itself
-- or the one into which that was merged (32 merges at most). The alert was last seen at :since or later. No row comes
-- back if the incident's severity is one of :except_severities.
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

-- name: alerts_of_sender
-- Returns the newest 500 alerts that a sender has posted in a channel and that are open, or merged into another one, or
-- muted.
SELECT number, fingerprint, title, subject, is_open
  FROM (SELECT id AS number, guild_id, fingerprint, title, subject, true AS is_open, source, reported_by_id,
               reported_by_name
          FROM incidents
         WHERE status IN ('triggered', 'acknowledged', 'merged')
        UNION
        SELECT id, incidents.guild_id, incidents.fingerprint, title, subject, false, source, reported_by_id,
               reported_by_name
          FROM alert_verdicts
          JOIN incidents ON incidents.id = alert_verdicts.incident_id
         WHERE alert_verdicts.guild_id = :guild_id AND verdict = 'mute' AND holds_until > now()) AS known
 WHERE guild_id = :guild_id AND fingerprint IS NOT NULL
   AND reported_by_id = split_part(:sender, ':', 1)::bigint
   AND reported_by_id || ':' || reported_by_name = :sender
   AND source ->> 'channel_id' = :channel_id::bigint::text
 ORDER BY number DESC
 LIMIT 500;

-- name: pass_over_alert
-- Counts a message on the mute of its alert. No row comes back if the alert is not muted now, or if it was muted at a
-- severity that is not one of :severities.
UPDATE alert_verdicts
   SET passed_over = passed_over + 1
 WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND verdict = 'mute' AND holds_until > now()
   AND severity = ANY (:severities::text[])
RETURNING fingerprint;

-- name: note_alert
-- Records the decision to count a message on an incident, once. No row comes back if that was recorded before, or for a
-- drill, which is no alert.
WITH noted AS (
    INSERT INTO alert_messages (message_id, channel_id, incident_id, sender)
    VALUES (:said_id, :channel_id, :incident_id, :sender)
    ON CONFLICT DO NOTHING
    RETURNING incident_id
), decided AS (
    {decide}
)
SELECT noted.incident_id
  FROM noted
  JOIN incidents ON incidents.id = noted.incident_id
 WHERE NOT incidents.is_drill;

-- part: merged_into
-- Follows the incidents of a recursive `chain` into those they were merged into, 32 merges at most.
SELECT into_.id, into_.merged_into_id, merges + 1
  FROM chain
  JOIN incidents AS into_ ON into_.id = chain.merged_into_id
 WHERE merges < 32

-- part: fired
-- Returns what has fired, by incident: messages and events.
SELECT incident_id, message_id, channel_id, sender FROM alert_messages
UNION ALL
SELECT incident_id, event_id, 0, sender FROM alert_events WHERE incident_id IS NOT NULL AND says = 'firing'

-- name: firing_alerts
-- Locks and returns the open incidents that a recovery message may end, by number: incidents of alerts with this
-- fingerprint and those into which they were merged (32 merges at most). The recovery is message :message_id of
-- :sender in :channel_id. Left out are incidents for which this sender, or an unknown sender, has fired in that
-- channel since. `over` is true if no other incident was merged into this one and, with this recovery, each sender
-- has recovered in each channel since it last fired there. The sender of the first message is always known. Versions
-- that kept no sender may have counted further messages; an incident with such a message is never over.
WITH RECURSIVE chain AS (
    SELECT id, merged_into_id, 0 AS merges
      FROM incidents
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND status IN ('triggered', 'acknowledged', 'merged')
    UNION ALL
    {merged_into}
)
SELECT found.*,
       NOT EXISTS (SELECT FROM incidents AS other WHERE other.merged_into_id = found.id)
       AND NOT EXISTS (
           SELECT
             FROM ({fired}) AS fired
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
                     FROM ({fired}) AS later
                    WHERE later.incident_id = found.id AND later.message_id > :message_id
                      AND later.channel_id = :channel_id AND coalesce(later.sender, :sender) = :sender)
 ORDER BY found.id
   FOR NO KEY UPDATE OF found;

-- name: note_recovery
-- Records that message :message_id said the alert is over. No row comes back when that is recorded already.
-- Recoveries that are older than 30 days are deleted once their incident has ended, except rows that another
-- transaction has locked.
WITH forgotten AS (
    DELETE FROM alert_recoveries
     WHERE (incident_id, message_id) IN (
        SELECT incident_id, message_id
          FROM alert_recoveries AS old
          JOIN incidents ON incidents.id = incident_id
         WHERE old.at < now() - interval '30 days' AND incidents.status NOT IN ('triggered', 'acknowledged')
           FOR UPDATE OF old SKIP LOCKED)
)
INSERT INTO alert_recoveries (incident_id, message_id, channel_id, sender)
VALUES (:incident_id, :message_id, :channel_id, :sender)
ON CONFLICT DO NOTHING
RETURNING message_id;

-- name: has_recovered
-- Returns true if the last message about an alert said that it is over.
SELECT EXISTS (
    SELECT FROM alert_recoveries
     WHERE incident_id = :incident_id
       AND message_id > (SELECT coalesce(max(fired.message_id), 0)
                           FROM ({fired}) AS fired
                          WHERE fired.incident_id = :incident_id)
) AS recovered;

-- part: of_held_alert
-- Finds each time that an alert came and is still held.
guild_id = :guild_id AND fingerprint = :fingerprint AND incident_id IS NULL AND held IS NOT NULL

-- name: held_alert
-- Returns an alert that is held, as it came last, and how often it came; the incident on which it was counted after that;
-- and whether a monitor that reported it has not said since that it is over.
SELECT latest.*,
       (SELECT incident_id
          FROM alert_decisions
         WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND said_id > latest.said_id AND incident_id IS NOT NULL
         ORDER BY said_id DESC
         LIMIT 1) AS counted_on,
       EXISTS (SELECT
                 FROM alert_decisions AS said
                WHERE said.guild_id = :guild_id AND said.fingerprint = :fingerprint
                GROUP BY sender, channel_id
               HAVING max(said_id) FILTER (WHERE incident_id IS NULL AND held IS NOT NULL)
                      > coalesce(max(said_id) FILTER (WHERE says = 'resolved'), 0)) AS fires
  FROM (SELECT *, count(*) OVER ()::integer AS times, min(said_at) OVER () AS first_at
          FROM alert_decisions
         WHERE {of_held_alert}
         ORDER BY said_id DESC, nth DESC
         LIMIT 1) AS latest;

-- name: hold_alert
-- Lets something else hold an alert.
UPDATE alert_decisions
   SET outcome = :outcome, window_id = coalesce(:window_id, window_id), held_by = coalesce(:incident_id, held_by)
 WHERE {of_held_alert};

-- name: forget_held
-- Ends the hold of an alert that is over.
UPDATE alert_decisions SET held = NULL WHERE {of_held_alert};

-- name: adopt_held
-- Counts each time that an alert was held on the incident of that alert.
WITH adopted AS (
    UPDATE alert_decisions
       SET incident_id = :incident_id
     WHERE {of_held_alert}
    RETURNING guild_id, sender, said_id, nth, channel_id
), counted AS (
    INSERT INTO alert_messages (message_id, channel_id, incident_id, sender)
    SELECT said_id, channel_id, :incident_id, sender FROM adopted WHERE channel_id <> 0
    ON CONFLICT DO NOTHING
)
UPDATE alert_events AS event
   SET incident_id = :incident_id
  FROM adopted
 WHERE adopted.channel_id = 0 AND event.guild_id = adopted.guild_id AND event.sender = adopted.sender
   AND event.event_id = adopted.said_id AND event.nth = adopted.nth;

-- name: ask_about_alert
-- Records a question about a message, once. No row comes back if, since :since, the same alert was asked about, or
-- :most other questions about this sender are still unanswered. Questions older than 30 days are deleted, except
-- those whose answer ignores a sender, those that wait to be tracked, and rows that another transaction has locked.
-- A question that is tracked without an answer (:tracks_at) is never left out because there are too many, but `shown`
-- tells whether it should be posted; and only one that still waits, or the answer that it is no alert, stands for it.
WITH forgotten AS (
    DELETE FROM alert_questions
     WHERE message_id IN (
        SELECT message_id
          FROM alert_questions
         WHERE asked_at < now() - interval '30 days' AND answer IS DISTINCT FROM 'ignored'
           AND (answer IS NOT NULL OR tracks_at IS NULL) AND message_id <> :message_id
           FOR UPDATE SKIP LOCKED)
), crowd AS (
    SELECT count(*) >= :most::int AS is_full
      FROM alert_questions
     WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender
       AND asked_at >= :since AND answer IS NULL
)
INSERT INTO alert_questions
       (message_id, guild_id, channel_id, sender, fingerprint, subject, severity, title, target, evidence, look,
        tracks_at, team)
SELECT :message_id, :guild_id, :channel_id, :sender, :fingerprint, :subject, :severity, :title, :target, :evidence, :look,
       :tracks_at, :team
  FROM crowd
 WHERE NOT EXISTS (
    SELECT
      FROM alert_questions
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint
       AND CASE WHEN :tracks_at::timestamptz IS NULL THEN asked_at >= :since
                ELSE (answer IS NULL AND tracks_at IS NOT NULL) OR (answer = 'chatter' AND asked_at >= :since) END
 )
   AND (:tracks_at IS NOT NULL OR NOT is_full)
    ON CONFLICT DO NOTHING
RETURNING (SELECT NOT is_full FROM crowd) AS shown;

-- name: waiting_questions
-- Returns the newest 100 questions about a sender in a channel that are tracked if nobody answers.
SELECT message_id AS number, fingerprint, title, subject, true AS is_open
  FROM alert_questions
 WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender
   AND answer IS NULL AND tracks_at IS NOT NULL
 ORDER BY message_id DESC
 LIMIT 100;

-- name: alert_question
-- Locks and returns the question about a message in a guild.
SELECT * FROM alert_questions WHERE message_id = :message_id AND guild_id = :guild_id FOR UPDATE;

-- name: answer_alert_question
-- Records the answer to a question; null opens the question again.
UPDATE alert_questions
   SET answer = :answer, answered_by = :by_id, answered_by_name = :by_name, answered_at = now(), tracks_at = NULL
 WHERE message_id = :message_id;

-- name: open_questions
-- Returns the messages of a sender that wait to be tracked: those that look like :look (null: all in :channel_id).
SELECT message_id
  FROM alert_questions
 WHERE guild_id = :guild_id AND sender = :sender AND answer IS NULL AND tracks_at IS NOT NULL
   AND CASE WHEN :look::text IS NULL THEN channel_id = :channel_id ELSE look = :look END
 ORDER BY message_id;

-- name: ignore_sender
-- Ignores a sender from now on. No row comes back if the sender was ignored before.
INSERT INTO ignored_senders (guild_id, channel_id, sender, by_id, by_name)
VALUES (:guild_id, :channel_id, :sender, :by_id, :by_name)
ON CONFLICT DO NOTHING
RETURNING sender;

-- name: heed_sender
-- Stops ignoring a sender. No row comes back if the sender was not ignored.
DELETE FROM ignored_senders
 WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender
RETURNING sender;

-- name: is_ignored_sender
-- Returns true if a sender is ignored in a channel.
SELECT EXISTS (
    SELECT FROM ignored_senders WHERE guild_id = :guild_id AND channel_id = :channel_id AND sender = :sender
) AS ignored;

-- name: alert_event
-- Returns the incident on which an event was counted, or null if it was counted on none. No row comes back if the
-- event is new.
SELECT incident_id
  FROM alert_events
 WHERE guild_id = :guild_id AND sender = :sender AND event_id = :event_id AND nth = :nth;

-- name: note_alert_event
-- Records an event and the decision about it, once. No row comes back unless the event fires and is new.
WITH noted AS (
    INSERT INTO alert_events (guild_id, sender, event_id, nth, fingerprint, says, incident_id)
    VALUES (:guild_id, :sender, :said_id, :nth, :fingerprint, :says, :incident_id)
    ON CONFLICT DO NOTHING
    RETURNING says
), decided AS (
    {decide}
)
SELECT says FROM noted WHERE says = 'firing';

-- name: is_over_since
-- Returns true if an event that came after event :event_id has said that the alert is over.
SELECT EXISTS (
    SELECT FROM alert_events
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND event_id > :event_id AND says = 'resolved'
) AS over;

-- name: forget_alert_events
-- Deletes at most a thousand events of any guild that came 14 days ago or earlier and were counted on no incident. Rows
-- that another transaction has locked are left for the next time. Returns how many were deleted.
WITH old_events AS (
    DELETE FROM alert_events
     WHERE ctid IN (SELECT ctid
                      FROM alert_events
                     WHERE incident_id IS NULL AND at < now() - interval '14 days'
                     LIMIT 1000
                       FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT count(*)::integer AS deleted FROM old_events;

-- name: alert_lesson
-- Returns what was taught about messages of :sender that look like :look, without how often it was applied.
SELECT *, 0 AS applied FROM alert_lessons WHERE guild_id = :guild_id AND sender = :sender AND look = :look;

-- name: alert_lessons
-- Returns the lessons of a guild, the newest first, from place :offset on. A decision names the lesson that it was taken
-- by, and is kept for 14 days.
SELECT lesson.*,
       (SELECT count(*)::integer
          FROM alert_decisions AS decision
         WHERE decision.guild_id = lesson.guild_id AND decision.detail ? 'lesson'
           AND decision.detail ->> 'lesson' = lesson.id::text AND decision.decided_at >= lesson.at) AS applied
  FROM alert_lessons AS lesson
 WHERE guild_id = :guild_id
 ORDER BY at DESC, id DESC
 LIMIT :limit
OFFSET :offset;

-- name: teach_alert_lesson
-- Stores a lesson, in the place of an earlier one about the same messages.
INSERT INTO alert_lessons (guild_id, sender, look, says, title, url, by_id, by_name)
VALUES (:guild_id, :sender, :look, :says, :title, :url, :by_id, :by_name)
ON CONFLICT (guild_id, sender, look)
DO UPDATE SET says = excluded.says, title = excluded.title, url = excluded.url, by_id = excluded.by_id,
              by_name = excluded.by_name, at = excluded.at
RETURNING *, 0 AS applied;

-- name: forget_alert_lesson
-- Removes and returns a lesson. No row comes back if it is gone already.
DELETE FROM alert_lessons WHERE guild_id = :guild_id AND id = :lesson_id RETURNING *, 0 AS applied;
