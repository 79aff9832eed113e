-- name: dlq_watch
-- Returns how far a guild's watch over the DLQ has looked.
SELECT looked_at, deep_at FROM dlq_watches WHERE guild_id = :guild_id;

-- name: lock_dlq_watch
-- Locks a guild's watch over the DLQ.
SELECT guild_id FROM dlq_watches WHERE guild_id = :guild_id FOR UPDATE;

-- name: begin_dlq_watch
-- Begins a guild's watch over the DLQ, once.
INSERT INTO dlq_watches (guild_id) VALUES (:guild_id) ON CONFLICT DO NOTHING RETURNING guild_id;

-- name: end_dlq_watch
-- Ends a guild's watch over the DLQ, and forgets what it has seen.
WITH ended AS (DELETE FROM dlq_watches WHERE guild_id = :guild_id)
DELETE FROM dlq_seen WHERE guild_id = :guild_id;

-- name: unseen_failures
-- Returns those of :entry_ids that a guild's watch has not seen.
SELECT entry_id
  FROM unnest(:entry_ids::text[]) AS entry_id
 WHERE NOT EXISTS (SELECT FROM dlq_seen WHERE dlq_seen.guild_id = :guild_id AND dlq_seen.entry_id = entry_id.entry_id);

-- name: note_seen
-- Records failures as seen, given as a JSON array, and returns those that had not been.
INSERT INTO dlq_seen (guild_id, entry_id, attempted_at)
SELECT :guild_id, id, attempted_at
  FROM jsonb_to_recordset(:failures) AS (id text, attempted_at timestamptz)
 ORDER BY id
ON CONFLICT DO NOTHING
RETURNING entry_id;

-- name: move_dlq_watch
-- Records how far a guild's watch has looked. A deep look forgets failures that are older than :forgotten.
WITH moved AS (
    UPDATE dlq_watches
       SET looked_at = greatest(looked_at, :at), deep_at = CASE WHEN :is_deep THEN greatest(deep_at, :at) ELSE deep_at END
     WHERE guild_id = :guild_id
)
DELETE FROM dlq_seen WHERE :is_deep AND guild_id = :guild_id AND attempted_at < :forgotten;

-- name: dlq_burst
-- Returns a burst of failures.
SELECT * FROM dlq_bursts WHERE id = :burst_id;

-- name: latest_burst
-- Returns the burst of a guild that was opened last.
SELECT * FROM dlq_bursts WHERE guild_id = :guild_id ORDER BY opened_at DESC, id DESC LIMIT 1;

-- name: open_burst
-- Opens a burst of failures and returns it.
INSERT INTO dlq_bursts (guild_id, count, shown) VALUES (:guild_id, :count, :shown) RETURNING *;

-- name: grow_burst
-- Sets how many failures a burst has, and which it lists.
UPDATE dlq_bursts SET count = :count, shown = :shown WHERE id = :burst_id;
