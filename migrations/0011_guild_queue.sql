-- One queue for many guilds: how much of a priority's band a guild has waiting is counted when it adds more.

-- migrate:up

-- PgQueuer knows nothing of this index, and leaves it alone.
CREATE INDEX queue_by_guild ON pgqueuer ((headers ->> 'guild'), priority) WHERE status = 'queued';

-- migrate:down

DROP INDEX queue_by_guild;
