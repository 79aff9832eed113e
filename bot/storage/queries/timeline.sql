-- name: add_timeline
-- Appends entries, given as a JSON array, in its order.
INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data)
SELECT $1, at, kind, actor_id, actor_name, data
  FROM ROWS FROM (
       jsonb_to_recordset($2) AS (at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb)
       ) WITH ORDINALITY
 ORDER BY ordinality;

-- name: timeline
-- An incident's history, oldest first.
SELECT * FROM timeline WHERE incident_id = $1 ORDER BY at, id;
