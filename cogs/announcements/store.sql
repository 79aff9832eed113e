-- name: announcements
-- Returns the announcements of an incident in the order of their numbers, in guild :guild_id (null: in any guild).
SELECT * FROM announcements
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY number;

-- name: last_announced
-- Returns the announcement that was published last of incident :incident_id and of all that were merged into it, or
-- into one of those, in guild :guild_id (null: in any guild).
WITH RECURSIVE told AS (
    SELECT :incident_id::bigint AS id
     UNION
    SELECT unnest(incidents.duplicates) FROM told JOIN incidents ON incidents.id = told.id
)
SELECT * FROM announcements
 WHERE incident_id IN (SELECT id FROM told)
   AND status = 'published'
   AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)
 ORDER BY published_at DESC, number DESC
 LIMIT 1;

-- name: save_announcement
-- Writes an announcement, new or changed.
INSERT INTO announcements (incident_id, number, guild_id, version, state, severity, targets, started_at, texts, status,
                           drafted_by, edited_by, approved_by, published_via, published_at, attempts, next_try_at, error)
VALUES (:incident_id, :number, :guild_id, :version, :state, :severity, :targets, :started_at, :texts, :status,
        :drafted_by, :edited_by, :approved_by, :published_via, :published_at, :attempts, :next_try_at, :error)
ON CONFLICT (incident_id, number) DO UPDATE
   SET version = excluded.version, state = excluded.state, severity = excluded.severity, targets = excluded.targets,
       started_at = excluded.started_at, texts = excluded.texts, status = excluded.status,
       edited_by = excluded.edited_by, approved_by = excluded.approved_by, published_via = excluded.published_via,
       published_at = excluded.published_at, attempts = excluded.attempts, next_try_at = excluded.next_try_at,
       error = excluded.error;

-- name: lost_publish_jobs
-- Returns the jobs for approved announcements that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'publish' AS job, 'publish:' || incident_id AS key, min(next_try_at) AS due_at, guild_id
          FROM announcements
         WHERE next_try_at IS NOT NULL
         GROUP BY incident_id, guild_id) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;
