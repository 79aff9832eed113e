-- name: add_absence
-- Records that a person is away.
INSERT INTO absences (guild_id, user_id, username, name, starts_at, ends_at, reason, by_id, by_name)
VALUES (:guild_id, :user_id, :username, :name, :starts_at, :ends_at, :reason, :by_id, :by_name)
RETURNING *;

-- name: add_absence_of_calendar
-- Records a time in which a person is away by their calendar file.
INSERT INTO absences (guild_id, user_id, username, name, starts_at, ends_at, reason, by_id, by_name, calendar)
VALUES (:guild_id, :user_id, :username, :name, :starts_at, :ends_at, :reason, 0, :by_name, :calendar);

-- name: update_absence
-- Changes an absence as its calendar file has changed.
UPDATE absences
   SET user_id = :user_id, username = :username, name = :name, starts_at = :starts_at, ends_at = :ends_at,
       reason = :reason, by_name = :by_name
 WHERE id = :absence_id;

-- name: absence_calendars
-- Returns what is known of the calendar files of a guild.
SELECT handle, seen, read_at, problem FROM absence_calendars WHERE guild_id = :guild_id;

-- name: lock_absence_calendar
-- Locks and returns what is known of a calendar file; a new one is known from now on.
INSERT INTO absence_calendars AS known (guild_id, handle) VALUES (:guild_id, :handle)
ON CONFLICT (guild_id, handle) DO UPDATE SET handle = known.handle
RETURNING known.handle, known.seen, known.read_at, known.problem;

-- name: keep_absence_calendar
-- Records how a calendar file was read.
UPDATE absence_calendars SET seen = :seen, read_at = now(), problem = :problem
 WHERE guild_id = :guild_id AND handle = :handle;

-- name: forget_absence_calendars
-- Forgets the calendar files that the policy no longer names.
DELETE FROM absence_calendars WHERE guild_id = :guild_id AND NOT handle = ANY (:handles::text[]);

-- name: absences
-- Returns the absences of a guild that are not over, the earliest first.
SELECT id, user_id, username, name, starts_at, ends_at, reason, by_name, calendar
  FROM absences
 WHERE guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
 ORDER BY starts_at, id;

-- name: lock_absence
-- Locks and returns an absence that is not over.
SELECT id, user_id, username, name, starts_at, ends_at, reason, by_name, calendar
  FROM absences
 WHERE id = :absence_id AND guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
   FOR UPDATE;

-- name: end_absence
-- Withdraws an absence.
UPDATE absences SET ended_at = now(), ended_by_name = :by_name WHERE id = :absence_id AND ended_at IS NULL;

-- name: lock_absences
-- Locks and returns the absences of a guild that are not over, so that one transaction at a time tells of them.
{absences}
   FOR UPDATE;

-- name: add_away_shift
-- Records a shift whose person is away.
INSERT INTO away_shifts (guild_id, absence_id, place, handle, starts_at, ends_at, suggested)
VALUES (:guild_id, :absence_id, :place, :handle, :starts_at, :ends_at, :suggested)
RETURNING id;

-- name: open_away_shifts
-- Returns the shifts of all absences that are not over.
{away_shift_rows}
 WHERE shift.guild_id = :guild_id AND absence.ended_at IS NULL AND absence.ends_at > now()
 ORDER BY shift.id;

-- name: tell_away_shift_again
-- Opens a shift again that has come back to its person, or grown. No row comes back if it was taken meanwhile.
UPDATE away_shifts
   SET told = told + 1, starts_at = :starts_at, ends_at = :ends_at, suggested = :suggested,
       taken_at = NULL, taken_by_id = NULL, taken_by_name = NULL
 WHERE id = :number AND told = :told AND taken_by_name IS NOT DISTINCT FROM :taken_by_name
RETURNING told;

-- name: suggest_for_away_shift
-- Changes who is suggested for a shift.
UPDATE away_shifts SET suggested = :suggested WHERE id = :number;

-- name: merge_away_shifts
-- Closes shifts that another shift of their absence has grown over: nobody is asked for their time twice.
UPDATE away_shifts SET ends_at = starts_at WHERE id = ANY (:numbers::bigint[]) AND taken_at IS NULL;

-- part: away_shift_rows
-- The shifts whose people are away, as they are told.
SELECT shift.id, shift.guild_id, shift.absence_id, shift.place, shift.handle, shift.starts_at, shift.ends_at,
       shift.suggested, shift.taken_by_name, shift.told, absence.ended_at IS NOT NULL AS is_void
  FROM away_shifts AS shift
  JOIN absences AS absence ON absence.id = shift.absence_id;

-- name: away_shift
-- Returns a shift whose person is away.
{away_shift_rows}
 WHERE shift.id = :number AND shift.guild_id = :guild_id;

-- name: away_shifts_of
-- Returns the numbers of the shifts of an absence.
SELECT id FROM away_shifts WHERE absence_id = :absence_id ORDER BY id;

-- name: take_away_shift
-- Records who takes a shift, once. No row comes back if it was taken before, it was merged, or the absence was withdrawn.
UPDATE away_shifts AS shift
   SET taken_at = now(), taken_by_id = :by_id, taken_by_name = :by_name
  FROM absences AS absence
 WHERE shift.id = :number AND shift.guild_id = :guild_id AND shift.taken_at IS NULL
   AND shift.starts_at < shift.ends_at AND absence.id = shift.absence_id AND absence.ended_at IS NULL
RETURNING shift.id;

-- name: guild_of_away_shift
-- Returns the guild of such a shift, if there is one.
SELECT guild_id FROM away_shifts WHERE id = :number;
