-- The failures may be in another team's database. Nothing here relies on the search_path, on a session's state, or on
-- a column that the runbook does not name, except the key `id`.

-- name: count_failures
-- Counts the failures of the last :within, of one severity and one channel (null: of all).
SELECT count(*) AS total
  FROM admin.notification_failures
 WHERE attempted_at >= now() - :within::interval
   AND (:severity::text IS NULL OR severity = :severity)
   AND (:channel::text IS NULL OR channel = :channel);

-- name: list_failures
-- Answers the runbook's first question: the failures that `count_failures` counts, newest first.
SELECT id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent, NULL AS payload
  FROM admin.notification_failures
 WHERE attempted_at >= now() - :within::interval
   AND (:severity::text IS NULL OR severity = :severity)
   AND (:channel::text IS NULL OR channel = :channel)
 ORDER BY attempted_at DESC, id DESC
 LIMIT :limit OFFSET :offset;

-- name: list_most_severe_failures
-- Answers the runbook's second question: failures of the highest severity, newest first.
SELECT id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent, NULL AS payload
  FROM admin.notification_failures
 WHERE severity = :severity AND status = 'failed'
 ORDER BY attempted_at DESC, id DESC
 LIMIT :limit;

-- name: count_http_statuses
-- Answers the runbook's third question: failures of the last :within per HTTP status, most frequent first.
SELECT http_status, count(*) AS n
  FROM admin.notification_failures
 WHERE attempted_at >= now() - :within::interval
 GROUP BY http_status
 ORDER BY n DESC, http_status;

-- name: failure
-- Returns one failure, with its payload as text because a session behind a pooler has no JSON codec.
SELECT id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent, payload::text AS payload
  FROM admin.notification_failures
 WHERE id = :entry_id;

-- name: failures_ending_in
-- Returns two failures of the last :within, at most, whose id ends in these digits.
SELECT id
  FROM admin.notification_failures
 WHERE attempted_at >= now() - :within::interval AND right(id::text, length(:digits::text)) = :digits
 LIMIT 2;

-- name: count_failures_by_channel
-- Counts the failures in [:start, :end) per channel, most frequent first, and those of the highest severity,
-- :most_severe. Titles that begin with :drill_mark are left out.
SELECT channel,
       count(*) AS total,
       count(*) FILTER (WHERE severity = :most_severe AND status = 'failed') AS most_severe,
       count(*) FILTER (WHERE severity = :most_severe AND status = 'failed' AND fallback_email_sent) AS emailed
  FROM admin.notification_failures
 WHERE attempted_at >= :start AND attempted_at < :end
   AND NOT starts_with(coalesce(title, ''), :drill_mark)
 GROUP BY channel
 ORDER BY total DESC, channel;

-- name: record_failure
-- Records a failure of our own. A second call updates the email flag, title and payload, because the incident may
-- have become private in between.
INSERT INTO admin.notification_failures
       (id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
        fallback_email_sent, payload)
VALUES (:id, :attempted_at, :channel, :severity, :title, :http_status, :retry_count, :error_message, 'failed',
        :fallback_email_sent, :payload::text::jsonb)
ON CONFLICT (id) DO UPDATE
   SET fallback_email_sent = excluded.fallback_email_sent, title = excluded.title, payload = excluded.payload;

-- name: redact_failures
-- Empties the payload of these failures and replaces their title with :title (null: keeps the title).
UPDATE admin.notification_failures
   SET title = coalesce(:title, title), payload = '{}'
 WHERE id = ANY (:ids::uuid[]);

-- name: failure_columns
-- Returns the columns that we may see, and no row if there is no such table.
SELECT column_name::text AS name
  FROM information_schema.columns
 WHERE table_schema = 'admin' AND table_name = 'notification_failures';

-- name: begin_question
-- Limits the duration of the transaction's statements, and finds now() where our own database has it.
SELECT set_config('statement_timeout', :statement_timeout, true), set_config('search_path', :search_path, true);
