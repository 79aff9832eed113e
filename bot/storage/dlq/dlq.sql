-- The table of undelivered notifications belongs to another program and may be in another team's database. Nothing here
-- relies on the search_path, on a session's state, or on a name: `bot/storage/dlq/composing.py` puts the table's own
-- names in the place of {table}, {channel} and so on. {channel} reads a column, {channel_column} is the column itself,
-- for comparisons that an index serves; a column that the table lacks reads as null.

-- name: dlq_columns
-- Returns the columns of the table or view, in its order, with what the bot may do to each; no row if it is not there.
SELECT attribute.attname::text AS name, base.typname::text AS base,
       format_type(attribute.atttypid, attribute.atttypmod) AS type,
       (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = base.oid) AS labels,
       attribute.attnotnull AND NOT attribute.atthasdef AND attribute.attidentity = '' AS is_required,
       attribute.attgenerated <> '' AS is_computed,
       has_schema_privilege(space.oid, 'USAGE') AND has_column_privilege(relation.oid, attribute.attnum, 'SELECT')
         AS may_read,
       has_column_privilege(relation.oid, attribute.attnum, 'INSERT') AS may_insert,
       has_column_privilege(relation.oid, attribute.attnum, 'UPDATE') AS may_update,
       pg_relation_is_updatable(relation.oid, false) & 8 > 0 AS is_insertable,
       relation.relkind = 'v' AS is_view, relation.reltuples::float8 AS rows,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') AS has_trigrams
  FROM pg_class AS relation
  JOIN pg_namespace AS space ON space.oid = relation.relnamespace
  JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
  JOIN pg_type AS own ON own.oid = attribute.atttypid
  JOIN pg_type AS base ON base.oid = coalesce(nullif(own.typbasetype, 0), own.oid)
 WHERE space.nspname = :schema AND relation.relname = :name AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND attribute.attnum > 0 AND NOT attribute.attisdropped
 ORDER BY attribute.attnum;

-- part: entry
-- The columns of an entry in a list.
{id} AS id, {attempted_at} AS attempted_at, {channel} AS channel, {severity} AS severity, {title} AS title,
{http_status} AS http_status, {retry_count} AS retry_count, {error_message} AS error_message, {status} AS status,
{fallback_email_sent} AS fallback_email_sent

-- part: newest_first
-- The order of every list. Ids decide between two failures of one moment.
{attempted_at_column} DESC, {id_column} DESC

-- part: oldest_first
-- The same order, read backwards.
{attempted_at_column}, {id_column}

-- part: lately
-- Failures of the last :within.
{attempted_at_column} >= (now() - :within::interval) {moment}

-- part: since
-- Failures from :since on.
{attempted_at_column} >= :since::timestamptz {moment}

-- part: before
-- Failures before :until.
{attempted_at_column} < :until::timestamptz {moment}

-- part: older_than
-- Failures after the one of :place_at and :place_id in a list, newest first.
({attempted_at_column}, {id_column}) < (:place_at::timestamptz {moment}, CAST(:place_id::text AS {id_type}))

-- part: newer_than
-- Failures before it.
({attempted_at_column}, {id_column}) > (:place_at::timestamptz {moment}, CAST(:place_id::text AS {id_type}))

-- part: dated
-- Failures that have a moment: without one they have no place in a list.
{attempted_at_column} IS NOT NULL

-- part: newest_of_channel
-- In place of the table: the failures of one channel, newest first. Some programs store its name with a "#", and the bot
-- stores its own failures there without one. Each branch is read from the channel's index in the order of the list, so
-- that PostgreSQL merges them; `IN` would read and sort all of them.
((SELECT {columns} FROM {table} WHERE {channel_column} = CAST(:channel::text AS {channel_type})
   ORDER BY {newest_first})
 UNION ALL
 (SELECT {columns} FROM {table} WHERE {channel_column} = CAST(:marked_channel::text AS {channel_type})
   ORDER BY {newest_first})) AS lost

-- part: oldest_of_channel
-- The same, oldest first.
((SELECT {columns} FROM {table} WHERE {channel_column} = CAST(:channel::text AS {channel_type})
   ORDER BY {oldest_first})
 UNION ALL
 (SELECT {columns} FROM {table} WHERE {channel_column} = CAST(:marked_channel::text AS {channel_type})
   ORDER BY {oldest_first})) AS lost

-- part: of_severity
-- Failures of one severity.
{severity_column} = CAST(:severity::text AS {severity_type})

-- part: of_status
-- Failures in one state.
{status_column} = CAST(:status::text AS {status_type})

-- part: of_http_status
-- Failures to which Discord gave this answer.
{http_status_column} = CAST(:http_status::text AS {http_status_type})

-- part: unanswered
-- Failures to which no answer came.
{http_status_column} IS NULL

-- part: with_text
-- Failures whose title or error has a text.
({searched})

-- part: nothing
-- No failure at all: the column is not there, or cannot hold what is asked for.
false

-- name: count_failures
-- Counts the failures of a whole list, up to :at_most, whatever the place of the page in it.
SELECT count(*) AS total
  FROM (SELECT FROM {newest} WHERE {whole} LIMIT :at_most) AS counted;

-- name: list_failures
-- Returns failures, newest first.
SELECT {entry}
  FROM {newest}
 WHERE {conditions}
 ORDER BY {newest_first}
 LIMIT :limit;

-- name: list_failures_with_count
-- Returns the same, each with how many the whole list has, up to :at_most: one round trip instead of two.
SELECT {entry}, ({count_failures}) AS total
  FROM {newest}
 WHERE {conditions}
 ORDER BY {newest_first}
 LIMIT :limit;

-- name: list_with_payloads
-- Returns failures, oldest first, with their payloads of :longest bytes at most.
SELECT {entry}, CASE WHEN octet_length({payload}) <= :longest THEN {payload} END AS payload
  FROM {oldest}
 WHERE {conditions}
 ORDER BY {oldest_first}
 LIMIT :limit;

-- name: list_counted_failures
-- Returns the newest failures, each with how many there are, up to :at_most, in one pass: a text costs as much to count
-- as to find. Without one, an index alone counts, and this would read a thousand rows for ten.
WITH matched AS MATERIALIZED (
    SELECT {columns} FROM {newest} WHERE {conditions} ORDER BY {newest_first} LIMIT :at_most)
SELECT {entry}, (SELECT count(*) FROM matched) AS total
  FROM matched AS lost
 ORDER BY {newest_first}
 LIMIT :limit;

-- name: list_newer_failures
-- Returns failures, oldest first: the page before a place, from there on; or what is new.
SELECT {entry}
  FROM {oldest}
 WHERE {conditions}
 ORDER BY {oldest_first}
 LIMIT :limit;

-- name: list_newer_failures_with_count
-- Returns the same, each with how many the whole list has, up to :at_most.
SELECT {entry}, ({count_failures}) AS total
  FROM {oldest}
 WHERE {conditions}
 ORDER BY {oldest_first}
 LIMIT :limit;

-- name: export_failures
-- Returns failures, newest first, with what a file has of them: no payload above :longest bytes.
SELECT {entry}, {extra} AS extra,
       CASE WHEN octet_length({payload}) <= :longest THEN {payload} END AS payload
  FROM {newest}
 WHERE {conditions}
 ORDER BY {newest_first}
 LIMIT :limit;

-- name: count_http_statuses
-- Answers the runbook's third question: failures per HTTP status, most frequent first, among the latest :at_most.
SELECT http_status, count(*) AS n
  FROM (SELECT {http_status} AS http_status
          FROM {table}
         WHERE {conditions}
         ORDER BY {newest_first}
         LIMIT :at_most) AS latest
 GROUP BY http_status
 ORDER BY n DESC, http_status;

-- name: failure
-- Returns one failure with its payload, and with the columns that the policy does not name.
SELECT {entry}, {payload} AS payload, {extra} AS extra
  FROM {table}
 WHERE {id_column} = CAST(:entry_id::text AS {id_type});

-- name: failure_exists
-- Returns a row if there is a failure of this id.
SELECT
  FROM {table}
 WHERE {id_column} = CAST(:entry_id::text AS {id_type});

-- name: failures_ending_in
-- Returns failures whose id ends in these characters, newest first: :backwards is a pattern for the id read backwards,
-- so that an index serves. They are few, and looked up before they are put in order.
WITH ending AS MATERIALIZED (SELECT {columns} FROM {table} WHERE reverse({id}) LIKE :backwards)
SELECT {entry}
  FROM ending AS lost
 WHERE {conditions}
 ORDER BY {newest_first}
 LIMIT :limit;

-- name: recent_failures_ending_in
-- Returns the same among the latest :at_most failures, for a table without that index.
SELECT *
  FROM (SELECT {entry}
          FROM {table}
         WHERE {conditions}
         ORDER BY {newest_first}
         LIMIT :at_most) AS latest
 WHERE reverse(id) LIKE :backwards
 LIMIT :limit;

-- name: dlq_indexes
-- Returns the usable indexes of the table, each with the expressions of its keys, as PostgreSQL writes them.
SELECT method.amname::text AS method,
       array(SELECT pg_get_indexdef(its.indexrelid, place, true)
               FROM generate_series(1, its.indnkeyatts) AS place ORDER BY place) AS keys,
       array(SELECT option & 1 > 0 FROM unnest(its.indoption) AS option) AS descending,
       array(SELECT opcname::text FROM unnest(its.indclass) WITH ORDINALITY AS class (oid, place)
               JOIN pg_opclass ON pg_opclass.oid = class.oid ORDER BY place) AS classes
  FROM pg_index AS its
  JOIN pg_class AS made ON made.oid = its.indexrelid
  JOIN pg_am AS method ON method.oid = made.relam
  JOIN pg_class AS relation ON relation.oid = its.indrelid
  JOIN pg_namespace AS space ON space.oid = relation.relnamespace
 WHERE space.nspname = :schema AND relation.relname = :name AND its.indisvalid AND its.indpred IS NULL;

-- name: count_failures_by_channel
-- Counts the failures in [:start, :end) per channel, status and HTTP status, and those of the highest severity,
-- :most_severe, that were given up (:failed, also if they have no status). Titles that begin with :drill_mark are left
-- out.
SELECT coalesce({channel}, '?') AS channel,
       coalesce({status}, :failed) AS status,
       {http_status} AS http_status,
       count(*) AS total,
       count(*) FILTER (WHERE {severity} = :most_severe AND coalesce({status}, :failed) = :failed) AS most_severe,
       count(*) FILTER (WHERE {severity} = :most_severe AND coalesce({status}, :failed) = :failed
                          AND {fallback_email_sent}) AS emailed
  FROM {table}
 WHERE {attempted_at_column} >= :start::timestamptz {moment} AND {attempted_at_column} < :end::timestamptz {moment}
   AND NOT starts_with(coalesce({title}, ''), :drill_mark)
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3;

-- name: record_failure
-- Records a failure of our own; no row comes back if it is there. Its id is ours even where the table would give one.
INSERT INTO {relation} ({written}) OVERRIDING SYSTEM VALUE
SELECT {values}
 WHERE NOT EXISTS (SELECT FROM {table} WHERE {id_column} = CAST(:id::text AS {id_type}))
    ON CONFLICT DO NOTHING
RETURNING 1;

-- name: renew_failure
-- Updates a failure of our own: the email has gone out since, or the incident has become private.
UPDATE {table}
   SET {changes}
 WHERE {id_column} = CAST(:id::text AS {id_type});

-- name: redact_failures
-- Empties the payload of these failures and replaces their title with :title (null: keeps the title).
UPDATE {table}
   SET {redactions}
 WHERE {id_column} = ANY (CAST(:ids::text[] AS {id_type}[]));
