-- name: now
-- Returns the transaction's time. now() is unqualified so that the tests' movable clock replaces it.
SELECT now() AS now;
