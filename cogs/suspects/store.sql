-- part: own_suspects
-- Returns the `FirstLook` of an incident, as `cogs.suspects.rules` reads it from `Incident.own`.
jsonb_build_object(
    'card', (SELECT found.card FROM suspects AS found WHERE found.incident_id = incidents.id),
    'rollback', (SELECT to_jsonb(last) FROM rollbacks AS last WHERE last.incident_id = incidents.id))

-- name: suspect_card
-- Returns the card of an incident, in guild :guild_id (null: in any guild).
SELECT card FROM suspects
 WHERE incident_id = :incident_id AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);

-- name: save_suspect_card
-- Writes the card of an incident, in the place of the one before.
INSERT INTO suspects (incident_id, guild_id, card, read_at)
VALUES (:incident_id, :guild_id, :card, now())
ON CONFLICT (incident_id) DO UPDATE SET card = excluded.card, read_at = excluded.read_at;

-- name: cards_with
-- Returns the incidents of a guild whose card holds :named, for example {"past": [{"number": 42}]}.
SELECT incident_id FROM suspects WHERE guild_id = :guild_id AND card @> :named ORDER BY incident_id;

-- name: save_rollback
-- Writes the decision on a rollback, in the place of the one before.
INSERT INTO rollbacks (incident_id, guild_id, rolls_back, reason, by_id, by_name, at)
VALUES (:incident_id, :guild_id, :rolls_back, :reason, :by_id, :by_name, :at)
ON CONFLICT (incident_id) DO UPDATE
   SET rolls_back = excluded.rolls_back, reason = excluded.reason, by_id = excluded.by_id, by_name = excluded.by_name,
       at = excluded.at;

-- name: past_reports
-- Returns what the latest :limit resolved incidents of a guild are compared by, the latest first. Private incidents,
-- drills and tracked alerts are left out.
SELECT id AS number, title, targets, symptoms, fingerprint
  FROM incidents
 WHERE guild_id = :guild_id AND status = 'resolved' AND kind = 'incident' AND NOT is_private AND NOT is_drill
 ORDER BY triggered_at DESC, id DESC
 LIMIT :limit;

-- name: ended_incidents
-- Returns those of :numbers in a guild that are resolved and not private, with their aftermath, their open action items
-- and the topics of the command sheets whose output was kept.
SELECT incidents.*,
       {aftermath},
       (SELECT array_agg(item.what ORDER BY item.due_on, item.id)
          FROM action_items AS item
         WHERE item.incident_id = incidents.id AND item.status = 'open') AS open_items,
       (SELECT array_agg(DISTINCT entry.data ->> 'topic')
          FROM timeline AS entry
         WHERE entry.incident_id = incidents.id AND entry.kind = 'output' AND entry.data ->> 'topic' <> '') AS topics
  FROM incidents
 WHERE id = ANY (:numbers::bigint[]) AND guild_id = :guild_id AND status = 'resolved' AND NOT is_private;

-- name: still_public
-- Returns those of :numbers in a guild that are not private, and keeps them so until the commit.
SELECT id FROM incidents
 WHERE id = ANY (:numbers::bigint[]) AND guild_id = :guild_id AND NOT is_private
 ORDER BY id
   FOR SHARE;
