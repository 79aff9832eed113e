-- part: own_dependencies
-- Returns the `Dependants` of an incident, as `cogs.dependencies.rules` reads it from `Incident.own`.
(SELECT jsonb_build_object(
            'alerts', count(*), 'times', coalesce(sum(one.times), 0), 'tracked', count(one.incident_id),
            'waiting', coalesce(jsonb_agg(jsonb_build_object('fingerprint', one.fingerprint, 'title', one.title,
                                                             'target', one.target)
                                          ORDER BY one.said_id DESC)
                                FILTER (WHERE one.incident_id IS NULL AND one.held IS NOT NULL), '[]'))
   FROM (SELECT DISTINCT ON (fingerprint)
                fingerprint, title, target, said_id, incident_id, held,
                count(*) OVER (PARTITION BY fingerprint) AS times
           FROM alert_decisions AS decision
          WHERE decision.held_by = incidents.id AND decision.guild_id = incidents.guild_id
          ORDER BY fingerprint, said_id DESC, nth DESC) AS one)

-- name: holding_incident
-- Returns the oldest open incident of a guild about one of :targets, in small letters. It does not end before the
-- commit, so its end finds all that it has held. Drills and private incidents hold nothing.
SELECT id
  FROM incidents
 WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged') AND NOT is_drill AND NOT is_private
   AND EXISTS (SELECT FROM unnest(targets) AS about (name) WHERE lower(about.name) = ANY (:targets::text[]))
 ORDER BY triggered_at, id
 LIMIT 1
   FOR NO KEY UPDATE;

-- name: dependants_held
-- Returns the alerts that an incident holds, each as it came last, and how often it came. One with :fingerprint; null:
-- all.
SELECT DISTINCT ON (fingerprint)
       fingerprint, said_id, held,
       count(*) OVER (PARTITION BY fingerprint)::integer AS times,
       min(said_at) OVER (PARTITION BY fingerprint) AS first_at
  FROM alert_decisions
 WHERE held_by = :number AND guild_id = :guild_id AND incident_id IS NULL AND held IS NOT NULL
   AND (:fingerprint::text IS NULL OR fingerprint = :fingerprint)
 ORDER BY fingerprint, said_id DESC, nth DESC;

-- name: dependant_fires
-- Returns true if a monitor that reported an alert to the incident that holds it has not said since that it is over.
SELECT EXISTS (
    SELECT
      FROM alert_decisions
     WHERE guild_id = :guild_id AND fingerprint = :fingerprint
       AND ((held_by = :number AND outcome = 'depends') OR says = 'resolved')
     GROUP BY sender, channel_id
    HAVING max(said_id) FILTER (WHERE outcome = 'depends')
           > coalesce(max(said_id) FILTER (WHERE says = 'resolved'), 0)
) AS fires;

-- name: dependant_tracked_since
-- Returns the incident on which an alert was counted last after :said_id.
SELECT incident_id
  FROM alert_decisions
 WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND said_id > :said_id AND incident_id IS NOT NULL
 ORDER BY said_id DESC
 LIMIT 1;

-- name: hold_by_other
-- Lets another incident hold an alert.
UPDATE alert_decisions
   SET held_by = :other
 WHERE held_by = :number AND guild_id = :guild_id AND fingerprint = :fingerprint AND incident_id IS NULL
   AND held IS NOT NULL;

-- name: forget_held
-- Ends the hold of an alert that is over.
UPDATE alert_decisions
   SET held = NULL
 WHERE held_by = :number AND guild_id = :guild_id AND fingerprint = :fingerprint AND incident_id IS NULL;

-- name: adopt_dependant
-- Counts everything that an incident has held of an alert on the incident of that alert.
WITH adopted AS (
    UPDATE alert_decisions
       SET incident_id = :incident_id
     WHERE held_by = :number AND guild_id = :guild_id AND fingerprint = :fingerprint AND incident_id IS NULL
    RETURNING guild_id, sender, said_id, nth, channel_id
), counted AS (
    INSERT INTO alert_messages (message_id, channel_id, incident_id, sender)
    SELECT said_id, channel_id, :incident_id, sender FROM adopted WHERE channel_id <> 0
    ON CONFLICT DO NOTHING
)
UPDATE alert_events AS event
   SET incident_id = :incident_id
  FROM adopted
 WHERE adopted.channel_id = 0 AND event.guild_id = adopted.guild_id AND event.sender = adopted.sender
   AND event.event_id = adopted.said_id AND event.nth = adopted.nth;

-- name: lost_release_jobs
-- Returns the jobs for what is held by incidents that hold nothing any more, since :overdue or longer, and have no job.
SELECT DISTINCT 'release_held' AS job, 'release_held:' || incidents.id AS key, 0 AS priority, incidents.guild_id
  FROM alert_decisions AS decision
  JOIN incidents ON incidents.id = decision.held_by
 WHERE decision.held_by IS NOT NULL AND decision.incident_id IS NULL AND decision.held IS NOT NULL
   AND (incidents.status NOT IN ('triggered', 'acknowledged') OR incidents.is_private)
   AND coalesce(incidents.resolved_at, decision.decided_at) < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer
                    WHERE dedupe_key = 'release_held:' || incidents.id AND status IN ('queued', 'picked'));
