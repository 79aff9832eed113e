-- What each figure means is written at its value in bot.domain.statistics; docs/internals/statistics.md says it in
-- words. A week begins on Monday 00:00 in :zone.

-- part: counted
-- Is true for an incident that the figures count: `bot.domain.statistics.figures.is_counted`.
incident.kind = 'incident' AND incident.status NOT IN ('cancelled', 'merged') AND NOT incident.is_drill

-- part: needs_owner
-- Is true for one whose owner the figures ask for: `bot.domain.statistics.figures.needs_owner`, with :ringing.
(incident.kind = 'incident' OR incident.severity = ANY (:ringing::text[]))
   AND incident.status NOT IN ('cancelled', 'merged') AND NOT incident.is_drill

-- part: in_scope
-- Begins the conditions for the incidents of a guild within a `Scope`.
incident.guild_id = :guild_id
   AND (:severity::text IS NULL OR incident.severity = :severity)
   AND (:team::text IS NULL
        OR CASE WHEN incident.team = ANY (:teams::text[]) THEN incident.team ELSE 'default' END = :team)
   AND (:target::text IS NULL OR (:target = ANY (incident.targets) AND NOT incident.is_private))
   AND (:person_id::bigint IS NULL OR EXISTS (
        SELECT FROM responders WHERE incident_id = incident.id AND user_id = :person_id))

-- part: counted_in_scope
-- Begins the conditions for the counted ones that were triggered in [:start, :end).
{in_scope}
   AND {counted}
   AND incident.triggered_at >= :start AND incident.triggered_at < :end

-- part: spell
-- Tells who had each row of `incident`, one after the other, as `bot.domain.incident.ownership.spells` does; `stop` is
-- null for the last one. `owner` is 'nobody', 'person', or 'ended'; `is_silent` is true for an acknowledgement that
-- lapsed before a responder wrote anything. Of an incident that was taken or ended once the columns say it; only of the
-- few others is the timeline put in order. What else is asked of the incident is carried along: joined afterwards, the
-- planner may take many rows for a few.
changed AS (
    SELECT DISTINCT entry.incident_id
      FROM incident
      JOIN timeline AS entry ON entry.incident_id = incident.id
     WHERE entry.kind IN ('lapsed', 'released', 'reopened')
), taken_once AS (
    SELECT id, is_declared, severity, ack_due_at, triggered_at, acknowledged_at, resolved_at,
           least(acknowledged_at, first_ended_at, resolved_at) AS answered_at
      FROM incident
     WHERE NOT EXISTS (SELECT FROM changed WHERE changed.incident_id = incident.id)
), turn AS (
    SELECT id AS incident_id, is_declared, severity, ack_due_at, triggered_at, acknowledged_at, resolved_at,
           0::bigint AS number, triggered_at AS at, 'opened' AS kind, 'nobody' AS owner
      FROM incident
      JOIN changed ON changed.incident_id = incident.id
     UNION ALL
    SELECT incident.id, incident.is_declared, incident.severity, incident.ack_due_at, incident.triggered_at,
           incident.acknowledged_at, incident.resolved_at, entry.id, entry.at, entry.kind,
           CASE WHEN entry.kind = 'lapsed' OR entry.data ->> 'resumed' = 'true' THEN 'nobody'
                WHEN entry.kind IN ('resolved', 'cancelled', 'merged') THEN 'ended'
                ELSE 'person' END
      FROM incident
      JOIN changed ON changed.incident_id = incident.id
      JOIN timeline AS entry ON entry.incident_id = changed.incident_id
     WHERE entry.kind IN ('acknowledged', 'reopened', 'lapsed', 'resolved', 'cancelled', 'merged')
        OR entry.kind = 'released'
           AND (entry.data ->> 'resumed' = 'true' OR jsonb_typeof(entry.data -> 'to') = 'object')
), ordered AS (
    SELECT incident_id, is_declared, severity, ack_due_at, triggered_at, acknowledged_at, resolved_at, owner,
           at AS start, lead(at) OVER following AS stop, lead(kind) OVER following AS stopped_by
      FROM turn
    WINDOW following AS (PARTITION BY incident_id ORDER BY number > 0, at, number)
), spell AS (
    SELECT id AS incident_id, is_declared, severity, ack_due_at, triggered_at, acknowledged_at, resolved_at,
           'nobody' AS owner, triggered_at AS start, answered_at AS stop, false AS is_silent
      FROM taken_once
     UNION ALL
    SELECT id, is_declared, severity, ack_due_at, triggered_at, acknowledged_at, resolved_at, 'person', answered_at,
           NULL, false
      FROM taken_once
     WHERE answered_at IS NOT NULL
     UNION ALL
    SELECT incident_id, is_declared, severity, ack_due_at, triggered_at, acknowledged_at, resolved_at, owner, start,
           stop, owner = 'person' AND coalesce(stopped_by = 'lapsed', false) AND NOT EXISTS (
               SELECT FROM timeline AS life
                 JOIN timeline AS joined ON joined.incident_id = life.incident_id AND joined.actor_id = life.actor_id
                      AND joined.kind IN ('acknowledged', 'joined', 'reopened')
                WHERE life.incident_id = ordered.incident_id AND life.at > ordered.start AND life.at < ordered.stop
                  AND life.kind IN ('updated', 'note', 'output', 'pinned'))
      FROM ordered
)

-- part: answer
-- Tells of each row of `incident` if its ack deadline was met, as `bot.domain.incident.ownership.acked_in_time` does;
-- null: it is ahead.
answer AS (
    SELECT incident_id, is_declared, severity, triggered_at, acknowledged_at, resolved_at,
           CASE WHEN owner = 'nobody' THEN CASE WHEN (SELECT now()) > ack_due_at THEN false END
                ELSE NOT is_silent END AS is_met
      FROM spell
     WHERE start <= least(ack_due_at, (SELECT now())) AND (stop IS NULL OR stop > least(ack_due_at, (SELECT now())))
)

-- part: severity_columns
-- Returns the columns of a `SeverityFigures`. Times are in seconds; a percentile leaves null times out. Alerts are in
-- the deadlines only.
count(*) FILTER (WHERE incident.is_declared)::bigint AS incidents,
       count(incident.acknowledged_at) FILTER (WHERE incident.is_declared)::bigint AS acknowledged,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
           ORDER BY extract(epoch FROM incident.acknowledged_at - incident.triggered_at)::float8)
           FILTER (WHERE incident.is_declared) AS acknowledge_s,
       count(incident.resolved_at) FILTER (WHERE incident.is_declared)::bigint AS resolved,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
           ORDER BY extract(epoch FROM incident.resolved_at - incident.triggered_at)::float8)
           FILTER (WHERE incident.is_declared) AS resolve_s,
       count(*) FILTER (WHERE incident.is_met)::bigint AS met,
       count(*) FILTER (WHERE NOT incident.is_met)::bigint AS missed

-- part: needing_owner
-- Begins a query with the incidents in scope that need an owner, as `incident`, with the columns that `spell` reads. The
-- caller adds a condition on their time, and closes the parenthesis.
WITH incident AS (
    SELECT id, kind = 'incident' AS is_declared, severity, triggered_at, ack_due_at, acknowledged_at, first_ended_at,
           resolved_at
      FROM incidents AS incident
     WHERE {in_scope}
       AND {needs_owner}

-- part: answered_in_scope
-- Begins a query about those that need an owner and were triggered in [:start, :end), as `incident`, with their
-- `answer`.
{needing_owner}
       AND incident.triggered_at >= :start AND incident.triggered_at < :end
), {spell}, {answer}

-- name: severity_figures
-- Counts the incidents by severity: how many, how long they took, and their acknowledge deadlines.
{answered_in_scope}
SELECT incident.severity,
       {severity_columns}
  FROM answer AS incident
 GROUP BY incident.severity
 ORDER BY incident.severity;

-- name: late_incidents
-- Returns at most :limit of these incidents whose ack deadline was missed, oldest first.
{answered_in_scope}
SELECT incident.*
  FROM answer
  JOIN incidents AS incident ON incident.id = answer.incident_id
 WHERE NOT answer.is_met
 ORDER BY incident.triggered_at, incident.id
 LIMIT :limit;

-- name: weekly_figures
-- Counts the same by the week, as its Monday, in which they were triggered.
{answered_in_scope}
SELECT date_trunc('week', incident.triggered_at AT TIME ZONE :zone::text)::date AS monday,
       incident.severity,
       {severity_columns}
  FROM answer AS incident
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- part: unowned
-- Begins a query about those that need an owner and went on in [:start, :end), as `incident`, with the `seconds` of that
-- time during which nobody had each.
{needing_owner}
       AND incident.triggered_at < :end
       AND (incident.status IN ('triggered', 'acknowledged') OR incident.resolved_at > :start)
), {spell}, unowned AS (
    SELECT incident_id, severity,
           sum(extract(epoch FROM least(stop, :end, (SELECT now())) - greatest(start, :start))::float8) AS seconds
      FROM spell
     WHERE owner = 'nobody' AND least(stop, :end, (SELECT now())) > greatest(start, :start)
     GROUP BY incident_id, severity
)

-- name: unowned_figures
-- Returns the time without an owner by severity.
{unowned}
SELECT severity, sum(seconds) AS seconds
  FROM unowned
 GROUP BY severity
 ORDER BY severity;

-- name: most_unowned
-- Returns at most :limit of these incidents, those first that were without an owner for longest. Private incidents are
-- left out, because they are named.
{unowned}
SELECT incident.*, unowned.seconds
  FROM unowned
  JOIN incidents AS incident ON incident.id = unowned.incident_id
 WHERE NOT incident.is_private
 ORDER BY unowned.seconds DESC, incident.id
 LIMIT :limit;

-- name: update_figures
-- Counts the status updates that came before the bot asked for them, and the promises that it had to remind of. An
-- update counts if one was promised: by the update before it, or, for the severities in :promising, by the acknowledge.
-- An update after a reminder, which promises nothing, is late: its promise is counted with the reminder.
WITH entries AS (
    SELECT entry.kind, entry.data,
           CASE WHEN lag(entry.kind) OVER earlier IS NULL
                THEN incident.severity = ANY (:promising::text[]) AND incident.acknowledged_at <= entry.at
                ELSE lag(entry.data) OVER earlier ->> 'next_at' IS NOT NULL END AS is_promised
      FROM incidents AS incident
      JOIN timeline AS entry ON entry.incident_id = incident.id AND (entry.kind = 'updated' OR entry.kind = 'update_due')
     WHERE {counted_in_scope}
    WINDOW earlier AS (PARTITION BY entry.incident_id ORDER BY entry.at, entry.id)
)
SELECT count(*) FILTER (WHERE kind = 'updated' AND data ->> 'known' IS NOT NULL AND is_promised)::bigint AS met,
       count(*) FILTER (WHERE kind = 'update_due' AND (data ->> 'reminder')::int = 1)::bigint AS missed
  FROM entries;

-- name: team_figures
-- Counts by team what was triggered in [:start, :end): the incidents, and what was escalated, alerts included; without
-- drills. A team that is none of :teams counts as null, the default team.
SELECT CASE WHEN incident.team = ANY (:teams::text[]) THEN incident.team END AS team,
       count(*) FILTER (WHERE {counted})::bigint AS incidents,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM timeline WHERE incident_id = incident.id AND kind = 'escalated'))::bigint AS escalated
  FROM incidents AS incident
 WHERE incident.guild_id = :guild_id AND incident.triggered_at >= :start AND incident.triggered_at < :end
   AND NOT incident.is_drill
 GROUP BY 1;

-- name: set_aside
-- Counts what was triggered in [:start, :end) and is no counted incident, without drills.
SELECT count(*) FILTER (WHERE kind = 'incident' AND status = 'cancelled')::bigint AS false_alarms,
       count(*) FILTER (WHERE kind = 'incident' AND status = 'merged')::bigint AS duplicates
  FROM incidents
 WHERE guild_id = :guild_id AND triggered_at >= :start AND triggered_at < :end AND NOT is_drill;

-- name: busiest_targets
-- Returns at most :limit targets with the number of incidents that affected them, the busiest first. Private incidents
-- are left out: a target is a name.
SELECT target, count(*)::bigint AS incidents
  FROM incidents AS incident
 CROSS JOIN LATERAL (SELECT DISTINCT unnest(incident.targets) AS target) AS affected
 WHERE {counted_in_scope}
   AND NOT incident.is_private
 GROUP BY target
 ORDER BY incidents DESC, target
 LIMIT :limit;

-- name: drill_figures
-- Counts the drills that were started in [:start, :end), and the time to their first acknowledge.
SELECT count(*)::bigint AS held,
       count(acknowledged_at)::bigint AS acknowledged,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
           ORDER BY extract(epoch FROM acknowledged_at - triggered_at)::float8) AS acknowledge_s
  FROM incidents
 WHERE guild_id = :guild_id AND triggered_at >= :start AND triggered_at < :end AND is_drill;

-- name: page_figures
-- Counts the DMs of ladders that arrived in [:start, :end) by reader. Each is in one of four groups: on a day of
-- :holidays, on a weekday of :free_days, in the sleep hours, or else by day; `asleep` counts those in the sleep hours
-- of any day. Sleep hours may go over midnight. A bundle of DMs is one. Drills are left out. Where no reader was kept,
-- `reader` is null and `place` has the on-call place.
WITH page AS (
    SELECT page.request ->> 'recipient' AS reader,
           substr(page.target, length('person:') + 1) AS place,
           page.finished_at AT TIME ZONE :zone::text AS local
      FROM deliveries AS page
      LEFT JOIN incidents AS incident ON incident.id = page.incident_id
     WHERE page.guild_id = :guild_id AND page.finished_at >= :start AND page.finished_at < :end
       AND (page.kind = 'page' OR page.kind = 'bundle' AND page.data ->> 'of' = 'page')
       AND page.status = 'sent' AND page.bundle_id IS NULL
       AND incident.is_drill IS NOT TRUE
), sorted AS (
    SELECT reader, CASE WHEN reader IS NULL THEN place END AS place,
           local::date = ANY (:holidays::date[]) AS is_holiday,
           extract(isodow FROM local)::int = ANY (:free_days::int[]) AS is_free,
           CASE WHEN :sleep_start::time <= :sleep_end::time
                THEN local::time >= :sleep_start AND local::time < :sleep_end
                ELSE local::time >= :sleep_start OR local::time < :sleep_end END AS is_asleep
      FROM page
)
SELECT reader, place,
       count(*) FILTER (WHERE NOT is_holiday AND NOT is_free AND NOT is_asleep)::bigint AS day,
       count(*) FILTER (WHERE NOT is_holiday AND NOT is_free AND is_asleep)::bigint AS night,
       count(*) FILTER (WHERE NOT is_holiday AND is_free)::bigint AS weekend,
       count(*) FILTER (WHERE is_holiday)::bigint AS holiday,
       count(*) FILTER (WHERE is_asleep)::bigint AS asleep
  FROM sorted
 GROUP BY reader, place
 ORDER BY reader, place;

-- part: alert_columns
-- Returns the columns of an `AlertCounts` about tracked alerts.
count(*)::bigint AS alerts,
       sum(alert.occurrences)::bigint AS messages,
       count(alert.acknowledged_at)::bigint AS acknowledged,
       count(*) FILTER (WHERE alert.kind = 'incident' AND alert.status <> 'cancelled' OR EXISTS (
           SELECT FROM incidents AS into_
            WHERE into_.id = alert.merged_into_id AND into_.kind = 'incident'))::bigint AS acted_on,
       count(*) FILTER (WHERE alert.status = 'cancelled')::bigint AS false,
       count(*) FILTER (WHERE alert.status IN ('resolved', 'cancelled') AND EXISTS (
           SELECT FROM incidents AS again
            WHERE again.guild_id = alert.guild_id AND again.fingerprint = alert.fingerprint
              AND again.last_seen_at > alert.resolved_at  -- it is at least as late, and indexed
              AND again.triggered_at > alert.resolved_at
              AND again.triggered_at <= alert.resolved_at + :again_within::interval))::bigint AS again

-- name: alert_sources
-- Counts the tracked alerts that began in [:start, :end) by sender, those with the most messages first.
SELECT alert.reported_by_name AS name,
       {alert_columns}
  FROM incidents AS alert
 WHERE alert.guild_id = :guild_id AND alert.triggered_at >= :start AND alert.triggered_at < :end
   AND alert.fingerprint IS NOT NULL AND NOT alert.is_drill
 GROUP BY alert.reported_by_id, alert.reported_by_name
 ORDER BY messages DESC, alerts DESC, name, alert.reported_by_id;

-- name: noisiest_alerts
-- Returns at most :limit alerts, by fingerprint, with the most messages of those that began in [:start, :end): each as
-- the latest incident of it, with the counts. Private incidents are left out.
WITH noisy AS (
    SELECT (array_agg(alert.id ORDER BY alert.triggered_at DESC, alert.id DESC))[1] AS latest_id,
           {alert_columns}
      FROM incidents AS alert
     WHERE alert.guild_id = :guild_id AND alert.triggered_at >= :start AND alert.triggered_at < :end
       AND alert.fingerprint IS NOT NULL AND NOT alert.is_drill AND NOT alert.is_private
     GROUP BY alert.fingerprint
     ORDER BY messages DESC, alerts DESC, alert.fingerprint
     LIMIT :limit
)
SELECT latest.*, noisy.*
  FROM noisy
  JOIN incidents AS latest ON latest.id = noisy.latest_id
 ORDER BY noisy.messages DESC, noisy.alerts DESC, latest.fingerprint;

-- name: examples
-- Returns an incident for each line of figures about [:start, :end): see `ExampleOf`. Private ones are left out, for
-- everybody may follow the link; a severity whose slowest one is private has none.
WITH happened AS (
    SELECT incident.id, incident.severity, incident.targets, incident.triggered_at, incident.resolved_at,
           incident.reported_by_name, incident.fingerprint, incident.is_drill, incident.is_private,
           {counted} AS is_counted
      FROM incidents AS incident
     WHERE incident.guild_id = :guild_id AND incident.triggered_at >= :start AND incident.triggered_at < :end
), candidates (example_of, example_name, example_place, incident_id, rank) AS (
    SELECT 'severity', severity, NULL, id, extract(epoch FROM resolved_at - triggered_at)::float8
      FROM happened
     WHERE is_counted AND resolved_at IS NOT NULL
     UNION ALL
    SELECT 'target', target, NULL, id, extract(epoch FROM triggered_at)::float8
      FROM happened
     CROSS JOIN LATERAL unnest(targets) AS target
     WHERE is_counted AND NOT is_private
     UNION ALL
    SELECT 'sender', reported_by_name, NULL, id, extract(epoch FROM triggered_at)::float8
      FROM happened
     WHERE fingerprint IS NOT NULL AND NOT is_drill AND NOT is_private
     UNION ALL
    SELECT 'late_update', NULL, NULL, happened.id, extract(epoch FROM entry.at)::float8
      FROM happened
      JOIN timeline AS entry ON entry.incident_id = happened.id AND entry.kind = 'update_due'
     WHERE is_counted AND NOT is_private
     UNION ALL
    SELECT 'drill', NULL, NULL, id, extract(epoch FROM triggered_at)::float8
      FROM happened
     WHERE is_drill AND NOT is_private
     UNION ALL
    SELECT 'reader', page.request ->> 'recipient',
           CASE WHEN page.request ->> 'recipient' IS NULL THEN substr(page.target, length('person:') + 1) END,
           incident.id, extract(epoch FROM page.finished_at)::float8
      FROM deliveries AS page
      JOIN incidents AS incident ON incident.id = page.incident_id
     WHERE page.guild_id = :guild_id AND page.finished_at >= :start AND page.finished_at < :end
       AND page.kind = 'page' AND page.status = 'sent' AND page.bundle_id IS NULL
       AND NOT incident.is_drill AND NOT incident.is_private
), chosen AS (
    SELECT DISTINCT ON (example_of, example_name, example_place) *
      FROM candidates
     ORDER BY example_of, example_name, example_place, rank DESC, incident_id DESC
)
SELECT incident.*, chosen.example_of, chosen.example_name, chosen.example_place
  FROM chosen
  JOIN incidents AS incident ON incident.id = chosen.incident_id
 WHERE NOT incident.is_private
 ORDER BY chosen.example_of, chosen.example_name, chosen.example_place;

-- name: step_figures
-- Counts how late steps were decided since the beginning, one row for each interval between the bounds :bounds_s: the
-- number of steps, the sum of their lateness, and the number later than :missed_s, which includes steps that are this
-- late and still pending. Drills are left out.
SELECT width_bucket(late_s, :bounds_s::float8[]) AS place,
       count(*) FILTER (WHERE status = 'done')::bigint AS decided,
       coalesce(sum(late_s) FILTER (WHERE status = 'done'), 0)::float8 AS late_s,
       count(*) FILTER (WHERE late_s > :missed_s)::bigint AS missed
  FROM (
      SELECT steps.status,
             greatest(extract(epoch FROM coalesce(steps.decided_at, now()) - steps.due_at)::float8, 0) AS late_s
        FROM escalation_steps AS steps
        JOIN incidents ON incidents.id = steps.incident_id
       WHERE steps.status IN ('pending', 'done')
         AND NOT incidents.is_drill
  ) AS found
 GROUP BY place;

-- name: queue_figures
-- Counts the jobs by name and state: waiting for their time, due or running.
SELECT entrypoint,
       CASE WHEN status = 'picked' THEN 'running' WHEN execute_after > now() THEN 'waiting' ELSE 'due' END AS state,
       count(*)::bigint AS jobs
  FROM pgqueuer
 WHERE status IN ('queued', 'picked')
 GROUP BY entrypoint, state;

-- name: delivery_figures
-- Counts the deliveries by kind and status.
SELECT kind, status, count(*)::bigint AS deliveries FROM deliveries GROUP BY kind, status;

-- name: gateway_figures
-- Counts the failovers of shards, and the sessions at Discord's gateway that were started within 24 hours.
SELECT (SELECT coalesce(sum(failovers), 0)::bigint FROM shard_leases) AS failovers,
       (SELECT count(*)::bigint FROM identifies WHERE at > clock_timestamp() - interval '24 hours') AS identifies;

-- name: instance_figures
-- Counts the running processes by version.
SELECT version, count(*)::bigint AS instances
  FROM instances
 WHERE seen_at > clock_timestamp() - interval '5 seconds'
 GROUP BY version;
