-- name: role_grants
-- Returns what the bot gave in a guild, or was about to give.
SELECT role_id, user_id, name, version, is_given FROM role_grants WHERE guild_id = :guild_id ORDER BY granted_at;

-- name: begin_grant
-- Records that the bot is about to give a role, and returns its version.
INSERT INTO role_grants (guild_id, role_id, user_id, name) VALUES (:guild_id, :role_id, :user_id, :name)
ON CONFLICT (guild_id, role_id, user_id)
DO UPDATE SET version = role_grants.version + 1, is_given = false, name = excluded.name
RETURNING version;

-- name: finish_grant
-- Records that Discord has given a role, also if another process has taken it back meanwhile: it is to look again.
INSERT INTO role_grants (guild_id, role_id, user_id, name, is_given)
VALUES (:guild_id, :role_id, :user_id, :name, true)
ON CONFLICT (guild_id, role_id, user_id) DO UPDATE SET is_given = true;

-- name: end_grant
-- Forgets a role that was taken. No row comes back if it was given anew meanwhile.
DELETE FROM role_grants
 WHERE guild_id = :guild_id AND role_id = :role_id AND user_id = :user_id AND version = :version
RETURNING version;

-- name: note_role_problem
-- Records a problem, and returns when; no row comes back if it is known.
INSERT INTO role_problems (guild_id, role, who, problem, code) VALUES (:guild_id, :role, :who, :problem, :code)
ON CONFLICT (guild_id, role, who) DO UPDATE SET problem = excluded.problem, code = excluded.code, told_at = now()
 WHERE (role_problems.problem, role_problems.code) IS DISTINCT FROM (excluded.problem, excluded.code)
RETURNING told_at;

-- name: role_problems
-- Returns the problems of a guild, the oldest first.
SELECT role, who, problem, code, told_at FROM role_problems WHERE guild_id = :guild_id ORDER BY told_at, role, who;

-- name: forget_role_problems
-- Forgets the problems of a guild that are gone. :standing has a JSON object with role and who for each that is not.
DELETE FROM role_problems
 WHERE guild_id = :guild_id
   AND NOT EXISTS (SELECT FROM jsonb_to_recordset(:standing::jsonb) AS each(role text, who text)
                    WHERE each.role = role_problems.role AND each.who = role_problems.who);
