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
       next_at = :next_at, trouble = :trouble
 WHERE incident_id = :incident_id;

-- name: rename_repository
-- Lets the pull requests of a guild in repository :before go on as :now, which is another name of it.
UPDATE postmortem_pulls SET repository = :now, etag = NULL WHERE guild_id = :guild_id AND repository = :before;

-- name: end_pull_export
-- Lets the pull request of an incident be looked at now. No row comes back if there is none.
UPDATE postmortem_pulls SET next_at = now() WHERE incident_id = :incident_id RETURNING incident_id;
