-- name: note_message
-- Keeps a message until the form that was opened from it is submitted. Messages older than a day are deleted.
WITH forgotten AS (
    DELETE FROM noted_messages
     WHERE noted_at < now() - interval '1 day' AND (channel_id, message_id) <> (:channel_id, :message_id)
)
INSERT INTO noted_messages (channel_id, message_id, evidence, noted_at)
VALUES (:channel_id, :message_id, :evidence, now())
ON CONFLICT (channel_id, message_id) DO UPDATE SET evidence = excluded.evidence, noted_at = excluded.noted_at;

-- name: noted_message
-- Returns a message that was kept for a form.
SELECT evidence FROM noted_messages WHERE channel_id = :channel_id AND message_id = :message_id;

-- name: insert_triage
-- Stores a new triage. No row comes back if the key is known.
INSERT INTO triages (guild_id, key, user_id, user_name, title, targets, symptoms, started_at, channel_id,
                     source_message_id, evidence, reporter_id, reporter_name, reevaluate_at, idle_due_at, created_at)
VALUES (:guild_id, :key, :user_id, :user_name, :title, :targets, :symptoms, :started_at, :channel_id,
        :source_message_id, :evidence, :reporter_id, :reporter_name, :reevaluate_at, :idle_due_at, now())
ON CONFLICT (key) DO NOTHING
RETURNING *;

-- name: triage_by_key
-- Returns the triage that a key began.
SELECT * FROM triages WHERE key = :key;

-- name: triage_of_message
-- Returns the latest unfinished triage of a message, in guild :guild_id (null: in any guild). An open triage whose
-- clock has run out does not count, although nothing has closed it yet.
SELECT *
  FROM triages
 WHERE source_message_id = :message_id AND channel_id = :channel_id
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
   AND (status = 'reevaluating' OR (status = 'open' AND (rounds > 0 OR reevaluate_at > now())))
 ORDER BY id DESC
 LIMIT 1;

-- name: walks_about
-- Locks and returns the unfinished triages of messages that belong to incident :incident_id, oldest first: messages
-- that were counted on it or from which a triage opened it, also where the incident was merged into it (32 merges at
-- most).
SELECT *
  FROM triages
 WHERE reevaluate_at IS NOT NULL AND status IN ('open', 'reevaluating')
   AND EXISTS (
       WITH RECURSIVE chain AS (
           SELECT own.id, own.merged_into_id, 0 AS merges
             FROM (SELECT incident_id FROM alert_messages WHERE message_id = triages.source_message_id
                   UNION ALL
                   SELECT post.incident_id FROM deliveries AS post
                     JOIN incidents AS alert ON alert.id = post.incident_id AND alert.origin IS NOT NULL
                    WHERE post.message_id = triages.source_message_id AND post.kind = 'alert' AND post.status = 'sent'
                   UNION ALL
                   SELECT before.incident_id FROM triages AS before
                    WHERE before.source_message_id = triages.source_message_id
                      AND before.channel_id = triages.channel_id AND before.status = 'opened') AS begun
             JOIN incidents AS own ON own.id = begun.incident_id
           UNION ALL
           {merged_into})
       SELECT FROM chain WHERE id = :incident_id AND merged_into_id IS NULL)
 ORDER BY id
   FOR NO KEY UPDATE OF triages;

-- name: question_at
-- Returns the triage that a sent message asks to reevaluate, and the key of that post, unless it has an incident, in
-- guild :guild_id (null: in any guild).
SELECT (data ->> 'triage')::bigint AS triage_id, key
  FROM deliveries
 WHERE message_id = :message_id AND kind = 'reevaluation' AND status = 'sent' AND incident_id IS NULL
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: lock_message
-- Locks a message until the commit, so that one transaction at a time decides about its triages. :message is any text
-- that contains its id.
SELECT pg_advisory_xact_lock(hashtextextended(:message, 1));

-- name: triage
-- Returns one triage, in guild :guild_id (null: in any guild).
SELECT * FROM triages WHERE id = :triage_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: lock_triage
-- Locks and returns one triage, in guild :guild_id (null: in any guild).
SELECT * FROM triages WHERE id = :triage_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id) FOR NO KEY UPDATE;

-- name: sign_of_life
-- Returns the time and the person of the last action in a triage: began, answered, withdrew an answer, chose a
-- severity or withdrew it, continued. A severity that it began with is that of the report which it took up.
SELECT at, by_id, by_name
  FROM (SELECT created_at AS at, user_id AS by_id, user_name AS by_name FROM triages WHERE id = :triage_id
         UNION ALL
        SELECT continued_at, continued_by_id, continued_by_name FROM triages WHERE id = :triage_id
         UNION ALL
        SELECT at, by_id, by_name FROM triage_answers WHERE triage_id = :triage_id
         UNION ALL
        SELECT withdrawn_at, withdrawn_by_id, withdrawn_by_name FROM triage_answers WHERE triage_id = :triage_id
         UNION ALL
        SELECT at, by_id, by_name
          FROM triage_choices
         WHERE triage_id = :triage_id AND at > (SELECT created_at FROM triages WHERE id = :triage_id)
         UNION ALL
        SELECT withdrawn_at, withdrawn_by_id, withdrawn_by_name
          FROM triage_choices
         WHERE triage_id = :triage_id) AS done
 WHERE at IS NOT NULL AND by_id IS NOT NULL
 ORDER BY at DESC
 LIMIT 1;

-- name: open_triages
-- Returns the open triages of a guild that were started within the last :within, oldest first.
SELECT * FROM triages
 WHERE guild_id = :guild_id AND status = 'open' AND created_at > now() - :within::interval
 ORDER BY created_at, id;

-- name: open_reports
-- Returns the open incidents of a guild that were triggered within the last :within, newest first, at most :limit, but
-- none for a triage of an alert's message :message_id. The first row has the titles of the latest :titles incidents.
-- Private incidents, drills and tracked alerts are left out.
SELECT found.*,
       CASE WHEN row_number() OVER (ORDER BY found.triggered_at DESC, found.id DESC) = 1 THEN (
            SELECT array_agg(latest.title)
              FROM (SELECT title
                      FROM incidents
                     WHERE guild_id = :guild_id AND kind = 'incident' AND NOT is_private AND NOT is_drill
                     ORDER BY triggered_at DESC
                     LIMIT :titles) AS latest) END AS titles
  FROM (SELECT *
          FROM incidents
         WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged') AND kind = 'incident'
           AND NOT is_private AND NOT is_drill AND triggered_at > now() - :within::interval
           AND NOT EXISTS ({shown_alert})
         ORDER BY triggered_at DESC, id DESC
         LIMIT :limit) AS found
 ORDER BY found.triggered_at DESC, found.id DESC;

-- name: save_triage
-- Writes the whole state of a triage.
UPDATE triages
   SET status = :status, severity = :severity, incident_id = :incident_id, joined = :joined,
       reevaluate_at = :reevaluate_at, asked_at = :asked_at, rounds = :rounds,
       held_by_name = :held_by_name, taken_by_name = :taken_by_name,
       ended_at = :ended_at, ended_by_name = :ended_by_name,
       idle_due_at = :idle_due_at, idle_asked_at = :idle_asked_at, idle_asked_name = :idle_asked_name,
       idle_rounds = :idle_rounds,
       continued_at = :continued_at, continued_by_id = :continued_by_id, continued_by_name = :continued_by_name
 WHERE id = :triage_id;

-- name: given_answers
-- Returns all answers of a triage in order, withdrawn ones included.
SELECT * FROM triage_answers WHERE triage_id = :triage_id ORDER BY id;

-- name: add_answer
-- Records an answer.
INSERT INTO triage_answers (triage_id, question, answer, unsure, by_id, by_name, at)
VALUES (:triage_id, :question, :answer, :unsure, :by_id, :by_name, now());

-- name: withdraw_answers
-- Marks the current answer to :question and all later ones as withdrawn. The rows stay.
UPDATE triage_answers
   SET withdrawn_at = now(), withdrawn_by_id = :by_id, withdrawn_by_name = :by_name
 WHERE triage_id = :triage_id
   AND withdrawn_at IS NULL
   AND id >= (SELECT max(id) FROM triage_answers
               WHERE triage_id = :triage_id AND question = :question AND withdrawn_at IS NULL);

-- name: given_choices
-- Returns all severities that people chose instead of the proposed one, in order, withdrawn ones included.
SELECT * FROM triage_choices WHERE triage_id = :triage_id ORDER BY id;

-- name: add_choice
-- Records a severity that a person chose, and the one that was proposed.
INSERT INTO triage_choices (triage_id, proposed, severity, by_id, by_name, at)
VALUES (:triage_id, :proposed, :severity, :by_id, :by_name, now());

-- name: withdraw_choice
-- Marks the current choice as withdrawn. The row stays.
UPDATE triage_choices
   SET withdrawn_at = now(), withdrawn_by_id = :by_id, withdrawn_by_name = :by_name
 WHERE triage_id = :triage_id AND withdrawn_at IS NULL;

-- name: known_message
-- Returns in one row what is known about message :message_id (null: none) in channel :channel_id, in guild :guild_id
-- (null: in any guild). is_of_drill: the channel is the thread of a drill, or the message one of its posts.
-- is_confided: the channel is, or was, the thread of an incident that is private now. said_team: the team of the alert
-- that the message counts on, else that of the question about it. The remaining columns are an
-- open incident that is neither private nor a drill, or null: the incident that a triage or a declared alert made of
-- the message, or that a single post of one of :kinds shows; if it was merged, the one it was merged into in the end
-- (32 merges at most).
WITH RECURSIVE chain AS (
    SELECT own.id, own.merged_into_id, 0 AS merges
      FROM (SELECT incident_id FROM triages
             WHERE source_message_id = :message_id AND channel_id = :channel_id AND status = 'opened'
            UNION
            SELECT incident_id FROM ({shown_alert}) AS alert
            UNION
            SELECT incident_id FROM deliveries
             WHERE message_id = :message_id AND status = 'sent' AND kind = ANY (:kinds::text[])
               AND bundle_id IS NULL) AS begun
      JOIN incidents AS own ON own.id = begun.incident_id
    UNION ALL
    {merged_into}
), raised AS (
    SELECT incidents.*
      FROM chain
      JOIN incidents ON incidents.id = chain.id
     WHERE incidents.kind = 'incident' AND incidents.status IN ('triggered', 'acknowledged')
       AND NOT incidents.is_private AND NOT incidents.is_drill
       AND (:guild_id::bigint IS NULL OR incidents.guild_id = :guild_id)
     ORDER BY incidents.id DESC
     LIMIT 1
), around AS (
    SELECT is_drill, is_private, true AS is_thread
      FROM incidents
     WHERE thread_id = :channel_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
     UNION ALL
    SELECT incidents.is_drill, incidents.is_private,
           deliveries.message_id = :channel_id AND deliveries.kind IN ('thread', 'private_thread')
      FROM deliveries
      JOIN incidents ON incidents.id = deliveries.incident_id
     WHERE deliveries.message_id IN (:channel_id, :message_id)
       AND (:guild_id::bigint IS NULL OR incidents.guild_id = :guild_id)
)
SELECT EXISTS (SELECT FROM around WHERE is_drill) AS is_of_drill,
       EXISTS (SELECT FROM around WHERE is_thread AND is_private) AS is_confided,
       coalesce(
           (SELECT alert.team FROM chain JOIN incidents AS alert ON alert.id = chain.id ORDER BY alert.id DESC LIMIT 1),
           (SELECT team FROM alert_questions WHERE message_id = :message_id)) AS said_team,
       raised.*
  FROM (SELECT) AS always
  LEFT JOIN raised ON true;

-- name: standing_answers
-- Returns the answers of a triage that were not withdrawn, in order.
SELECT * FROM triage_answers WHERE triage_id = :triage_id AND withdrawn_at IS NULL ORDER BY id;
