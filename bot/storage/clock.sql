-- name: now
-- The transaction's time. Unqualified, so that the tests' movable clock moves it.
SELECT now() AS now;
