-- What a window has held and was over at its end is not held any more. The version before this one kept it as held, but
-- did not look at it again.

-- migrate:up

UPDATE alert_decisions AS decision
   SET held = NULL
  FROM alert_windows
 WHERE alert_windows.id = decision.window_id AND alert_windows.ended_at IS NOT NULL AND alert_windows.next_at IS NULL
   AND decision.incident_id IS NULL AND decision.held IS NOT NULL;

-- migrate:down

SELECT 1;  -- what was over stays over
