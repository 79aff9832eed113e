-- The timeline in depth: a message of the thread is pinned to it once.

-- migrate:up

CREATE UNIQUE INDEX timeline_pins ON timeline (((data ->> 'message_id')::bigint), incident_id)
 WHERE kind = 'pinned';

-- migrate:down

DROP INDEX timeline_pins;
