-- name: migrations_are_recorded
-- Returns a row if dbmate has applied a migration: its table is there.
SELECT WHERE to_regclass('schema_migrations') IS NOT NULL;

-- name: applied_migrations
-- Returns the versions of the migrations that dbmate has applied; fails without its table.
SELECT version FROM schema_migrations;
