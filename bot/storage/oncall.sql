-- name: oncall_book
-- The time, and with it a guild's overrides and schedules that count at $2 or later; where $2 is null, $3 ago. Overrides
-- come in the order in which they were written down; the schedule that was put into force last comes last. One row
-- without an id: there are none.
WITH since AS (
    SELECT now() AS now, coalesce($2::timestamptz, now() - $3::interval) AS at
)
SELECT since.now, book.*
  FROM since
  LEFT JOIN LATERAL (
       SELECT id, place, user_id, username, name, starts_at, ends_at, reason, is_swap, by_id, by_name, at, ended_at,
              NULL::jsonb AS content
         FROM oncall_overrides
        WHERE guild_id = $1 AND ends_at > since.at AND (ended_at IS NULL OR ended_at > since.at)
        UNION ALL
       SELECT id, place, NULL, NULL, NULL, starts_at, NULL, NULL, NULL, by_id, by_name, at, ended_at, content
         FROM oncall_schedules
        WHERE guild_id = $1 AND starts_at IS NOT NULL AND (ended_at IS NULL OR ended_at > since.at)) AS book ON true
 ORDER BY book.content IS NOT NULL, CASE WHEN book.content IS NOT NULL THEN book.starts_at END, book.id;

-- name: add_oncall_override
-- Somebody stands in at a place.
INSERT INTO oncall_overrides
    (guild_id, place, user_id, username, name, starts_at, ends_at, reason, is_swap, by_id, by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING id;

-- name: end_oncall_override
-- Takes an override back from now on, and with it the other half of a swap: one commit wrote both, so that "at" is
-- the same. No row comes back when it is over, or another guild's. Whoever ends the other half at the same time waits.
WITH named AS (
    SELECT *
      FROM oncall_overrides
     WHERE id = $2 AND guild_id = $1 AND ended_at IS NULL AND ends_at > now()
), ending AS MATERIALIZED (
    SELECT one.id
      FROM oncall_overrides AS one, named
     WHERE one.guild_id = named.guild_id AND one.ended_at IS NULL AND one.ends_at > now()
       AND (one.id = named.id
            OR one.is_swap AND named.is_swap AND one.at = named.at AND one.by_id = named.by_id)
     ORDER BY one.id
       FOR UPDATE OF one
)
UPDATE oncall_overrides
   SET ended_at = now(), ended_by_id = $3, ended_by_name = $4
 WHERE id IN (SELECT id FROM ending)
RETURNING *;

-- name: add_oncall_schedule
-- A schedule, in force from now on unless it is a draft ($6).
INSERT INTO oncall_schedules (guild_id, place, content, by_id, by_name, starts_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::boolean THEN NULL ELSE now() END)
RETURNING id;

-- name: forget_oncall_drafts
-- Drafts of a guild that nobody has confirmed within a day.
DELETE FROM oncall_schedules
 WHERE guild_id = $1 AND starts_at IS NULL AND at < now() - interval '1 day';

-- name: confirm_oncall_schedule
-- Puts a draft of the last day into force, once.
UPDATE oncall_schedules
   SET starts_at = now(), by_id = $3, by_name = $4
 WHERE id = $2 AND guild_id = $1 AND starts_at IS NULL AND at >= now() - interval '1 day'
RETURNING *;

-- name: end_oncall_schedules
-- Takes back what is in force at a place.
UPDATE oncall_schedules
   SET ended_at = now(), ended_by_id = $3, ended_by_name = $4
 WHERE guild_id = $1 AND place = $2 AND starts_at IS NOT NULL AND ended_at IS NULL
RETURNING id;

-- name: lock_oncall_watch
-- A guild's watch, which nobody else changes until the commit.
SELECT * FROM oncall_watches WHERE guild_id = $1 FOR UPDATE;

-- name: begin_oncall_watch
-- A guild's first watch: no row comes back when it has one.
INSERT INTO oncall_watches (guild_id, standing, next_at)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING guild_id;

-- name: wake_oncall_watch
-- A guild's on-call must be looked at now.
UPDATE oncall_watches SET next_at = least(next_at, now()) WHERE guild_id = $1;

-- name: save_oncall_watch
-- Writes what was told of a guild's on-call, and when somebody must look again.
UPDATE oncall_watches
   SET standing = $2, told = $3, checked = $4, next_at = $5, look_at = $6, lacking = $7
 WHERE guild_id = $1;
