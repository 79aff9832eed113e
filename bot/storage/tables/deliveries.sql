-- name: attachments
-- Returns files by their keys, in guild :guild_id (null: in any guild).
SELECT key, guild_id, incident_id, filename, content
  FROM attachments
 WHERE key = ANY (:keys::text[]) AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: add_attachment
-- Stores a file. A known key keeps its content: a message may carry it already.
INSERT INTO attachments (key, guild_id, incident_id, filename, content)
VALUES (:key, :guild_id, :incident_id, :filename, :content)
ON CONFLICT (key) DO NOTHING;

-- name: remove_attachments
-- Removes files.
DELETE FROM attachments WHERE key = ANY (:keys::text[]);

-- part: told
-- Adds entries to timelines and the changes by people to the audit log: the JSON arrays :entries and :audited, whose
-- order is kept.
told AS (
    INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data, corrects)
    SELECT incident_id, at, kind, actor_id, actor_name, data, corrects
      FROM ROWS FROM (
           jsonb_to_recordset(:entries)
                AS (incident_id bigint, at timestamptz, kind text, actor_id bigint, actor_name text, data jsonb,
                    corrects bigint)
           ) WITH ORDINALITY
     ORDER BY ordinality
), audited AS (
    INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
    SELECT now(), guild_id, actor_id, actor_name, action, true, data
      FROM ROWS FROM (
           jsonb_to_recordset(:audited)
                AS (guild_id bigint, actor_id bigint, actor_name text, action text, data jsonb)
           ) WITH ORDINALITY
     ORDER BY ordinality
)

-- name: insert_deliveries
-- Stores deliveries, given as a JSON array, in its order. A known key is skipped. The nonce is computed as in
-- `bot.domain.shards.nonce_of`. With :bundle_id the deliveries are sent by that bundle only. Their next try is
-- never due, so that a version that knows no bundles leaves them alone. The new deliveries come back.
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, after_key, data, priority, nonce,
                        created_at, next_try_at, bundle_id)
SELECT guild_id, incident_id, kind, target, key, after_key, data, priority,
       left(encode(sha256(convert_to(installation.id || ':' || key, 'UTF8')), 'hex'), 24), now(),
       CASE WHEN :bundle_id::bigint IS NULL THEN now() + wait_s * interval '1 second' ELSE 'infinity' END, :bundle_id
  FROM installation
 CROSS JOIN ROWS FROM (
       jsonb_to_recordset(:deliveries) AS (guild_id bigint, incident_id bigint, kind text, target text, key text,
                                  after_key text, data jsonb, priority integer, wait_s double precision)
       ) WITH ORDINALITY
 ORDER BY ordinality
ON CONFLICT (key) DO NOTHING
RETURNING id, key, after_key, priority, guild_id;

-- name: append
-- Adds the rows that a transaction has collected: the JSON array :steps of ladders, timeline entries, and deliveries.
WITH steps AS (
    INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, also, starts_at, repeat_every, repeats_left,
                                  priority, counts_from, status, decided_at)
    SELECT incident_id, index, due_at, mention, dm, also, starts_at, repeat_s * interval '1 second', repeats_left, priority,
           counts_from, CASE WHEN is_done THEN 'done' ELSE 'pending' END, CASE WHEN is_done THEN now() END
      FROM jsonb_to_recordset(:steps)
        AS (incident_id bigint, index integer, due_at timestamptz, mention text, dm text[], also text[],
            starts_at timestamptz, repeat_s double precision, repeats_left integer, priority integer,
            counts_from timestamptz, is_done boolean)
), {told}
{insert_deliveries};

-- name: cancel_waiting
-- Cancels the pending deliveries that wait, directly or through others, for those of :ended_keys that failed or were
-- cancelled. There may be thousands of keys, so each is looked up by itself, whatever the planner estimates.
WITH RECURSIVE obsolete AS (
    SELECT delivery.id, delivery.key
      FROM unnest(:ended_keys::text[]) AS ended (key)
     CROSS JOIN LATERAL (
           SELECT id, key
             FROM deliveries
            WHERE after_key = ended.key AND status = 'pending'
              AND EXISTS (SELECT FROM deliveries AS first
                           WHERE first.key = ended.key AND first.status IN ('failed', 'cancelled'))
           OFFSET 0) AS delivery
    UNION
    SELECT delivery.id, delivery.key
      FROM obsolete
     CROSS JOIN LATERAL (
           SELECT id, key FROM deliveries WHERE after_key = obsolete.key AND status = 'pending'
           OFFSET 0) AS delivery
)
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = ANY (ARRAY(SELECT id FROM obsolete)) AND status = 'pending';

-- name: ready_deliveries
-- Returns those of :delivery_ids that wait for no other delivery or whose predecessor has been sent, in the order
-- they were stored.
SELECT delivery.id, delivery.key, delivery.priority, delivery.guild_id
  FROM deliveries AS delivery
  LEFT JOIN deliveries AS first ON first.key = delivery.after_key
 WHERE delivery.id = ANY (:delivery_ids::bigint[])
   AND delivery.status = 'pending'
   AND (delivery.after_key IS NULL OR first.status = 'sent')
 ORDER BY delivery.id;

-- name: lock_incidents
-- Locks incidents, always in the same order.
SELECT id FROM incidents WHERE id = ANY (:incident_ids::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: hold_deliveries
-- Keeps deliveries as they are until the commit: no other transaction can send them or give them up.
SELECT key, status FROM deliveries WHERE key = ANY (:keys::text[]) ORDER BY id FOR SHARE;

-- name: lock_incident_of_delivery
-- Locks the incident of a delivery, if it has one; for a bundle, the incidents of its deliveries.
SELECT id FROM incidents
 WHERE id = ANY (ARRAY(SELECT incident_id
                         FROM deliveries
                        WHERE deliveries.id = :delivery_id OR bundle_id = :delivery_id))
 ORDER BY id
   FOR NO KEY UPDATE;

-- part: found_deliveries
-- Begins a query that returns deliveries (`delivery`), each with the place of the delivery it waited for.
SELECT delivery.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS delivery
  LEFT JOIN deliveries AS first ON first.key = delivery.after_key

-- name: delivery
-- Returns one delivery, with the place of the delivery it waited for.
{found_deliveries}
 WHERE delivery.id = :delivery_id;

-- name: delivery_by_key
-- Returns one delivery by its key, with the place of the delivery it waited for.
{found_deliveries}
 WHERE delivery.key = :key;

-- name: pages
-- Returns the DMs that an incident has queued, in any state, oldest first.
SELECT delivery.*, NULL::bigint AS after_channel_id, NULL::bigint AS after_message_id
  FROM deliveries AS delivery
 WHERE delivery.incident_id = :incident_id AND delivery.kind = 'page'
 ORDER BY delivery.id;

-- name: posts
-- Returns the sent deliveries of an incident in the order they were sent, except those that were deleted at once, and
-- pages outside Discord.
{found_deliveries}
 WHERE delivery.incident_id = :incident_id AND delivery.status = 'sent' AND delivery.message_id IS NOT NULL
   AND delivery.kind <> 'outside_page'
 ORDER BY delivery.finished_at, delivery.id;

-- name: delivery_nonces
-- Returns the nonces of all deliveries of an incident, oldest first. Rows of the DLQ are found by them, and not only
-- failed deliveries have such a row: so have deliveries that were emailed during an outage and messages that
-- mentioned no one.
SELECT nonce FROM deliveries WHERE incident_id = :incident_id ORDER BY id;

-- name: naming_nonces
-- Returns the nonces of failed deliveries outside this incident whose body may name it: deliveries of no incident
-- since it started (a morning list, a handover, a digest), and other incidents' deliveries from the same bundle. An
-- earlier version kept the bundle's body in these when the bundle was given up.
SELECT delivery.nonce
  FROM incidents
  JOIN deliveries AS delivery ON delivery.guild_id = incidents.guild_id AND delivery.created_at >= incidents.started_at
 WHERE incidents.id = :incident_id AND delivery.incident_id IS NULL AND delivery.status = 'failed'
UNION
SELECT other.nonce
  FROM deliveries AS own
  JOIN deliveries AS other ON other.bundle_id = own.bundle_id
 WHERE own.incident_id = :incident_id AND other.incident_id <> :incident_id AND other.request -> 'body' <> '{}'
 ORDER BY nonce;

-- name: naming_posts
-- Returns the messages about something else that anyone may read and whose body names the incident, and with them the
-- edited posts of the incidents that these are about: an edit may name it as well. DMs are left out, and so is what is
-- in a private thread. One that is being sent has no message id yet.
WITH naming AS (
SELECT delivery.id, delivery.incident_id
  FROM incidents
  JOIN deliveries AS delivery ON delivery.guild_id = incidents.guild_id
   AND delivery.created_at >= least(incidents.started_at, incidents.triggered_at)
 WHERE incidents.id = :incident_id AND delivery.incident_id IS DISTINCT FROM :incident_id
   AND delivery.status IN ('sending', 'sent') AND delivery.target !~ '^(person|named|user):'
   AND delivery.request ->> 'body' ~ (:label || '($|[^0-9])')
)
{found_deliveries}
  LEFT JOIN incidents AS other ON other.id = delivery.incident_id
 WHERE (delivery.id IN (SELECT id FROM naming)
        OR delivery.incident_id IN (SELECT incident_id FROM naming) AND delivery.kind = ANY (:edited::text[])
           AND delivery.status = 'sent' AND delivery.message_id IS NOT NULL
           AND delivery.target !~ '^(person|named|user):')
   AND NOT coalesce(other.is_private, false)
 ORDER BY delivery.id;

-- name: held_deliveries
-- Counts the messages that wait for Discord to be back.
SELECT count(*) AS held
  FROM deliveries
 WHERE held_at IS NOT NULL AND status IN ('pending', 'sending') AND bundle_id IS NULL;

-- name: before_sending
-- Returns an unfinished delivery and the facts that decide whether to send it now. `due_since` is the time of the
-- longest overdue step in guild :guild_id (null: in any guild). `is_behind` is explained at `behind`. `severity` and
-- `mention` describe the group with which it could be bundled, and `waiting` how many deliveries the group has, up to
-- :at_most; they are null if it cannot be bundled, see `bot.domain.escalation.pages.group_of`. No row comes back if
-- the delivery is finished or belongs to a bundle.
SELECT delivery.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id, now() AS now,
       (SELECT due_at
          FROM escalation_steps
         WHERE status = 'pending' AND due_at <= now()
           AND (:guild_id::bigint IS NULL OR :guild_id = (SELECT guild_id FROM incidents WHERE id = incident_id))
         ORDER BY due_at
         LIMIT 1) AS due_since,
       delivery.kind IN ('notice', 'escalation') AND EXISTS (
       SELECT
         FROM deliveries AS earlier
        WHERE earlier.incident_id = delivery.incident_id AND earlier.target = delivery.target
          AND earlier.kind IN (delivery.kind, 'alert') AND earlier.id < delivery.id
          AND earlier.held_at IS NOT NULL AND earlier.status IN ('pending', 'sending')
       ) AS is_behind,
       alike.severity, alike.mention, alike.waiting
  FROM deliveries AS delivery
  LEFT JOIN deliveries AS first ON first.key = delivery.after_key
  LEFT JOIN LATERAL (
       SELECT incidents.severity, asked.mention,
              (SELECT count(*)
                 FROM (SELECT FROM deliveries AS other
                        CROSS JOIN LATERAL (
                              SELECT FROM incidents AS its
                               WHERE its.id = other.incident_id
                                 AND its.status = 'triggered' AND NOT its.is_private AND NOT its.is_drill
                                 AND its.severity = incidents.severity
                              OFFSET 0) AS its
                        WHERE other.target = delivery.target AND other.kind = delivery.kind
                          AND other.guild_id + 0 = delivery.guild_id
                          AND other.kind IN ('page', 'escalation')  -- the condition of the partial index
                          AND other.status = 'pending' AND other.bundle_id IS NULL AND other.request IS NULL
                          AND other.after_key IS NULL
                          AND (delivery.kind = 'page' OR coalesce(other.data ->> 'mention', 'none') = asked.mention)
                        LIMIT :at_most) AS found) AS waiting
         FROM incidents
        CROSS JOIN LATERAL (
              SELECT CASE delivery.kind WHEN 'page' THEN 'none' ELSE coalesce(delivery.data ->> 'mention', 'none') END
                     AS mention) AS asked
        WHERE incidents.id = delivery.incident_id AND delivery.kind IN ('page', 'escalation')
          AND delivery.status = 'pending' AND delivery.request IS NULL AND delivery.after_key IS NULL
          AND incidents.status = 'triggered' AND NOT incidents.is_private AND NOT incidents.is_drill
       ) AS alike ON true
 WHERE delivery.id = :delivery_id AND delivery.status IN ('pending', 'sending') AND delivery.bundle_id IS NULL;

-- name: cancel_delivery
-- Cancels an unfinished delivery, unless a bundle sends it.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE id = :delivery_id AND status IN ('pending', 'sending') AND bundle_id IS NULL
RETURNING id, key;

-- name: cancel_bundled
-- Cancels the deliveries that a cancelled bundle had begun to send.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE bundle_id = :bundle_id AND status = 'sending';

-- name: release_bundled
-- Frees the deliveries that a cancelled bundle had not begun to send, so that each is sent by itself.
UPDATE deliveries
   SET bundle_id = NULL, next_try_at = now()
 WHERE bundle_id = :bundle_id AND status = 'pending'
RETURNING id, priority, guild_id;

-- name: cancel_posts
-- Cancels the pending deliveries of an incident that are not DMs.
UPDATE deliveries
   SET status = 'cancelled', finished_at = now()
 WHERE incident_id = :incident_id AND target NOT LIKE 'person:%' AND target NOT LIKE 'user:%' AND status = 'pending'
RETURNING id, key;

-- name: tell_thread_deleted
-- Makes the notices about an incident's old thread say who deleted it, and when. The first deletion that was recorded
-- stays.
UPDATE deliveries
   SET data = data || jsonb_build_object('deleted_by', :deleted_by::text, 'deleted_at', now()), shown_version = 0
 WHERE incident_id = :incident_id AND kind = 'notice' AND data ->> 'thread' = :thread_id::text
   AND NOT data ? 'deleted_by';

-- name: set_shown
-- Records that these posts show this version of their incident. The version never decreases.
UPDATE deliveries SET shown_version = greatest(shown_version, :version) WHERE id = ANY (:delivery_ids::bigint[]);

-- name: adopt_deliveries
-- Assigns the posts of a triage to its incident. They show none of the incident's versions yet.
UPDATE deliveries SET incident_id = :incident_id WHERE key = ANY (:keys::text[]) AND incident_id IS NULL;

-- name: claim_delivery
-- Locks a delivery that is not finished, after the incidents that `lock_incident_of_delivery` locks, and returns it
-- with the transaction's time. No row comes back if it is finished or belongs to a bundle.
WITH locked AS MATERIALIZED (
{lock_incident_of_delivery}
)
SELECT delivery.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id, now() AS now
  FROM deliveries AS delivery
  LEFT JOIN deliveries AS first ON first.key = delivery.after_key
 WHERE delivery.id = :delivery_id AND delivery.status IN ('pending', 'sending') AND delivery.bundle_id IS NULL
   AND (SELECT count(*) FROM locked) >= 0  -- so that it is locked first
   FOR NO KEY UPDATE OF delivery;

-- name: begin_attempt
-- Marks a delivery as sending and returns it. The first request stays, with its version and its time, unless the
-- delivery is late (:is_late), which replaces request and version. :is_quiet marks an alert that mentions nobody any
-- more. No row comes back if the delivery is finished. The pending deliveries of a bundle are marked as sending with
-- it; they keep its recipient but not its body.
WITH locked AS MATERIALIZED (
{lock_incident_of_delivery}
), begun AS (
    UPDATE deliveries
       SET status = 'sending',
           request = CASE WHEN request IS NULL OR :is_late THEN :request ELSE request END,
           shown_version = CASE WHEN request IS NULL OR :is_late THEN :version ELSE shown_version END,
           is_late = is_late OR :is_late,
           data = CASE WHEN :is_quiet THEN data || '{"quiet": true}' ELSE data END,
           first_sent_at = coalesce(first_sent_at, now()),
           next_try_at = now()
     WHERE id = :delivery_id AND status IN ('pending', 'sending') AND bundle_id IS NULL
       AND (SELECT count(*) FROM locked) >= 0  -- so that they are locked first
    RETURNING *
), bundled AS (
    UPDATE deliveries
       SET status = 'sending', first_sent_at = now(), shown_version = incidents.version,
           request = begun.request || '{"body": {}}'
      FROM incidents, begun
     WHERE deliveries.bundle_id = begun.id AND deliveries.status = 'pending'
       AND incidents.id = deliveries.incident_id
)
SELECT begun.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM begun
  LEFT JOIN deliveries AS first ON first.key = begun.after_key;

-- name: finish_sent
-- Marks a delivery as sent, and with a bundle its deliveries, also where they were given up before. The deliveries
-- that waited for it become due. One row comes back for each of these, or one row with a null id if there are none;
-- no row if the delivery was sent before. A null :message_id means that the message was deleted before its id was
-- known.
WITH sent AS (
    UPDATE deliveries
       SET status = 'sent', finished_at = now(), channel_id = :channel_id, message_id = :message_id,
           error = NULL, http_status = NULL
     WHERE id = :delivery_id AND status <> 'sent'
    RETURNING id, key
), bundled AS (
    UPDATE deliveries
       SET status = 'sent', finished_at = now(), channel_id = :channel_id, message_id = :message_id,
           error = NULL, http_status = NULL
      FROM sent
     WHERE bundle_id = sent.id AND status IN ('sending', 'failed')
), released AS (
    UPDATE deliveries
       SET next_try_at = now()
      FROM sent
     WHERE after_key = sent.key AND status = 'pending'
    RETURNING deliveries.id
)
SELECT released.id FROM sent LEFT JOIN released ON true;

-- name: deliveries
-- Returns several deliveries, oldest first.
{found_deliveries}
 WHERE delivery.id = ANY (:delivery_ids::bigint[])
 ORDER BY delivery.id;

-- name: finish_failed
-- Gives up an unfinished delivery.
UPDATE deliveries
   SET status = 'failed', finished_at = now(), error = :error, http_status = :http_status
 WHERE id = :delivery_id AND status IN ('pending', 'sending')
RETURNING id, key;

-- name: fail_bundled
-- Gives up the deliveries of a bundle together with it. They keep the recipient of its request but not its body: the
-- body names all incidents, and the rows of one incident must not name another that becomes private.
UPDATE deliveries
   SET status = 'failed', finished_at = now(), error = :error, http_status = :http_status,
       first_sent_at = whole.first_sent_at, attempts = whole.attempts, request = whole.request || '{"body": {}}'
  FROM (SELECT id, first_sent_at, attempts, request FROM deliveries WHERE id = :bundle_id) AS whole
 WHERE deliveries.bundle_id = whole.id AND deliveries.status IN ('pending', 'sending');

-- name: retry_later
-- Keeps an unfinished delivery for another attempt, and counts the failed one.
UPDATE deliveries
   SET attempts = attempts + 1, error = :error, http_status = :http_status, next_try_at = now() + :delay::interval
 WHERE id = :delivery_id AND status IN ('pending', 'sending');

-- name: hold_delivery
-- Keeps an unfinished delivery until Discord is back, without counting an attempt. `is_news` is true if it was not
-- held before.
UPDATE deliveries AS delivery
   SET held_at = coalesce(delivery.held_at, now()),
       error = coalesce(:error, delivery.error), http_status = coalesce(:http_status, delivery.http_status),
       next_try_at = now() + :delay::interval
  FROM deliveries AS before
 WHERE delivery.id = :delivery_id AND before.id = :delivery_id AND delivery.status IN ('pending', 'sending')
RETURNING before.held_at IS NULL AS is_news;

-- name: hold_bundled
-- Keeps the deliveries of a bundle until Discord is back, as the bundle itself is.
UPDATE deliveries
   SET held_at = coalesce(held_at, now())
 WHERE bundle_id = :bundle_id AND status IN ('pending', 'sending');

-- name: overtaken
-- Finds a later delivery of the same kind to the same target about the same incident that was not cancelled.
SELECT later.id
  FROM deliveries AS delivery
  JOIN deliveries AS later
    ON later.incident_id = delivery.incident_id AND later.kind = delivery.kind AND later.target = delivery.target
 WHERE delivery.id = :delivery_id AND later.id > delivery.id AND later.status <> 'cancelled'
 LIMIT 1;

-- name: behind
-- Finds an earlier delivery of the same kind, or the alert, for the same target that an outage still holds back.
SELECT earlier.id
  FROM deliveries AS delivery
  JOIN deliveries AS earlier
    ON earlier.incident_id = delivery.incident_id AND earlier.target = delivery.target
   AND earlier.kind IN (delivery.kind, 'alert')
 WHERE delivery.id = :delivery_id AND earlier.id < delivery.id
   AND earlier.held_at IS NOT NULL AND earlier.status IN ('pending', 'sending')
 LIMIT 1;

-- name: in_line
-- Finds an unfinished delivery of :kinds for the same target about the same incident, during the first :patience after
-- this delivery could be sent. Of its own kind those count that were stored earlier, unless they were tried three times;
-- of other kinds those that no attempt has failed for and no outage holds back.
SELECT earlier.id
  FROM deliveries AS delivery
  LEFT JOIN deliveries AS first ON first.key = delivery.after_key
  JOIN deliveries AS earlier
    ON earlier.incident_id = delivery.incident_id AND earlier.kind = ANY (:kinds::text[])
   AND earlier.target = delivery.target AND earlier.status IN ('pending', 'sending')
 WHERE delivery.id = :delivery_id
   AND greatest(delivery.created_at, first.finished_at) > now() - :patience::interval
   AND CASE WHEN earlier.kind = delivery.kind THEN earlier.id < delivery.id AND earlier.attempts < 3
            ELSE earlier.attempts = 0 AND earlier.held_at IS NULL END
 LIMIT 1;

-- name: mark_emailed
-- Records that an email in place of the delivery was accepted for :emailed_to. :is_done means that no recipient is
-- left; the first such time stays.
UPDATE deliveries
   SET emailed_to = ARRAY(SELECT unnest(emailed_to) UNION SELECT unnest(:emailed_to::text[]) ORDER BY 1),
       emailed_at = CASE WHEN :is_done THEN coalesce(emailed_at, now()) ELSE emailed_at END
 WHERE id = :delivery_id;
