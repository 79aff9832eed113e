-- name: add_absence
-- Records that a person is away.
INSERT INTO absences (guild_id, user_id, username, name, starts_at, ends_at, reason, by_id, by_name)
VALUES (:guild_id, :user_id, :username, :name, :starts_at, :ends_at, :reason, :by_id, :by_name)
RETURNING *;

-- name: absences
-- Returns the absences of a guild that are not over, the earliest first.
SELECT id, user_id, username, name, starts_at, ends_at, reason, by_name
  FROM absences
 WHERE guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
 ORDER BY starts_at, id;

-- name: lock_absence
-- Locks and returns an absence that is not over.
SELECT id, user_id, username, name, starts_at, ends_at, reason, by_name
  FROM absences
 WHERE id = :absence_id AND guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
   FOR UPDATE;

-- name: end_absence
-- Withdraws an absence.
UPDATE absences SET ended_at = now(), ended_by_name = :by_name WHERE id = :absence_id AND ended_at IS NULL;

-- name: add_away_shift
-- Records a shift whose person is away, once. No row comes back if it is known.
INSERT INTO away_shifts (guild_id, absence_id, place, handle, starts_at, ends_at, suggested)
VALUES (:guild_id, :absence_id, :place, :handle, :starts_at, :ends_at, :suggested)
ON CONFLICT (absence_id, place, starts_at) DO NOTHING
RETURNING id;

-- name: away_shift
-- Returns a shift whose person is away.
SELECT shift.id, shift.guild_id, shift.absence_id, shift.place, shift.handle, shift.starts_at, shift.ends_at,
       shift.suggested, shift.taken_by_name, absence.ended_at IS NOT NULL AS is_void
  FROM away_shifts AS shift
  JOIN absences AS absence ON absence.id = shift.absence_id
 WHERE shift.id = :number AND shift.guild_id = :guild_id;

-- name: away_shifts_of
-- Returns the numbers of the shifts of an absence.
SELECT id FROM away_shifts WHERE absence_id = :absence_id ORDER BY id;

-- name: take_away_shift
-- Records who takes a shift, once. No row comes back if it was taken before, or the absence was withdrawn.
UPDATE away_shifts AS shift
   SET taken_at = now(), taken_by_id = :by_id, taken_by_name = :by_name
  FROM absences AS absence
 WHERE shift.id = :number AND shift.guild_id = :guild_id AND shift.taken_at IS NULL
   AND absence.id = shift.absence_id AND absence.ended_at IS NULL
RETURNING shift.id;

-- name: guild_of_away_shift
-- Returns the guild of such a shift, if there is one.
SELECT guild_id FROM away_shifts WHERE id = :number;
