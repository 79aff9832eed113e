-- part: own_dependencies
-- Returns the `Dependants` of an incident, as `cogs.dependencies.rules` reads it from `Incident.own`.
(SELECT jsonb_build_object(
            'alerts', count(*), 'times', coalesce(sum(one.times), 0), 'tracked', count(one.incident_id),
            'moved', count(*) FILTER (WHERE one.is_held AND one.outcome <> 'depends'),
            'waiting', coalesce(jsonb_agg(jsonb_build_object('fingerprint', one.fingerprint, 'title', one.title,
                                                             'target', one.target)
                                          ORDER BY one.said_id DESC)
                                FILTER (WHERE one.is_held AND one.outcome = 'depends'), '[]'))
   FROM (SELECT DISTINCT ON (fingerprint)
                fingerprint, title, target, said_id, incident_id, outcome,
                incident_id IS NULL AND held IS NOT NULL AS is_held,
                count(*) OVER (PARTITION BY fingerprint) AS times
           FROM alert_decisions AS decision
          WHERE decision.held_by = incidents.id AND decision.guild_id = incidents.guild_id
          ORDER BY fingerprint, said_id DESC, nth DESC) AS one)

-- name: holding_incident
-- Returns the oldest open incident of a guild about one of :targets, in small letters. It does not end before the
-- commit, so its end finds all that it has held. Drills, private incidents and those of :besides hold nothing.
SELECT id
  FROM incidents
 WHERE guild_id = :guild_id AND status IN ('triggered', 'acknowledged') AND NOT is_drill AND NOT is_private
   AND severity <> ALL (:besides::text[])
   AND EXISTS (SELECT FROM unnest(targets) AS about (name) WHERE lower(about.name) = ANY (:targets::text[]))
 ORDER BY triggered_at, id
 LIMIT 1
   FOR NO KEY UPDATE;

-- name: dependants_held
-- Returns the fingerprints of the alerts that an incident holds.
SELECT DISTINCT fingerprint
  FROM alert_decisions
 WHERE held_by = :number AND guild_id = :guild_id AND outcome = 'depends' AND incident_id IS NULL AND held IS NOT NULL;

-- name: lost_release_jobs
-- Returns the jobs for what is held by incidents that hold nothing any more, since :overdue or longer, and have no job.
SELECT DISTINCT 'release_held' AS job, 'release_held:' || incidents.id AS key, 0 AS priority, incidents.guild_id
  FROM alert_decisions AS decision
  JOIN incidents ON incidents.id = decision.held_by
 WHERE decision.outcome = 'depends' AND decision.incident_id IS NULL AND decision.held IS NOT NULL
   AND (incidents.status NOT IN ('triggered', 'acknowledged') OR incidents.is_private)
   AND coalesce(incidents.resolved_at, decision.decided_at) < now() - :overdue::interval
   AND NOT EXISTS (SELECT FROM pgqueuer
                    WHERE dedupe_key = 'release_held:' || incidents.id AND status IN ('queued', 'picked'));
