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
       (incident_id, guild_id, path, version, digest, read_at, problem, posting, shown_version)
VALUES (:incident_id, :guild_id, :path, :version, :digest, :read_at, :problem, :posting, :shown_version)
ON CONFLICT (incident_id) DO UPDATE
   SET path = excluded.path, version = excluded.version, digest = excluded.digest, read_at = excluded.read_at,
       problem = excluded.problem, posting = excluded.posting, shown_version = excluded.shown_version;
