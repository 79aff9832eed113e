-- name: digest
-- Returns the reservation of a week's digest.
SELECT week FROM digests WHERE guild_id = :guild_id AND week = :week;

-- name: claim_digest
-- Reserves a week's digest, once. No row comes back if it was reserved before.
INSERT INTO digests (guild_id, week, due_at, made_at)
VALUES (:guild_id, :week, :due_at, now())
ON CONFLICT DO NOTHING
RETURNING week;
