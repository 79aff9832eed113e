-- name: append
-- Adds the rows that a transaction has collected. Each parameter is a JSON array whose order is kept: :steps of
-- ladders, :entries of timelines, :audited changes by people and :deliveries. The new deliveries come back; one with
-- a known key is skipped. The nonce is computed as in `bot.domain.installation.nonce_of`.
WITH steps AS (
    INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, starts_at, repeat_every, repeats_left,
                                  priority, status, decided_at)
    SELECT incident_id, index, due_at, mention, dm, starts_at, repeat_s * interval '1 second', repeats_left, priority,
           CASE WHEN is_done THEN 'done' ELSE 'pending' END, CASE WHEN is_done THEN now() END
      FROM jsonb_to_recordset(:steps)
        AS (incident_id bigint, index integer, due_at timestamptz, mention text, dm text[], starts_at timestamptz,
            repeat_s double precision, repeats_left integer, priority integer, is_done boolean)
), told AS (
    INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data, corrects)
    SELECT incident_id, at, kind, actor_id, actor_name, data, corrects
      FROM ROWS FROM (
           jsonb_to_recordset(:entries)
                AS (incident_id bigint, at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb,
                    corrects bigint)
           ) WITH ORDINALITY
     ORDER BY ordinality
), audited AS (
    INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
    SELECT now(), guild_id, actor_id, actor_name, action, true, data
      FROM ROWS FROM (
           jsonb_to_recordset(:audited)
                AS (guild_id bigint, actor_id bigint, actor_name text, action text, data jsonb)
           ) WITH ORDINALITY
     ORDER BY ordinality
)
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, after_key, data, priority, nonce,
                        created_at, next_try_at)
SELECT guild_id, incident_id, kind, target, key, after_key, data, priority,
       left(encode(sha256(convert_to(installation.id || ':' || key, 'UTF8')), 'hex'), 24), now(), now()
  FROM installation
 CROSS JOIN ROWS FROM (
       jsonb_to_recordset(:deliveries) AS (guild_id bigint, incident_id bigint, kind text, target text, key text,
                                  after_key text, data jsonb, priority integer)
       ) WITH ORDINALITY
 ORDER BY ordinality
ON CONFLICT (key) DO NOTHING
RETURNING id, key, after_key, priority, guild_id;
