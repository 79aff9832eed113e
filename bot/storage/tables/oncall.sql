-- name: oncall_book
-- Returns the time, and with it a guild's overrides and schedules that apply at :since or later (null: :past ago).
-- Overrides come in the order they were added; schedules come after them, the latest last. If there are none, one row
-- without an id comes back. Each row has the guild's notify_settings.
WITH since AS (
    SELECT now() AS now, coalesce(:since::timestamptz, now() - :past::interval) AS at
)
SELECT since.now, notify.settings AS notify, book.*
  FROM since
 CROSS JOIN (SELECT jsonb_agg(to_jsonb(notify_settings) - 'guild_id' - 'set_at'
                              || jsonb_build_object('wait_s', extract(epoch FROM wait))) AS settings
               FROM notify_settings
              WHERE guild_id = :guild_id) AS notify
  LEFT JOIN LATERAL (
       SELECT id, place, user_id, username, name, starts_at, ends_at, reason, is_swap, by_id, by_name, at, ended_at,
              NULL::jsonb AS content
         FROM oncall_overrides
        WHERE guild_id = :guild_id AND ends_at > since.at AND (ended_at IS NULL OR ended_at > since.at)
        UNION ALL
       SELECT id, place, NULL, NULL, NULL, starts_at, NULL, NULL, NULL, by_id, by_name, at, ended_at, content
         FROM oncall_schedules
        WHERE guild_id = :guild_id AND starts_at IS NOT NULL
          AND (ended_at IS NULL OR ended_at > since.at)) AS book ON true
 ORDER BY book.content IS NOT NULL, CASE WHEN book.content IS NOT NULL THEN book.starts_at END, book.id;

-- name: notify_settings
-- Returns how a person wants to be paged outside Discord.
SELECT user_id, username, ways, extract(epoch FROM wait) AS wait_s, quiet_start, quiet_end, ntfy, pushover
  FROM notify_settings
 WHERE guild_id = :guild_id AND user_id = :user_id;
