-- name: postmortem
-- Returns the postmortem of an incident, in guild :guild_id (null: in any guild).
SELECT * FROM postmortems
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: owed_postmortems
-- Returns the incidents of a guild whose postmortem is owed, with it as `owed`, the earliest date first. An incident
-- that an older version has reopened is left out.
SELECT incidents.*, to_jsonb(postmortems) AS owed
  FROM postmortems
  JOIN incidents ON incidents.id = postmortems.incident_id
 WHERE postmortems.guild_id = :guild_id AND postmortems.state = 'owed' AND incidents.status = 'resolved'
 ORDER BY postmortems.due_on, incidents.id;

-- name: save_postmortem
-- Writes the postmortem of an incident, in the place of what was written before.
INSERT INTO postmortems (incident_id, guild_id, state, owner_id, owner_name, due_on, reminded, remind_at, done_at,
                         done_by_id, done_by_name, pull_request)
VALUES (:incident_id, :guild_id, :state, :owner_id, :owner_name, :due_on, :reminded, :remind_at, :done_at,
        :done_by_id, :done_by_name, :pull_request)
ON CONFLICT (incident_id) DO UPDATE
   SET state = excluded.state, owner_id = excluded.owner_id, owner_name = excluded.owner_name,
       due_on = excluded.due_on, reminded = excluded.reminded, remind_at = excluded.remind_at,
       done_at = excluded.done_at, done_by_id = excluded.done_by_id, done_by_name = excluded.done_by_name,
       pull_request = excluded.pull_request
RETURNING incident_id;

-- name: want_draft
-- Notes that the draft of an owed postmortem is due in :after. No row comes back if none is owed.
UPDATE postmortems
   SET draft_wanted = draft_wanted + 1, draft_at = now() + :after::interval
 WHERE incident_id = :incident_id AND state = 'owed'
RETURNING incident_id;

-- name: draft_wanted
-- Returns how often the draft of a postmortem was asked for.
SELECT draft_wanted FROM postmortems WHERE incident_id = :incident_id;

-- name: note_drafted
-- Notes that a draft says all that was known when :wanted drafts had been asked for.
UPDATE postmortems
   SET draft_at = NULL
 WHERE incident_id = :incident_id AND draft_wanted = :wanted AND draft_at IS NOT NULL;

-- name: document
-- Returns the draft of an incident's postmortem, in guild :guild_id (null: in any guild).
SELECT * FROM postmortem_documents
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: lock_document
-- Locks and returns the draft of an incident's postmortem.
SELECT * FROM postmortem_documents WHERE incident_id = :incident_id FOR UPDATE;

-- name: lock_paths
-- Waits until no other transaction is choosing a path in :repository, or in the guild if its postmortems go to none
-- (null), and lets none begin before the commit.
SELECT pg_advisory_xact_lock(
       hashtextextended('postmortem_documents:' || coalesce(lower(:repository::text), :guild_id::bigint::text), 0));

-- name: path_taken
-- Returns another incident whose postmortem has this path, in the guild or, from any guild, in :repository (null: none).
SELECT incident_id
  FROM postmortem_documents AS taken
 WHERE path = :path AND incident_id <> :incident_id
   AND (guild_id = :guild_id OR EXISTS (
        SELECT FROM postmortem_pulls AS pull
         WHERE pull.incident_id = taken.incident_id AND lower(pull.repository) = lower(:repository::text)))
 LIMIT 1;

-- name: save_document
-- Stores a draft in the place of an earlier one.
INSERT INTO postmortem_documents
       (incident_id, guild_id, path, version, digest, read_at, problem, posting, shown_version, picture,
        picture_version)
VALUES (:incident_id, :guild_id, :path, :version, :digest, :read_at, :problem, :posting, :shown_version, :picture,
        :picture_version)
ON CONFLICT (incident_id) DO UPDATE
   SET path = excluded.path, version = excluded.version, digest = excluded.digest, read_at = excluded.read_at,
       problem = excluded.problem, posting = excluded.posting, shown_version = excluded.shown_version,
       picture = excluded.picture, picture_version = excluded.picture_version;

-- name: postmortem_calls
-- Returns what an incident has queued to notify people, deliveries of :kinds in any state, oldest first.
SELECT delivery.*, NULL::bigint AS after_channel_id, NULL::bigint AS after_message_id
  FROM deliveries AS delivery
 WHERE delivery.incident_id = :incident_id AND delivery.kind = ANY (:kinds::text[])
 ORDER BY delivery.id;

-- name: pull_export
-- Returns the postmortem of an incident on the code host.
SELECT * FROM postmortem_pulls WHERE incident_id = :incident_id;

-- name: lock_pull_export
-- Locks and returns the postmortem of an incident on the code host.
SELECT * FROM postmortem_pulls WHERE incident_id = :incident_id FOR UPDATE;

-- name: want_pull_export
-- Notes that one more draft is to go to the code host, now; trouble with an earlier one counts no more.
INSERT INTO postmortem_pulls AS export (incident_id, guild_id, repository, state, wanted, changed_at, next_at)
VALUES (:incident_id, :guild_id, :repository, 'wanted', 1, now(), now())
ON CONFLICT (incident_id) DO UPDATE SET wanted = export.wanted + 1, next_at = now(), trouble = NULL;

-- name: save_pull_export
-- Writes a postmortem on the code host, besides how often it was asked for.
UPDATE postmortem_pulls
   SET repository = :repository, state = :state, exported = :exported, path = :path, number = :number, url = :url,
       blob = :blob, writing = :writing, conflict = :conflict, words = :words, etag = :etag, changed_at = :changed_at,
       next_at = :next_at, trouble = :trouble, pictures = :pictures::text[]
 WHERE incident_id = :incident_id;

-- name: rename_repository
-- Lets the pull requests of a guild in repository :before go on as :now, which is another name of it.
UPDATE postmortem_pulls SET repository = :now, etag = NULL WHERE guild_id = :guild_id AND repository = :before;

-- name: end_pull_export
-- Lets the pull request of an incident be looked at now. No row comes back if there is none.
UPDATE postmortem_pulls SET next_at = now() WHERE incident_id = :incident_id RETURNING incident_id;

-- name: lost_postmortem_jobs
-- Returns the jobs of reminders, drafts and pull requests that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 11 AS place, 'postmortem' AS job, 'postmortem:' || incident_id AS key, remind_at AS due_at, guild_id
          FROM postmortems
        UNION ALL
        SELECT 13, 'draft_postmortem', 'draft_postmortem:' || incident_id, draft_at, guild_id FROM postmortems
        UNION ALL
        SELECT 20, 'pull_request', 'pull_request:' || incident_id, next_at, guild_id FROM postmortem_pulls) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY place, due_at;

-- name: seed_postmortems
-- `rows`: a JSON array with one object per postmortem. The job that reminds of one is queued with it.
WITH made AS (
    INSERT INTO postmortems (incident_id, guild_id, state, owner_id, owner_name, due_on, reminded, remind_at, done_at,
                             done_by_id, done_by_name)
    SELECT incident_id, guild_id, state, owner_id, owner_name, due_on, reminded, remind_at, done_at,
           done_by_id, done_by_name
      FROM jsonb_to_recordset(:rows::jsonb) AS past (
           incident_id bigint, guild_id bigint, state text, owner_id bigint, owner_name text, due_on date, reminded text,
           remind_at timestamptz, done_at timestamptz, done_by_id bigint, done_by_name text)
    RETURNING incident_id, guild_id, remind_at
)
INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
SELECT 0, 'postmortem', convert_to(incident_id::text, 'UTF8'), remind_at, 'postmortem:' || incident_id,
       jsonb_build_object('guild', guild_id::text), 'queued'
  FROM made
 WHERE remind_at IS NOT NULL;
