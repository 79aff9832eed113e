-- name: digest
-- Returns the reservation of a week's digest.
SELECT week FROM digests WHERE guild_id = :guild_id AND week = :week;

-- name: claim_digest
-- Reserves a week's digest, once. No row comes back if it was reserved before.
INSERT INTO digests (guild_id, week, due_at, made_at)
VALUES (:guild_id, :week, :due_at, now())
ON CONFLICT DO NOTHING
RETURNING week;

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
              holds_until = excluded.holds_until, passed_over = 0;

-- name: withdraw_alert_verdict
-- Removes and returns the verdict on an alert. No row comes back if none holds.
WITH gone AS (
    DELETE FROM alert_verdicts WHERE guild_id = :guild_id AND fingerprint = :fingerprint RETURNING *
)
SELECT * FROM gone WHERE holds_until > now();

-- name: guild_of_digest
-- Returns the guild of a digest's post.
SELECT guild_id FROM deliveries WHERE id = :number;
