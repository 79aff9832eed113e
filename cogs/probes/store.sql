-- part: probe_columns
-- What is known about a probe.
name, number, since, state, outcome, streak, answered, failing_since, asked_at, reached_at, result, told, told_at, event,
event_at, turn

-- name: begin_probes
-- Adds the probes of a policy and the prober itself, and deletes those of a guild that are not among :names. A probe is
-- first due after its :phases_s; one that is known is due no later than that.
WITH gone AS (
    DELETE FROM probes WHERE guild_id = :guild_id AND name <> '' AND NOT name = ANY (:names::text[])
), prober AS (
    INSERT INTO probes (guild_id, name) VALUES (:guild_id, '') ON CONFLICT DO NOTHING
)
INSERT INTO probes AS known (guild_id, name, next_at)
SELECT :guild_id, name, now() + phase_s * interval '1 second'
  FROM ROWS FROM (unnest(:names::text[]), unnest(:phases_s::float8[])) AS given (name, phase_s)
ON CONFLICT (guild_id, name) DO UPDATE SET next_at = least(known.next_at, excluded.next_at);

-- name: claim_probes
-- Takes at most :limit due probes of a guild. Each is due again at the next moment of its own rhythm, so that a late
-- request shifts none of the later ones.
WITH due AS (
    SELECT name AS found
      FROM probes
     WHERE guild_id = :guild_id AND next_at <= now() AND name = ANY (:names::text[])
     ORDER BY next_at
     LIMIT :limit
       FOR UPDATE SKIP LOCKED
), given AS (
    SELECT named, every_s
      FROM ROWS FROM (unnest(:names::text[]), unnest(:every_s::float8[])) AS given (named, every_s)
)
UPDATE probes
   SET turn = turn + 1,
       next_at = next_at
               + (floor(extract(epoch FROM now() - next_at)::float8 / every_s) + 1) * every_s * interval '1 second'
  FROM due JOIN given ON named = found
 WHERE guild_id = :guild_id AND name = found
RETURNING {probe_columns};

-- name: probes
-- Returns the states of a guild's probes, and of the prober itself.
SELECT {probe_columns} FROM probes WHERE guild_id = :guild_id ORDER BY name;

-- name: prober
-- Returns the state of a guild's prober itself.
SELECT {probe_columns} FROM probes WHERE guild_id = :guild_id AND name = '';

-- name: save_probe
-- Writes the state of a probe. No row comes back if it was asked again since.
UPDATE probes
   SET since = :since, state = :state, outcome = :outcome, streak = :streak, answered = :answered,
       failing_since = :failing_since, asked_at = :asked_at, reached_at = :reached_at, result = :result, told = :told,
       told_at = :told_at, event = :event, event_at = :event_at
 WHERE guild_id = :guild_id AND name = :name AND turn = :turn
RETURNING turn;

-- name: count_probe
-- Counts a result among those of its five minutes.
INSERT INTO probe_counts AS known (guild_id, name, at, ok, degraded, failed)
VALUES (:guild_id, :name, date_bin('5 minutes', :at::timestamptz, 'epoch'), :ok, :degraded, :failed)
ON CONFLICT (guild_id, name, at) DO UPDATE
   SET ok = known.ok + excluded.ok,
       degraded = known.degraded + excluded.degraded,
       failed = known.failed + excluded.failed;

-- name: probe_counts
-- Adds up the results of the last 24 hours by probe.
SELECT name, sum(ok)::bigint AS ok, sum(degraded)::bigint AS degraded, sum(failed)::bigint AS failed
  FROM probe_counts
 WHERE guild_id = :guild_id AND at > now() - interval '24 hours'
 GROUP BY name;

-- name: forget_probe_counts
-- Deletes counts that are older than a day, of any guild, ten thousand at a time.
DELETE FROM probe_counts
 WHERE ctid = ANY (ARRAY(SELECT ctid
                           FROM probe_counts
                          WHERE at < now() - interval '25 hours'
                          LIMIT 10000
                            FOR UPDATE SKIP LOCKED));

-- name: probe_figures
-- Returns the states of the probes that have one, of all guilds but those that are :off.
SELECT guild_id, name, state FROM probes WHERE state <> 'new' AND name <> '' AND NOT guild_id = ANY (:off::bigint[]);
