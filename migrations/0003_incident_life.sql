-- The whole life of an incident: more ways to end, severity changes, roles, status updates, tracked alerts,
-- private incidents and drills.

-- migrate:up

-- However it ended (resolved, a false alarm, or merged into another): resolved_at, resolved_by_id and
-- resolved_by_name say when and by whom. The columns keep their names, because the version that runs while this
-- is applied knows them; what reads and writes them calls them ended_*.
ALTER TABLE incidents
    DROP CONSTRAINT incidents_status_check,
    DROP CONSTRAINT incidents_check2,                          -- (status = 'resolved') = (resolved_at IS NOT NULL)
    DROP CONSTRAINT incidents_check3,                          -- status <> 'acknowledged' OR acknowledged_at ...
    ADD COLUMN kind              text        NOT NULL DEFAULT 'incident' CHECK (kind IN ('incident', 'alert')),
    ADD COLUMN is_drill          boolean     NOT NULL DEFAULT false,
    ADD COLUMN rings             boolean     NOT NULL DEFAULT true,   -- false: no mention, whatever the policy says
    ADD COLUMN is_private        boolean     NOT NULL DEFAULT false,
    ADD COLUMN merged_into_id    bigint      REFERENCES incidents ON DELETE SET NULL,
    ADD COLUMN posting           integer     NOT NULL DEFAULT 1,      -- which alert post is the current one
    ADD COLUMN thread_posting    integer     NOT NULL DEFAULT 1,      -- and which one opened the thread
    ADD COLUMN thread_channel    text,                                -- the policy's name of where the thread hangs
    ADD COLUMN roles             jsonb       NOT NULL DEFAULT '{}',   -- {"commander": {"id": 1, "name": "..."}}
    ADD COLUMN last_update       jsonb,                               -- {"known", "impact", "at", "by"}
    ADD COLUMN next_update_at    timestamptz,                         -- when the next one is owed
    ADD COLUMN remind_at         timestamptz,                         -- and when it is asked for, again and again
    ADD COLUMN reminders         integer     NOT NULL DEFAULT 0,      -- since the last sign of life
    ADD COLUMN archive_at        timestamptz,                         -- when the thread goes to sleep
    ADD COLUMN source            jsonb,                               -- of a tracked alert: the message it is
    ADD COLUMN source_message_id bigint,
    ADD COLUMN fingerprint       text,
    ADD COLUMN occurrences       integer     NOT NULL DEFAULT 1,
    ADD COLUMN last_seen_at      timestamptz,
    ADD COLUMN reopened_at       timestamptz,                         -- the last time
    ADD COLUMN reopened_by_id    bigint,
    ADD COLUMN reopened_by_name  text,
    ADD COLUMN first_ended_at    timestamptz,                         -- whether or not it was reopened
    ADD COLUMN duplicates        bigint[]    NOT NULL DEFAULT '{}',   -- merged into it
    ADD COLUMN linked            bigint[]    NOT NULL DEFAULT '{}',   -- as in incident_links
    ADD CONSTRAINT incidents_status_check
        CHECK (status IN ('triggered', 'acknowledged', 'resolved', 'cancelled', 'merged')),
    ADD CONSTRAINT incidents_end_check
        CHECK ((status IN ('resolved', 'cancelled', 'merged')) = (resolved_at IS NOT NULL)),
    ADD CONSTRAINT incidents_on_it_check
        CHECK (status <> 'acknowledged' OR acknowledged_at IS NOT NULL OR reopened_at IS NOT NULL),
    ADD CONSTRAINT incidents_reopen_check
        CHECK ((reopened_at IS NULL) = (reopened_by_id IS NULL)),
    ADD CONSTRAINT incidents_merge_check
        CHECK (merged_into_id IS NULL OR (status = 'merged' AND merged_into_id <> id));

UPDATE incidents
   SET thread_channel = replace(root.target, 'channel:', '')
  FROM deliveries AS thread
  JOIN deliveries AS root ON root.key = thread.after_key
 WHERE thread.incident_id = incidents.id AND thread.kind = 'thread';

DROP INDEX incidents_open;
CREATE INDEX incidents_open ON incidents (guild_id, triggered_at) WHERE status IN ('triggered', 'acknowledged');
CREATE INDEX incidents_by_source ON incidents (source_message_id) WHERE source_message_id IS NOT NULL;
CREATE INDEX incidents_by_fingerprint ON incidents (guild_id, fingerprint, last_seen_at)
    WHERE fingerprint IS NOT NULL;
CREATE INDEX incidents_to_remind ON incidents (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX incidents_to_archive ON incidents (archive_at) WHERE archive_at IS NOT NULL;
CREATE INDEX deliveries_by_thread ON deliveries (message_id) WHERE kind = 'thread';

-- A severity change starts another ladder: its rungs count from then.
ALTER TABLE escalation_steps ADD COLUMN starts_at timestamptz;

-- An entry may be put right, which leaves the first version; one may be written down long after it happened.
ALTER TABLE timeline
    ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN corrects    bigint      REFERENCES timeline ON DELETE CASCADE;
UPDATE timeline SET recorded_at = at;  -- up to now nothing could be written down late

-- Two incidents that have to do with each other; the smaller number first.
CREATE TABLE incident_links (
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    related_id  bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (incident_id, related_id),
    CHECK (incident_id < related_id)
);
CREATE INDEX incident_links_by_related ON incident_links (related_id);

-- Who may see a private incident besides the policy's role.
CREATE TABLE incident_members (
    incident_id bigint      NOT NULL REFERENCES incidents ON DELETE CASCADE,
    user_id     bigint      NOT NULL,
    name        text        NOT NULL,
    by_id       bigint      NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (incident_id, user_id)
);

-- migrate:down

DROP TABLE incident_members, incident_links;
ALTER TABLE timeline DROP COLUMN corrects, DROP COLUMN recorded_at;
ALTER TABLE escalation_steps DROP COLUMN starts_at;
DROP INDEX deliveries_by_thread, incidents_to_archive, incidents_to_remind, incidents_by_fingerprint,
           incidents_by_source, incidents_open;
-- What the older version cannot say becomes what comes closest.
UPDATE incidents SET merged_into_id = NULL, status = 'resolved' WHERE status IN ('cancelled', 'merged');
UPDATE incidents
   SET acknowledged_at = reopened_at, acknowledged_by_id = reopened_by_id, acknowledged_by_name = reopened_by_name
 WHERE status = 'acknowledged' AND acknowledged_at IS NULL;
ALTER TABLE incidents
    DROP CONSTRAINT incidents_status_check,
    DROP CONSTRAINT incidents_end_check,
    DROP CONSTRAINT incidents_merge_check,
    DROP CONSTRAINT incidents_on_it_check,
    DROP CONSTRAINT incidents_reopen_check,
    DROP COLUMN reopened_at, DROP COLUMN reopened_by_id, DROP COLUMN reopened_by_name, DROP COLUMN first_ended_at,
    DROP COLUMN duplicates, DROP COLUMN linked, DROP COLUMN remind_at,
    DROP COLUMN kind, DROP COLUMN is_drill, DROP COLUMN rings, DROP COLUMN is_private, DROP COLUMN merged_into_id,
    DROP COLUMN posting, DROP COLUMN thread_posting, DROP COLUMN thread_channel, DROP COLUMN roles, DROP COLUMN last_update,
    DROP COLUMN next_update_at, DROP COLUMN reminders, DROP COLUMN archive_at, DROP COLUMN source,
    DROP COLUMN source_message_id, DROP COLUMN fingerprint, DROP COLUMN occurrences, DROP COLUMN last_seen_at,
    ADD CONSTRAINT incidents_status_check CHECK (status IN ('triggered', 'acknowledged', 'resolved')),
    ADD CONSTRAINT incidents_check2 CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    ADD CONSTRAINT incidents_check3 CHECK (status <> 'acknowledged' OR acknowledged_at IS NOT NULL);
CREATE INDEX incidents_open ON incidents (guild_id, triggered_at) WHERE status <> 'resolved';
