"""Checks for the end of a random run, in which no one presses a button or removes a reaction."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.world.world import World
from tests.faults.judge.seen import ESCALATES, Post, posts

_EYES = "👀"

_INCIDENTS = "SELECT id, title, acknowledged_by_name AS by FROM incidents ORDER BY id"
_MESSAGES = """
SELECT owed.incident_id, owed.kind, coalesce(owed.message_id, whole.message_id) AS message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS whole ON whole.id = owed.bundle_id
 WHERE owed.incident_id IS NOT NULL
"""
#: Where a 👀 must never be overlooked.
_ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Found:
    """An incident at the end of a run.

    Attributes:
        by: The person who acknowledged it.
        under_alert: The people with a 👀 under its alert.
        anywhere: The people with a 👀 under any of its messages.
    """

    id: int
    title: str
    by: str | None
    under_alert: set[str] = field(default_factory=set)
    anywhere: set[str] = field(default_factory=set)


async def unaccounted(world: World, told: Mapping[str, bool]) -> list[str]:
    """Return lost or doubled reports, and 👀 that were missed or invented.

    Args:
        told: Each report's title, and whether somebody was told that the alert is out.
    """
    found = await _found(world)
    seen = [post for post in posts(world.sandbox) if post.place == "p0-alerts" and ESCALATES not in post.text]
    return [*miscounted(told, [one.title for one in found], seen), *unseen(found)]


def miscounted(told: Mapping[str, bool], recorded: Sequence[str], alerts: Sequence[Post]) -> Iterator[str]:
    """Check that a report is one incident and one alert; an unconfirmed report may have no incident.

    Args:
        recorded: The titles of all incidents.
        alerts: What stands in the channel and is no escalation.
    """
    for title, was_told in told.items():
        rows = recorded.count(title)
        standing = sum(_is_headed(post, title) for post in alerts)
        if rows > 1 or standing > 1:
            yield f"{title}: reported once, {rows} incidents and {standing} alerts"
        if was_told and rows == 0:
            yield f"{title}: somebody was told that it is out, and no incident is on record"
        if standing > rows:
            yield f"{title}: {standing} alerts for {rows} incidents"


def unseen(found: Sequence[Found]) -> Iterator[str]:
    """Check that a person's 👀 under the alert acknowledges, and that nothing else does."""
    for one in found:
        if one.under_alert and one.by is None:
            yield f"INC-{one.id}: 👀 by {sorted(one.under_alert)} under the alert, and nobody is on it"
        if one.by is not None and one.by not in one.anywhere:
            yield f"INC-{one.id}: acknowledged by {one.by}, whose 👀 stands nowhere"


async def _found(world: World) -> list[Found]:
    found = {row["id"]: Found(**dict(row)) for row in await world.rows(_INCIDENTS)}
    eyes = _eyes(world)
    for row in await world.rows(_MESSAGES):
        _note(found[row["incident_id"]], row, eyes.get(str(row["message_id"]), set()))
    return list(found.values())


def _note(one: Found, row: Mapping[str, Any], people: set[str]) -> None:
    one.anywhere.update(people)
    if row["kind"] == _ALERT:
        one.under_alert.update(people)


def _eyes(world: World) -> dict[str, set[str]]:
    """Return who has put 👀 under each message, without the bot."""
    core = world.sandbox.core.world
    eyes: dict[str, set[str]] = {}
    for messages in core.messages.values():
        for message in messages.values():  # what a thread hangs on is a message of the thread, too
            people = {who for who in message.reactions.get(_EYES, []) if who != core.application.id}
            eyes.setdefault(message.id, set()).update(core.users[who].username for who in people)
    return eyes


def _is_headed(post: Post, title: str) -> bool:
    return re.search(rf"{re.escape(title)}(?!\d)", post.text.split("\n")[0]) is not None
