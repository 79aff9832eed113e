-- name: is_past_written
-- Returns true if this database has its past already.
SELECT EXISTS (SELECT FROM incidents WHERE key LIKE 'demo:%');

-- name: has_begun
-- Returns true if anything was raised since the past.
SELECT EXISTS (SELECT FROM incidents WHERE (key LIKE 'demo:%') IS NOT TRUE);
