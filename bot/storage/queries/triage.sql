-- name: insert_triage
-- A new walk; no row comes back when the key is known.
INSERT INTO triages (guild_id, key, user_id, user_name, title, targets, symptoms, started_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())
ON CONFLICT (key) DO NOTHING
RETURNING *;

-- name: triage_by_key
-- The walk that a key began.
SELECT * FROM triages WHERE key = $1;

-- name: triage
-- One walk.
SELECT * FROM triages WHERE id = $1;

-- name: lock_triage
-- One walk, which nobody else changes until the commit.
SELECT * FROM triages WHERE id = $1 FOR NO KEY UPDATE;

-- name: standing_answers
-- The answers of a walk that were not withdrawn, in order.
SELECT * FROM triage_answers WHERE triage_id = $1 AND withdrawn_at IS NULL ORDER BY id;

-- name: add_answer
-- Records an answer as it was given.
INSERT INTO triage_answers (triage_id, question, answer, unsure, by_id, by_name, at)
VALUES ($1, $2, $3, $4, $5, $6, now());

-- name: withdraw_last_answer
-- Marks the last standing answer as withdrawn; the row stays.
UPDATE triage_answers
   SET withdrawn_at = now()
 WHERE id = (SELECT max(id) FROM triage_answers WHERE triage_id = $1 AND withdrawn_at IS NULL);

-- name: set_triage
-- Writes where a walk stands, all of it.
UPDATE triages
   SET status = $2, severity = $3, incident_id = $4, reevaluate_at = $5
 WHERE id = $1;
