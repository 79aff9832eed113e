-- name: remember_dlq_views
-- Keeps the views of :states, an array of objects, each under its token; those not used for a month are deleted.
WITH gone AS (DELETE FROM dlq_views WHERE used_at < now() - interval '30 days')
INSERT INTO dlq_views (guild_id, token, state)
SELECT :guild_id, one.token, one.state
  FROM jsonb_to_recordset(:states::jsonb) AS one (token text, state text)
    ON CONFLICT (guild_id, token) DO UPDATE SET used_at = now();

-- name: dlq_view
-- Returns the state that is kept under a token, and keeps it for another month.
UPDATE dlq_views
   SET used_at = now()
 WHERE guild_id = :guild_id AND token = :token AND used_at >= now() - interval '30 days'
RETURNING state;
