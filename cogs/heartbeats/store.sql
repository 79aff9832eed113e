-- part: heartbeat_columns
-- What is known about a heartbeat.
name, since, state, beat_at, last_at, started_at, run_id, duration_s, due_at, alarm_at

-- name: lock_heartbeat
-- Returns the state of a heartbeat, which it locks; the first beat makes it known.
INSERT INTO heartbeats (guild_id, name) VALUES (:guild_id, :name)
ON CONFLICT (guild_id, name) DO UPDATE SET name = excluded.name
RETURNING {heartbeat_columns};

-- name: heartbeats
-- Returns the states of a guild's heartbeats.
SELECT {heartbeat_columns} FROM heartbeats WHERE guild_id = :guild_id;

-- name: silent_heartbeats
-- Returns, and locks, at most :limit heartbeats of :names from which nothing has come in time.
SELECT {heartbeat_columns}
  FROM heartbeats
 WHERE guild_id = :guild_id AND alarm_at <= now() AND name = ANY (:names::text[])
 ORDER BY alarm_at
 LIMIT :limit
   FOR UPDATE SKIP LOCKED;

-- name: save_heartbeat
-- Writes the state of a heartbeat that this transaction has locked.
UPDATE heartbeats
   SET since = :since, state = :state, beat_at = :beat_at, last_at = :last_at, started_at = :started_at,
       run_id = :run_id, duration_s = :duration_s, due_at = :due_at, alarm_at = :alarm_at
 WHERE guild_id = :guild_id AND name = :name;

-- name: keep_beat
-- Keeps a beat, and of the same heartbeat the 19 before it.
WITH old_beats AS (
    DELETE FROM heartbeat_beats
     WHERE id IN (SELECT id FROM heartbeat_beats WHERE guild_id = :guild_id AND name = :name ORDER BY id DESC OFFSET 19)
)
INSERT INTO heartbeat_beats (guild_id, name, at, kind, exit_status, run_id, body)
VALUES (:guild_id, :name, :at, :kind, :exit_status, :run_id, :body);

-- name: heartbeat_beats
-- Returns the kept beats of a guild's heartbeats, oldest first; with what was said those of :name alone, if it is given.
SELECT guild_id, name, at, kind, exit_status, run_id, CASE WHEN name = :name THEN body ELSE '' END AS body
  FROM heartbeat_beats
 WHERE guild_id = :guild_id AND (:name::text IS NULL OR name = :name)
 ORDER BY at, id;

-- name: add_heartbeat_event
-- Stores what is to be tracked as an alert. None is earlier than the one before: a recovery comes after the alert that it
-- ends, even if its beat came before that and was kept on disk.
WITH moment AS (
    UPDATE heartbeats SET event_at = greatest(now(), event_at) WHERE guild_id = :guild_id AND name = :name
    RETURNING event_at
)
INSERT INTO heartbeat_events (guild_id, name, event, at, since, exit_status, body)
SELECT :guild_id, :name, :event, event_at, :since, :exit_status, :body FROM moment;

-- name: heartbeat_events
-- Returns at most :limit events of a guild that are still to be tracked, oldest first.
SELECT id, name, event, at, since, exit_status, body
  FROM heartbeat_events
 WHERE guild_id = :guild_id
 ORDER BY id
 LIMIT :limit;

-- name: drop_heartbeat_event
-- Deletes an event that is tracked.
DELETE FROM heartbeat_events WHERE id = :id;

-- name: look_at_heartbeats
-- Records that a guild's heartbeats are looked at now. Returns True if that is the first time, or the first one for
-- :most_s seconds.
WITH before AS (
    SELECT looked_at FROM heartbeat_looks WHERE guild_id = :guild_id
), noted AS (
    INSERT INTO heartbeat_looks (guild_id, looked_at) VALUES (:guild_id, now())
    ON CONFLICT (guild_id) DO UPDATE SET looked_at = excluded.looked_at
)
SELECT coalesce((SELECT now() - looked_at > :most_s::float8 * interval '1 second' FROM before), true) AS was_away;

-- name: postpone_heartbeats
-- Gives each heartbeat of :names its grace from now on, after the bot was away.
UPDATE heartbeats
   SET alarm_at = greatest(alarm_at, now() + grace_s * interval '1 second')
  FROM ROWS FROM (unnest(:names::text[]), unnest(:graces_s::float8[])) AS given (named, grace_s)
 WHERE guild_id = :guild_id AND name = named AND alarm_at IS NOT NULL;

-- name: heartbeat_figures
-- Returns the states of the heartbeats that have one, of all guilds but those that are :off.
SELECT guild_id, name, state FROM heartbeats WHERE state <> 'new' AND NOT guild_id = ANY (:off::bigint[]);
