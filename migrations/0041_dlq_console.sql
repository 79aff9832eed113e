-- The console of undelivered notifications. Their table may have ids of any type: `dlq_replays.entry` is the id as text;
-- `entry_id`, which the version before this one knows alone, is the same id if that is a uuid, else a uuid made of it.

-- migrate:up

ALTER TABLE dlq_replays ADD COLUMN entry text;

-- What a button shows, if it is too long for the button's id: a filter, and the place in the list. Shared by everyone
-- of the guild, as the id of the button is; it holds no entry.
CREATE TABLE dlq_views (
    guild_id bigint      NOT NULL,
    token    text        NOT NULL,
    state    text        NOT NULL,
    used_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, token)
);
CREATE INDEX dlq_views_by_use ON dlq_views (used_at);

-- Entries about them are shown without words: they are few, and looked for with each page.
CREATE INDEX incidents_private ON incidents (guild_id, id) WHERE is_private;

-- The indexes that the console's pages need, where the first migration has made the table. On somebody else's,
-- `doctor` names those that are missing.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index i JOIN pg_class made ON made.oid = i.indexrelid JOIN pg_class its ON its.oid = i.indrelid
                WHERE its.oid = to_regclass('admin.notification_failures') AND its.relkind = 'r'
                  AND made.relname = 'notification_failures_newest' AND pg_has_role(current_user, its.relowner, 'MEMBER')) THEN
        CREATE INDEX IF NOT EXISTS notification_failures_by_severity
            ON admin.notification_failures (severity, attempted_at DESC, id DESC);
        CREATE INDEX IF NOT EXISTS notification_failures_by_channel
            ON admin.notification_failures (channel, attempted_at DESC, id DESC);
        CREATE INDEX IF NOT EXISTS notification_failures_by_status
            ON admin.notification_failures (status, attempted_at DESC, id DESC);
        CREATE INDEX IF NOT EXISTS notification_failures_by_http_status
            ON admin.notification_failures (http_status, attempted_at DESC, id DESC);
        CREATE INDEX IF NOT EXISTS notification_failures_by_ending
            ON admin.notification_failures (reverse(id::text) text_pattern_ops);
    END IF;
END
$$;

-- migrate:down

DROP INDEX IF EXISTS admin.notification_failures_by_severity, admin.notification_failures_by_channel,
    admin.notification_failures_by_status, admin.notification_failures_by_http_status,
    admin.notification_failures_by_ending;
DROP INDEX incidents_private;
DROP TABLE dlq_views;
ALTER TABLE dlq_replays DROP COLUMN entry;
