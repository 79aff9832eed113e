-- name: document
-- Returns the draft of an incident's postmortem, in guild :guild_id (null: in any guild).
SELECT * FROM postmortem_documents
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: lock_document
-- Locks and returns the draft of an incident's postmortem.
SELECT * FROM postmortem_documents WHERE incident_id = :incident_id FOR UPDATE;

-- name: lock_paths
-- Waits until no other transaction is choosing a path in the guild, and lets none begin before the commit.
SELECT pg_advisory_xact_lock(hashtextextended('postmortem_documents:' || :guild_id::bigint, 0));

-- name: path_taken
-- Returns the other incident of the guild whose postmortem has this path, if there is one.
SELECT incident_id
  FROM postmortem_documents
 WHERE guild_id = :guild_id AND path = :path AND incident_id <> :incident_id;

-- name: save_document
-- Stores a draft in the place of an earlier one.
INSERT INTO postmortem_documents
       (incident_id, guild_id, path, version, digest, read_at, problem, posting, shown_version)
VALUES (:incident_id, :guild_id, :path, :version, :digest, :read_at, :problem, :posting, :shown_version)
ON CONFLICT (incident_id) DO UPDATE
   SET path = excluded.path, version = excluded.version, digest = excluded.digest, read_at = excluded.read_at,
       problem = excluded.problem, posting = excluded.posting, shown_version = excluded.shown_version;
