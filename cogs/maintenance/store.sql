-- name: begin_window
-- Opens a maintenance window. If one is open for the target, that one is changed and goes on.
INSERT INTO alert_windows (guild_id, target, reason, by_id, by_name, ends_at, next_at)
VALUES (:guild_id, :target, :reason, :by_id, :by_name, :ends_at, :ends_at)
ON CONFLICT (guild_id, lower(target)) WHERE ended_at IS NULL
DO UPDATE SET reason = excluded.reason, by_id = excluded.by_id, by_name = excluded.by_name, ends_at = excluded.ends_at,
              next_at = excluded.next_at
RETURNING *;

-- name: open_windows
-- Returns the windows of a guild that hold alerts now, those that end first at the beginning.
SELECT * FROM alert_windows WHERE guild_id = :guild_id AND ended_at IS NULL AND ends_at > now() ORDER BY ends_at, id;

-- name: holding_windows
-- Returns the same. None of them ends before the commit, so whoever ends one finds all that it has held.
SELECT *
  FROM alert_windows
 WHERE guild_id = :guild_id AND ended_at IS NULL AND ends_at > now()
 ORDER BY ends_at, id
   FOR SHARE;

-- name: end_window
-- Ends a window, if a person does so or its time is over. No row comes back if it goes on or has ended before.
UPDATE alert_windows
   SET ended_at = now(), ended_by = :ended_by, next_at = now()
 WHERE id = :window_id AND guild_id = :guild_id AND ended_at IS NULL AND (:ended_by::text IS NOT NULL OR ends_at <= now())
RETURNING *;

-- name: alert_window
-- Returns a window by its number.
SELECT * FROM alert_windows WHERE id = :window_id AND guild_id = :guild_id;

-- name: settle_window
-- Records that everything is dealt with that a window has held. No row comes back if that is recorded already.
UPDATE alert_windows SET next_at = NULL WHERE id = :window_id AND ended_at IS NOT NULL AND next_at IS NOT NULL
RETURNING id;

-- name: held_in_window
-- Returns the fingerprints of the alerts that a window holds.
SELECT DISTINCT fingerprint
  FROM alert_decisions
 WHERE window_id = :window_id AND outcome = 'held' AND incident_id IS NULL AND held IS NOT NULL;

-- name: count_held
-- Counts what a window has held, and what something else holds by now, and returns the incidents that still fired when
-- it ended, without private ones.
SELECT count(DISTINCT decision.fingerprint)::integer AS alerts, count(*)::integer AS times,
       count(DISTINCT decision.fingerprint) FILTER (
           WHERE decision.outcome <> 'held' AND decision.incident_id IS NULL AND decision.held IS NOT NULL
       )::integer AS moved,
       coalesce(array_agg(DISTINCT incidents.id) FILTER (WHERE NOT incidents.is_private), '{}') AS numbers
  FROM alert_decisions AS decision
  LEFT JOIN incidents ON incidents.id = decision.incident_id
 WHERE window_id = :window_id;

-- name: lost_window_jobs
-- Returns the jobs for windows that were due :overdue ago or earlier and have no job.
SELECT job, key, 0 AS priority, guild_id
  FROM (SELECT 'end_window' AS job, 'end_window:' || guild_id || ':' || id AS key, next_at AS due_at, guild_id
          FROM alert_windows
        UNION ALL
        SELECT 'begin_window', 'begin_window:' || guild_id || ':' || id, next_at, guild_id
          FROM alert_plans
         WHERE kept_at IS NOT NULL) AS work
 WHERE due_at < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = key AND status IN ('queued', 'picked'))
 ORDER BY due_at;

-- name: add_plan
-- Stores a plan, and forgets previews of a day ago. No row comes back if the policy's entry is stored already.
WITH forgotten AS (
    DELETE FROM alert_plans WHERE guild_id = :guild_id AND kept_at IS NULL AND created_at < now() - interval '1 day'
)
INSERT INTO alert_plans (guild_id, target, reason, said, rule, first_at, lasts_s, by_id, by_name, source, replaces_id,
                         kept_at, next_at, by_clock)
VALUES (:guild_id, :target, :reason, :said, :rule, :first_at, :lasts_s, :by_id, :by_name, :source, :replaces_id,
        CASE WHEN :is_kept THEN now() END, :next_at, :by_clock)
ON CONFLICT (guild_id, source) WHERE source IS NOT NULL DO NOTHING
RETURNING *;

-- name: kept_plans
-- Returns the plans of a guild that will begin, the next one first.
SELECT *
  FROM alert_plans
 WHERE guild_id = :guild_id AND kept_at IS NOT NULL AND next_at IS NOT NULL
 ORDER BY next_at, id;

-- name: lock_plan
-- Returns a plan that will begin, or is previewed.
SELECT * FROM alert_plans WHERE id = :plan_id AND guild_id = :guild_id AND next_at IS NOT NULL FOR UPDATE;

-- name: keep_plan
-- Keeps a previewed plan. No row comes back if it is kept already.
UPDATE alert_plans SET kept_at = now(), next_at = :next_at WHERE id = :plan_id AND kept_at IS NULL RETURNING id;

-- name: move_plan
-- Lets a plan begin next at :next_at; null: never again.
UPDATE alert_plans SET next_at = :next_at WHERE id = :plan_id;

-- name: forget_policy_plans
-- Forgets the plans of the policy's file that it does not have any more.
DELETE FROM alert_plans WHERE guild_id = :guild_id AND source IS NOT NULL AND source <> ALL (:sources::text[]);

-- name: begin_planned_window
-- Opens the window of a plan. If one is open for the target, it goes on until the later end of both, but no longer than
-- :at_most from its beginning: what it holds is tracked at its end. No row comes back if it lasts as long already.
INSERT INTO alert_windows AS known (guild_id, target, reason, by_id, by_name, ends_at, next_at)
VALUES (:guild_id, :target, :reason, :by_id, :by_name, :ends_at, :ends_at)
ON CONFLICT (guild_id, lower(target)) WHERE ended_at IS NULL
DO UPDATE SET ends_at = least(excluded.ends_at, known.began_at + :at_most::interval),
              next_at = least(excluded.ends_at, known.began_at + :at_most::interval)
        WHERE known.ends_at < least(excluded.ends_at, known.began_at + :at_most::interval)
RETURNING *;

-- name: window_events
-- Returns the events that the bot has made in a guild, or was about to make, those that begin first at the beginning.
SELECT id, plan_id, event_id, name, description, location, starts_at, ends_at
  FROM window_events
 WHERE guild_id = :guild_id
 ORDER BY starts_at, id;

-- name: add_window_event
-- Records that the bot is about to make an event. No row comes back if another process is.
INSERT INTO window_events (guild_id, plan_id, name, description, location, starts_at, ends_at)
VALUES (:guild_id, :plan_id, :name, :description, :location, :starts_at, :ends_at)
ON CONFLICT (guild_id, plan_id, starts_at) DO NOTHING
RETURNING id;

-- name: save_window_event
-- Records what an event is to show, for which plan, and Discord's id of it.
UPDATE window_events
   SET plan_id = :plan_id, event_id = :event_id, name = :name, description = :description, location = :location,
       starts_at = :starts_at, ends_at = :ends_at
 WHERE id = :id;

-- name: forget_window_event
-- Forgets an event that is over.
DELETE FROM window_events WHERE id = :id;

-- name: note_event_problem
-- Records a refusal, and returns when; no row comes back if it is known.
INSERT INTO window_event_problems (guild_id, code) VALUES (:guild_id, :code)
ON CONFLICT (guild_id, code) DO NOTHING
RETURNING told_at;

-- name: forget_event_problems
-- Forgets the refusals of a guild but those in :codes.
DELETE FROM window_event_problems WHERE guild_id = :guild_id AND code <> ALL (:codes::integer[]);
