-- The failures may live in somebody else's database: nothing here relies on the search_path, on a session's
-- state, or on any column that the runbook does not name besides the key `id`.

-- name: begin_question
-- Bounds the transaction in time, and lets now() be found where our own database has it.
SELECT set_config('statement_timeout', $1, true), set_config('search_path', $2, true);

-- name: count_failures
-- Failures of the last $1, of one severity and channel unless null.
SELECT count(*) AS total
  FROM admin.notification_failures
 WHERE attempted_at >= now() - $1::interval
   AND ($2::text IS NULL OR severity = $2)
   AND ($3::text IS NULL OR channel = $3);

-- name: list_failures
-- The runbook's first question: those failures, newest first.
SELECT id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent, NULL AS payload
  FROM admin.notification_failures
 WHERE attempted_at >= now() - $1::interval
   AND ($2::text IS NULL OR severity = $2)
   AND ($3::text IS NULL OR channel = $3)
 ORDER BY attempted_at DESC, id DESC
 LIMIT $4 OFFSET $5;

-- name: list_gravest_failures
-- The runbook's second question: failures of the gravest severity, newest first.
SELECT id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent, NULL AS payload
  FROM admin.notification_failures
 WHERE severity = $1 AND status = 'failed'
 ORDER BY attempted_at DESC, id DESC
 LIMIT $2;

-- name: count_http_statuses
-- The runbook's third question: failures of the last $1 per HTTP status, most frequent first.
SELECT http_status, count(*) AS n
  FROM admin.notification_failures
 WHERE attempted_at >= now() - $1::interval
 GROUP BY http_status
 ORDER BY n DESC, http_status;

-- name: failure
-- One failure with its payload as text: a session behind a pooler knows no JSON codec.
SELECT id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent, payload::text AS payload
  FROM admin.notification_failures
 WHERE id = $1;

-- name: count_failures_by_channel
-- Failures in [$1, $2) per channel, most frequent first, with those of the gravest severity $3; titles that
-- begin with $4 are left out.
SELECT channel,
       count(*) AS total,
       count(*) FILTER (WHERE severity = $3 AND status = 'failed') AS gravest,
       count(*) FILTER (WHERE severity = $3 AND status = 'failed' AND fallback_email_sent) AS emailed
  FROM admin.notification_failures
 WHERE attempted_at >= $1 AND attempted_at < $2
   AND NOT starts_with(coalesce(title, ''), $4)
 GROUP BY channel
 ORDER BY total DESC, channel;

-- name: record_failure
-- Writes a failure of our own; written again, the email flag changes, and what tells of it: perhaps it has
-- become private since.
INSERT INTO admin.notification_failures
       (id, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
        fallback_email_sent, payload)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'failed', $9, $10::text::jsonb)
ON CONFLICT (id) DO UPDATE
   SET fallback_email_sent = excluded.fallback_email_sent, title = excluded.title, payload = excluded.payload;

-- name: redact_failures
-- Leaves nothing but the title $2, or their own if that is null, of what these rows told.
UPDATE admin.notification_failures SET title = coalesce($2, title), payload = '{}' WHERE id = ANY ($1::uuid[]);

-- name: failure_columns
-- The columns that we may see; none when there is no such table.
SELECT column_name::text AS name
  FROM information_schema.columns
 WHERE table_schema = 'admin' AND table_name = 'notification_failures';
