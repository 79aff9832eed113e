-- name: resolution
-- Returns how an incident was resolved, in guild :guild_id (null: in any guild).
SELECT * FROM resolutions
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

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

-- name: save_resolution
-- Writes how an incident was resolved, in the place of what was written before.
INSERT INTO resolutions (incident_id, guild_id, cause, fix, impact, people, duration_s, by_id, by_name, at)
VALUES (:incident_id, :guild_id, :cause, :fix, :impact, :people, :duration_s, :by_id, :by_name, :at)
ON CONFLICT (incident_id) DO UPDATE
   SET cause = excluded.cause, fix = excluded.fix, impact = excluded.impact, people = excluded.people,
       duration_s = excluded.duration_s, by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at
RETURNING incident_id;

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
