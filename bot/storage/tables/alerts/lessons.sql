-- name: alert_lesson
-- Returns what was taught about messages of :sender that look like :look, without how often it was applied.
SELECT *, 0 AS applied FROM alert_lessons WHERE guild_id = :guild_id AND sender = :sender AND look = :look;

-- name: alert_lessons
-- Returns the lessons of a guild, the newest first, from place :offset on. A decision names the lesson that it was taken
-- by, and is kept for 14 days.
SELECT lesson.*,
       (SELECT count(*)::integer
          FROM alert_decisions AS decision
         WHERE decision.guild_id = lesson.guild_id AND decision.detail ? 'lesson'
           AND decision.detail ->> 'lesson' = lesson.id::text AND decision.decided_at >= lesson.at) AS applied
  FROM alert_lessons AS lesson
 WHERE guild_id = :guild_id
 ORDER BY at DESC, id DESC
 LIMIT :limit
OFFSET :offset;

-- name: teach_alert_lesson
-- Stores a lesson, in the place of an earlier one about the same messages.
INSERT INTO alert_lessons (guild_id, sender, look, says, title, url, by_id, by_name)
VALUES (:guild_id, :sender, :look, :says, :title, :url, :by_id, :by_name)
ON CONFLICT (guild_id, sender, look)
DO UPDATE SET says = excluded.says, title = excluded.title, url = excluded.url, by_id = excluded.by_id,
              by_name = excluded.by_name, at = excluded.at
RETURNING *, 0 AS applied;

-- name: forget_alert_lesson
-- Removes and returns a lesson. No row comes back if it is gone already.
DELETE FROM alert_lessons WHERE guild_id = :guild_id AND id = :lesson_id RETURNING *, 0 AS applied;
