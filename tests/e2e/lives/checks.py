"""What must be true of every incident once everything has come to rest."""

import json
from typing import Any

from tests.e2e.lives import secrets
from tests.e2e.lives.replay import replay
from tests.e2e.world.world import World

#: An entry by which somebody is on it.
_ON_IT = ("acknowledged", "joined", "reopened")
#: Where each promise with a time is kept, and which of its rows still count.
_PROMISES = {
    "escalation_steps.due_at": "status = 'pending'",
    "triages.reevaluate_at": "status IN ('open', 'reevaluating')",
    "triages.idle_due_at": "status = 'open'",
    "incidents.remind_at": "status = 'acknowledged'",
    "drills.next_at": "next_at IS NOT NULL",
}
#: How often a delivery may fall due again before the end.
_ROUNDS = 6
_OPEN = ("triggered", "acknowledged")


async def check(world: World) -> None:
    """Check that states are legal, timelines complete, posts current, and that nothing leaks or waits."""
    await _come_to_rest(world)
    secret = {row["id"] for row in await world.rows("SELECT id FROM incidents WHERE is_private")}
    for row in await world.rows("SELECT * FROM incidents ORDER BY id"):
        history = [
            {**entry, "data": json.loads(entry["data"])}
            for entry in await world.rows(
                "SELECT * FROM timeline WHERE incident_id = $1 ORDER BY id", row["id"]
            )
        ]
        _check_incident(row, history, secret)
        await _check_people(world, row, history)
    await _check_relations(world, secret)
    await _check_triages(world)
    await _check_alerts(world)
    await _check_posts(world)
    await check_promises(world)
    await secrets.check(world)
    assert world.complaints() == [], world.complaints()


def _check_incident(row: Any, history: list[dict[str, Any]], secret: set[int]) -> None:
    told = replay(history)
    assert told.wrong == [], (row["id"], told.wrong)
    roles = {role: who["id"] for role, who in json.loads(row["roles"]).items()}
    assert (told.status, told.severity, told.roles) == (row["status"], row["severity"], roles)
    ticked = [check["by_id"] for check in json.loads(row["checks"]).values()]
    assert sorted(map(str, told.checks.values())) == sorted(map(str, ticked)), row["id"]
    assert told.acknowledged_by == row["acknowledged_by_id"]
    assert told.merged_into == row["merged_into_id"]
    shown = (set(row["duplicates"]), set(row["linked"]))
    assert (told.duplicates - secret, told.linked - secret) == shown, row["id"]
    is_owed = row["next_update_at"] is not None
    assert is_owed or row["status"] != "acknowledged", row["id"]
    assert not is_owed or row["status"] in _OPEN, row["id"]
    assert (row["next_update_at"] is None) == (row["remind_at"] is None)
    assert (row["status"] in _OPEN) == (row["resolved_at"] is None)


async def _check_people(world: World, row: Any, history: list[dict[str, Any]]) -> None:
    """Check the responders against the timeline, and the members against the people let in and removed."""
    came = {entry["actor_id"] for entry in history if entry["kind"] in _ON_IT}
    on_it = await world.rows("SELECT user_id FROM responders WHERE incident_id = $1", row["id"])
    assert {one["user_id"] for one in on_it} == came, row["id"]
    known = await world.rows("SELECT user_id FROM incident_members WHERE incident_id = $1", row["id"])
    members = {one["user_id"] for one in known}
    assert members >= _let_in(history), row["id"]
    assert row["is_private"] or members == set(), row["id"]
    await _check_removed(world, row, members)


def _let_in(history: list[dict[str, Any]]) -> set[int]:
    """Who was let in, or has made it private, and was not taken out since."""
    found: set[int] = set()
    for entry in history:
        match entry["kind"]:
            case "made_private":
                found.add(entry["actor_id"])
            case "member_added":
                found.add(int(entry["data"]["id"]))
            case "member_removed":
                found.discard(int(entry["data"]["id"]))
    return found


async def _check_removed(world: World, row: Any, members: set[int]) -> None:
    """A removed person is not named, has no role in an open incident, and is not in its thread."""
    taken_out = await world.rows("SELECT user_id FROM removed_members WHERE incident_id = $1", row["id"])
    removed = {one["user_id"] for one in taken_out}
    assert removed & members == set(), row["id"]
    holders = {who["id"] for who in json.loads(row["roles"]).values()}
    assert row["status"] not in _OPEN or removed & holders == set(), row["id"]
    channel = world.sandbox.core.world.channels.get(str(row["thread_id"]))
    thread = None if channel is None else channel.thread
    inside = set() if thread is None or not row["is_private"] else {int(one) for one in thread.members}
    assert removed & inside == set(), row["id"]


async def _check_relations(world: World, secret: set[int]) -> None:
    """What an incident notes of others is what those say themselves; of private ones it notes nothing."""
    merged = await world.rows(
        "SELECT id, duplicates, ARRAY(SELECT other.id FROM incidents AS other"
        " WHERE other.merged_into_id = incidents.id AND NOT other.is_private ORDER BY other.id) AS merged"
        " FROM incidents"
    )
    assert [row for row in merged if sorted(row["duplicates"]) != row["merged"]] == []
    links = await world.rows("SELECT incident_id, related_id FROM incident_links")
    noted = await world.rows("SELECT id, unnest(linked) AS other FROM incidents")
    both = {(row["incident_id"], row["related_id"]) for row in links}
    both |= {(b, a) for a, b in both}
    assert {(row["id"], row["other"]) for row in noted} == {pair for pair in both if pair[1] not in secret}
    merges = await world.rows("SELECT id, merged_into_id FROM incidents WHERE merged_into_id IS NOT NULL")
    drills = {row["id"] for row in await world.rows("SELECT id FROM incidents WHERE is_drill")}
    pairs = both | {(row["id"], row["merged_into_id"]) for row in merges}
    assert [(one, other) for one, other in pairs if (one in drills) is not (other in drills)] == []


async def _check_triages(world: World) -> None:
    """One that ended in an incident is on its timeline with every answer; one that goes on has a clock."""
    for walk in await world.rows("SELECT * FROM triages ORDER BY id"):
        assert (walk["incident_id"] is not None) == (walk["status"] == "opened"), walk
        assert (walk["reevaluate_at"] is not None) == (walk["status"] in ("open", "reevaluating")), walk
        is_first_look = walk["status"] == "open" and walk["rounds"] == 0
        assert walk["idle_due_at"] is None or is_first_look, walk
        given = await world.rows("SELECT question FROM triage_answers WHERE triage_id = $1", walk["id"])
        told = await world.rows(
            "SELECT data FROM timeline WHERE kind = 'triaged' AND incident_id = $1", walk["incident_id"]
        )
        answers = [json.loads(row["data"]) for row in told]
        of_this = [len(data["answers"]) for data in answers if data["triage"] == walk["id"]]
        assert of_this == ([len(given)] if walk["incident_id"] else []), walk
        made = await world.rows("SELECT withdrawn_at FROM triage_choices WHERE triage_id = $1", walk["id"])
        told_choices = [len(data["choices"]) for data in answers if data["triage"] == walk["id"]]
        assert told_choices == ([len(made)] if walk["incident_id"] else []), walk
        standing = [row for row in made if row["withdrawn_at"] is None]
        assert walk["status"] == "opened" or len(standing) == (walk["severity"] is not None), walk


async def _check_alerts(world: World) -> None:
    """Check that each message of a monitor is counted once.

    No two open incidents are about the same message, unless one of them was reopened.
    """
    counted = await world.rows(
        "SELECT occurrences, count(*) AS messages FROM incidents"
        " JOIN alert_messages ON alert_messages.incident_id = incidents.id GROUP BY incidents.id"
    )
    assert [row for row in counted if row["occurrences"] != row["messages"]] == [], counted
    twice = await world.rows(
        "SELECT message, array_agg(incidents.id) AS numbers FROM"
        " (SELECT message_id AS message, incident_id FROM alert_messages UNION"
        "  SELECT source_message_id, incident_id FROM triages WHERE status = 'opened') AS begun"
        " JOIN incidents ON incidents.id = begun.incident_id"
        " WHERE message IS NOT NULL AND status IN ('triggered', 'acknowledged')"
        "   AND NOT is_private AND reopened_at IS NULL GROUP BY message HAVING count(*) > 1"
    )
    assert twice == [], twice


async def _check_posts(world: World) -> None:
    """No ladder goes on after an acknowledge, no post lags behind, nothing is left to be sent."""
    left = await world.rows(
        "SELECT incident_id FROM escalation_steps JOIN incidents ON incidents.id = incident_id"
        " WHERE escalation_steps.status = 'pending' AND incidents.status <> 'triggered'"
    )
    assert left == [], left
    stale = await world.rows(
        "SELECT deliveries.key FROM deliveries JOIN incidents ON incidents.id = incident_id"
        " WHERE deliveries.status = 'sent' AND deliveries.kind = 'alert'"
        # That its thread was put to sleep is a version of its own, and nothing that people see.
        "   AND shown_version < incidents.version"
        "       - (incidents.resolved_at IS NOT NULL AND incidents.archive_at IS NULL)::integer"
    )
    assert stale == [], stale
    assert await _unsent(world) == [], await _unsent(world)


async def check_promises(world: World) -> None:
    """What a post has said will happen at a time has happened by then."""
    for place, counts in _PROMISES.items():
        table, column = place.split(".")
        late = await world.rows(
            f"SELECT * FROM {table} WHERE {counts} AND {column} < now() - interval '1 min'"
        )
        assert late == [], (place, late)


async def _come_to_rest(world: World) -> None:
    """What Discord was too busy for is tried again, how often an alert came is shown; a little later each."""
    for _ in range(_ROUNDS):
        await world.settle()
        if not await _unsent(world) and not await _unshown(world):
            return
        await world.shift(minutes=6)


async def _unshown(world: World) -> list[Any]:
    return await world.rows("SELECT payload FROM pgqueuer WHERE entrypoint = 'show_count'")


async def _unsent(world: World) -> list[Any]:
    return await world.rows(
        "SELECT key, status, error FROM deliveries WHERE status NOT IN ('sent', 'cancelled') ORDER BY id"
    )
