"""Writes a generated history into the tables, as complete rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tests.services.database import Database
from tests.statistics.history import NOW, History, MadeDelivery, MadeIncident, MadeTurn

_INCIDENTS: Final = """
INSERT INTO incidents (
    id, guild_id, key, severity, priority, status, title, targets, started_at, triggered_at, ack_due_at,
    reported_by_id, reported_by_name,
    acknowledged_at, acknowledged_by_id, acknowledged_by_name,
    resolved_at, resolved_by_id, resolved_by_name,
    reopened_at, reopened_by_id, reopened_by_name, first_ended_at,
    kind, is_drill, is_private, merged_into_id, fingerprint, occurrences, last_seen_at)
OVERRIDING SYSTEM VALUE
SELECT id, guild_id, 'made:' || id, severity, 'P0', status, 'title ' || id, targets, triggered_at,
       triggered_at, ack_due_at, 1, sender,
       acknowledged_at, CASE WHEN acknowledged_at IS NOT NULL THEN 11 END,
       CASE WHEN acknowledged_at IS NOT NULL THEN 'Ann' END,
       ended_at, CASE WHEN ended_at IS NOT NULL THEN 12 END, CASE WHEN ended_at IS NOT NULL THEN 'Ben' END,
       reopened_at, CASE WHEN reopened_at IS NOT NULL THEN 13 END,
       CASE WHEN reopened_at IS NOT NULL THEN 'Cal' END, first_ended_at,
       kind, is_drill, is_private, merged_into_id, fingerprint, occurrences,
       CASE WHEN fingerprint IS NOT NULL THEN triggered_at END
  FROM jsonb_to_recordset($1::jsonb) AS made(
       id bigint, guild_id bigint, severity text, status text, targets text[], triggered_at timestamptz,
       ack_due_at timestamptz, sender text, acknowledged_at timestamptz, ended_at timestamptz, kind text,
       is_drill boolean, is_private boolean, merged_into_id bigint, fingerprint text, occurrences integer,
       reopened_at timestamptz, first_ended_at timestamptz)
 ORDER BY id
"""

_RESPONDERS: Final = """
INSERT INTO responders (incident_id, user_id, name, via, joined_at)
SELECT incident_id, user_id, 'r', 'button', now()
  FROM jsonb_to_recordset($1::jsonb) AS made(incident_id bigint, user_id bigint)
"""

_ENTRIES: Final = """
INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data)
SELECT incident_id, at, kind, actor_id, CASE WHEN actor_id IS NOT NULL THEN 'person ' || actor_id END, data
  FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
       incident_id bigint, at timestamptz, kind text, actor_id bigint, data jsonb)) WITH ORDINALITY AS made
 ORDER BY ordinality
"""

_DELIVERIES: Final = """
INSERT INTO deliveries (
    id, guild_id, incident_id, kind, target, key, data, status, nonce, request, finished_at, bundle_id)
OVERRIDING SYSTEM VALUE
SELECT id, guild_id, incident_id, kind, 'person:' || place, 'made:' || id, jsonb_build_object('of', of),
       status, 'made:' || id, jsonb_build_object('recipient', reader), finished_at, bundle_id
  FROM jsonb_to_recordset($1::jsonb) AS made(
       id bigint, guild_id bigint, incident_id bigint, kind text, place text, of text, status text,
       reader text, finished_at timestamptz, bundle_id bigint)
 ORDER BY id
"""


async def write(database: Database, history: History) -> None:
    """Empty the tables that the figures read, and fill them with *history*."""
    await database.fetch("DELETE FROM deliveries")
    await database.fetch("DELETE FROM incidents")
    await database.move_to(NOW)
    incidents = [_row(one, leaves=("responders", "entries", "turns")) for one in history.incidents]
    responders = [
        {"incident_id": one.id, "user_id": who} for one in history.incidents for who in one.responders
    ]
    await database.fetch(_INCIDENTS, incidents)
    await database.fetch(_RESPONDERS, responders)
    await database.fetch(_ENTRIES, list(_entries(history.incidents)))
    await database.fetch(_DELIVERIES, [_row(one) for one in history.deliveries])


def _entries(incidents: Iterable[MadeIncident]) -> Iterable[dict[str, object]]:
    for incident in incidents:
        for entry in incident.entries:
            data = {
                "known": "words" if entry.has_words else None,
                "next_at": entry.at.isoformat() if entry.is_promise else None,
                "reminder": entry.reminder,
            }
            kept = {key: value for key, value in data.items() if value is not None}
            kind = "updated" if entry.reminder is None else "update_due"
            yield {"incident_id": incident.id, "at": entry.at.isoformat(), "kind": kind, "data": kept}
        for turn in incident.turns:
            yield {"incident_id": incident.id, **_row(turn)}


def _row(made: MadeIncident | MadeDelivery | MadeTurn, *, leaves: tuple[str, ...] = ()) -> dict[str, object]:
    values = {name: getattr(made, name) for name in made.__slots__ if name not in leaves}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }
