-- part: chosen
-- The incidents of an export: triggered in [:since, :until) (null: without that bound), of every server. Private ones
-- only if :private.
WITH chosen AS (
    SELECT id
      FROM incidents
     WHERE (:since::timestamptz IS NULL OR triggered_at >= :since)
       AND (:until::timestamptz IS NULL OR triggered_at < :until)
       AND (:private OR NOT is_private)
);

-- name: record_lines
-- Returns the rows of {table} that belong to the chosen incidents, each as the text of one JSON object, in the order of
-- the table's key.
{chosen}
SELECT jsonb_build_object('table', '{table}', 'row', to_jsonb(each) || {severed})::text AS line
  FROM {table} AS each
 WHERE {rows}
 ORDER BY {key};

-- name: count_records
-- Counts the rows that `record_lines` returns.
{chosen}
SELECT count(*)::bigint AS records
  FROM {table} AS each
 WHERE {rows};

-- name: insert_records
-- Adds rows of {table}: :lines are as `record_lines` returns them.
INSERT INTO {table} OVERRIDING SYSTEM VALUE
SELECT (jsonb_populate_record(NULL::{table}, (line::jsonb) -> 'row')).*
  FROM unnest(:lines::text[]) WITH ORDINALITY AS given (line, place)
 ORDER BY place;

-- name: is_occupied
-- Returns true if {table} has a row.
SELECT EXISTS (SELECT FROM {table}) AS occupied;

-- name: identities
-- Returns the columns whose values the database numbers itself, of all tables of our schema.
SELECT table_name, column_name
  FROM information_schema.columns
 WHERE table_schema = current_schema() AND is_identity = 'YES';

-- name: continue_numbers
-- Lets the numbers of {table} go on after the highest one that is there.
SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false) FROM {table};

-- name: schema_version
-- Returns the last migration that was applied.
SELECT max(version) AS version FROM schema_migrations;

-- name: private_left_out
-- Returns how many private incidents of the period [:since, :until) an export without them leaves out.
SELECT count(*) AS n
  FROM incidents
 WHERE is_private
   AND (:since::timestamptz IS NULL OR triggered_at >= :since)
   AND (:until::timestamptz IS NULL OR triggered_at < :until);
