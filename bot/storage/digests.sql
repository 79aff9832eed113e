-- name: claim_digest
-- Reserves a week's digest once: no row comes back when it is taken.
INSERT INTO digests (guild_id, week, due_at, made_at)
VALUES (:guild_id, :week, :due_at, now())
ON CONFLICT DO NOTHING
RETURNING week;
