-- name: alert_verdicts
-- Returns the verdicts on the alerts of these fingerprints that still hold.
SELECT *
  FROM alert_verdicts
 WHERE guild_id = :guild_id AND fingerprint = ANY (:fingerprints::text[])
   AND holds_until > now();

-- name: save_alert_verdict
-- Stores a verdict on an alert in the place of an earlier one.
INSERT INTO alert_verdicts (guild_id, fingerprint, incident_id, verdict, severity, by_id, by_name, at, holds_until)
VALUES (:guild_id, :fingerprint, :incident_id, :verdict, :severity, :by_id, :by_name, :at, :holds_until)
ON CONFLICT (guild_id, fingerprint)
DO UPDATE SET incident_id = excluded.incident_id, verdict = excluded.verdict, severity = excluded.severity,
              by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at,
              holds_until = excluded.holds_until, passed_over = 0, passed_up_to = 0;

-- name: withdraw_alert_verdict
-- Removes and returns the verdict on an alert. No row comes back if none holds.
WITH gone AS (
    DELETE FROM alert_verdicts WHERE guild_id = :guild_id AND fingerprint = :fingerprint RETURNING *
)
SELECT * FROM gone WHERE holds_until > now();

-- name: pass_over_alert
-- Counts a message on the mute of its alert, once although it is read more than once. No row comes back if the alert is
-- not muted now, or if it was muted at a severity that is not one of :severities.
UPDATE alert_verdicts
   SET passed_over = passed_over + (passed_up_to < :message_id)::int,
       passed_up_to = greatest(passed_up_to, :message_id)
 WHERE guild_id = :guild_id AND fingerprint = :fingerprint AND verdict = 'mute' AND holds_until > now()
   AND severity = ANY (:severities::text[])
RETURNING fingerprint;
