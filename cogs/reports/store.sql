-- part: stored_report
-- Returns reports with the state of their triages, and whom Discord has told of them. The suffixes of the keys are
-- those of `post_keys`.
SELECT reports.*, triages.status AS triage_status, triages.incident_id AS raised_id, posts.*
  FROM reports
  LEFT JOIN triages ON triages.id = reports.triage_id
  CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(each.who ORDER BY each.id) FILTER (WHERE each.is_dm AND each.status = 'sent'), '{}')
                AS dm_sent,
              coalesce(array_agg(each.who ORDER BY each.id)
                FILTER (WHERE each.is_dm AND each.status IN ('pending', 'sending')), '{}') AS dm_owed,
              coalesce(array_agg(each.who ORDER BY each.id) FILTER (WHERE each.is_dm AND each.status = 'failed'), '{}')
                AS dm_refused,
              bool_or(each.status = 'sent' AND NOT each.is_dm) IS TRUE AS is_posted,
              bool_and(each.status = 'failed') IS TRUE AS is_lost
         FROM (SELECT post.id, post.status, post.kind = 'report_dm' AS is_dm,
                      coalesce('@' || (post.request ->> 'recipient'), split_part(post.target, ':', 2)) AS who
                 FROM unnest(ARRAY['', ':loud', ':dm', ':dm2', ':dm3', ':dm4', ':dm5']) AS suffix
                 JOIN deliveries AS post ON post.key = 'report:' || reports.id || suffix) AS each
       ) AS posts

-- part: own_reports
-- Returns who has taken up the reports of an incident, by their numbers.
(SELECT jsonb_object_agg(found.id, found.taken_by_name) FROM reports AS found WHERE found.incident_id = incidents.id)

-- name: report
-- Returns a report in guild :guild_id (null: in any guild).
{stored_report}
 WHERE reports.id = :number AND (:guild_id::bigint IS NULL OR reports.guild_id = :guild_id);

-- name: report_by_key
-- Returns the report that a key has made.
{stored_report}
 WHERE reports.key = :key;

-- name: guild_of_report
-- Returns the guild of a report, if there is one.
SELECT guild_id FROM reports WHERE id = :number;

-- name: lock_reports
-- Locks the making of reports in a guild until the commit.
SELECT pg_advisory_xact_lock(hashtextextended('reports:' || :guild_id::bigint, 14));

-- name: lock_report
-- Locks a report until the commit. No row comes back if there is none in guild :guild_id (null: in any guild).
SELECT id FROM reports
 WHERE id = :number AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
   FOR NO KEY UPDATE;

-- name: latest_reports
-- Returns the reports of a guild in the last :within, the oldest first.
{stored_report}
 WHERE reports.guild_id = :guild_id AND reported_at > now() - :within::interval
 ORDER BY reports.id;

-- name: add_report
-- Stores a report. No row comes back if its key is known.
INSERT INTO reports (guild_id, key, by_id, by_name, title, details, severity, channel_id, message_id, evidence)
VALUES (:guild_id, :key, :by_id, :by_name, :title, :details, :severity, :channel_id, :message_id, :evidence)
ON CONFLICT (key) DO NOTHING
RETURNING id;

-- name: take_report
-- Records who has taken up a report, and the triage that began with that.
UPDATE reports
   SET taken_by_name = :taken_by_name, triage_id = :triage_id, rounds = rounds + 1, shown = 'open'
 WHERE id = :report_id;

-- name: moved_reports
-- Returns the reports of a guild whose triage has another status than their posts show.
{stored_report}
 WHERE reports.guild_id = :guild_id AND reports.incident_id IS NULL AND reports.triage_id IS NOT NULL
   AND triages.status <> reports.shown
 ORDER BY reports.id;

-- name: note_shown
-- Records the status of the triage that the posts of a report are about to show. A row comes back if it is a new one.
UPDATE reports SET shown = :status WHERE id = :report_id AND incident_id IS NULL AND shown <> :status RETURNING id;

-- name: reports_raised_as
-- Returns the reports whose triage has ended in an incident that has not got their posts yet.
{stored_report}
 WHERE triages.incident_id = :incident_id AND reports.incident_id IS NULL;

-- name: give_report
-- Gives a report to its incident. A row comes back if it had none.
UPDATE reports SET incident_id = :incident_id WHERE id = :report_id AND incident_id IS NULL RETURNING id;
