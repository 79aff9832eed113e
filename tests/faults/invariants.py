"""The promise, checked against the local Discord after whatever happened.

Every P0 is acknowledged, or escalated by its deadline + 5 s; no step happens twice; every row in the DLQ is a
message that Discord did not take, or took only after an outage.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from tests.e2e.mailbox import Mailbox
from tests.e2e.world import World
from tests.faults.seen import ESCALATES, Post, attempts, bundles, posts

#: How late an escalation may be, once it can be made at all.
LATE: Final = timedelta(seconds=5)

_INCIDENTS = """
SELECT id, priority, status, ack_due_at, acknowledged_at, is_drill FROM incidents ORDER BY id
"""
_STEPS = "SELECT incident_id, index, dm, status FROM escalation_steps"
_FAILED = "SELECT nonce, kind, error FROM deliveries WHERE status = 'failed'"
_HELD = "SELECT nonce FROM deliveries WHERE held_at IS NOT NULL"
_DLQ = "SELECT id, error_message FROM admin.notification_failures"
_SENT = """
SELECT nonce, kind, message_id
  FROM deliveries
 WHERE status = 'sent' AND message_id IS NOT NULL AND bundle_id IS NULL
"""
#: What is still owed.
UNFINISHED: Final = "SELECT key, attempts, error FROM deliveries WHERE status IN ('pending', 'sending')"

#: What hangs on a message instead of being one.
_NO_MESSAGES = ("seed_ack", "thread", "private_thread", "member", "member_removed", "pin_seen")


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which nothing could be escalated: the bot was dead, or what it needs was away."""

    start: datetime
    end: datetime


async def broken(world: World, box: Mailbox, excuses: Sequence[Span] = ()) -> list[str]:
    """What does not hold; empty when all is well. Ask when everything has come to rest.

    Args:
        excuses: By Discord's clock, as the database's moves with it.
    """
    told = posts(world.sandbox)
    incidents = [dict(row) for row in await world.rows(_INCIDENTS)]
    now = world.sandbox.core.clock.now()
    together = await bundles(world)
    missed = [
        sentence
        for incident in incidents
        if incident["priority"] == "P0" and not incident["is_drill"]
        for sentence in _unescalated(incident, told, box, excuses, together=together, now=now)
    ]
    return [*missed, *await _doubled(world, told), *await _unjustified(world, told)]


async def lost(world: World) -> list[str]:
    """What counts as sent and is not there, and what is still owed. Where nobody has deleted anything."""
    standing = {post.id for post in posts(world.sandbox)}
    gone = [
        f"{row['kind']} {row['nonce']} counts as sent and is not there"
        for row in await world.rows(_SENT)
        if row["kind"] not in _NO_MESSAGES and row["message_id"] not in standing
    ]
    left = [f"{row['key']} is still owed: {row['error']}" for row in await world.rows(UNFINISHED)]
    return gone + left


def escalations_of(told: Sequence[Post], number: int) -> list[Post]:
    """The escalations of an incident in its channel, oldest first."""
    return [post for post in told if ESCALATES in post.text and _is_of(post, number) and _in_channel(post)]


def alerts_of(told: Sequence[Post], number: int) -> list[Post]:
    """The alert of an incident: what stands in a channel and is no escalation."""
    return [
        post for post in told if ESCALATES not in post.text and _is_of(post, number) and _in_channel(post)
    ]


def pages_of(told: Sequence[Post], number: int, person: str) -> list[Post]:
    """The DMs to *person* about an incident."""
    return [post for post in told if post.place == f"dm:{person}" and _is_of(post, number)]


def _unescalated(
    incident: Mapping[str, Any],
    told: Sequence[Post],
    box: Mailbox,
    excuses: Sequence[Span],
    *,
    together: Sequence[tuple[Post, Sequence[int]]],
    now: datetime,
) -> Iterator[str]:
    """The third state: neither acknowledged nor escalated in time."""
    due, label = incident["ack_due_at"], f"INC-{incident['id']}"
    until = _excused(due, excuses) + LATE
    if now < until or incident["status"] not in ("triggered", "acknowledged"):
        return  # not yet, or ended by a person
    if incident["acknowledged_at"] is not None and incident["acknowledged_at"] <= until:
        return
    bundled = [post for post, numbers in together if incident["id"] in numbers and _in_channel(post)]
    rung = escalations_of(told, incident["id"]) + bundled
    mailed = [
        at for mail, at in zip(box.mails, box.arrived, strict=True) if _names(str(mail["Subject"]), label)
    ]
    if any(post.at <= until for post in rung) or any(due <= at <= until for at in mailed):
        return
    late = f", the first escalation came at {rung[0].at}" if rung else ", never escalated"
    yield f"{label} was due at {due} (allowed until {until}){late}"


def _excused(due: datetime, excuses: Sequence[Span]) -> datetime:
    """The deadline, or the end of what made it impossible to keep it."""
    for span in sorted(excuses, key=lambda found: found.start):
        if span.start <= due + LATE and span.end > due:
            due = span.end
    return due


async def _doubled(world: World, told: Sequence[Post]) -> list[str]:
    """Steps that happened more than once, counted by what people can see."""
    found = list(_posted_twice(told))
    rungs: dict[int, list[Any]] = {}
    for row in await world.rows(_STEPS):
        if row["status"] == "done":
            rungs.setdefault(row["incident_id"], []).append(row)
    for number, done in rungs.items():
        rung, taken = escalations_of(told, number), [row for row in done if row["index"] > 0]
        if len(rung) > len(taken):
            found.append(f"INC-{number}: {len(rung)} escalations for {len(taken)} steps")
        starts = [post for post in told if post.in_thread and "開始時刻" in post.text.split("\n")[0]]
        doubles = Counter(post.place for post in starts if re.match(rf"INC-{number}\b", post.place))
        found += [f"{place}: {count} start times" for place, count in doubles.items() if count > 1]
        for person in ("primary", "secondary"):
            named = sum(person in row["dm"] for row in done)
            got = len(pages_of(told, number, person))
            if got > named:
                found.append(f"INC-{number}: {got} DMs to {person} for {named} steps")
    return found


def _posted_twice(told: Sequence[Post]) -> Iterator[str]:
    by_nonce: dict[str, list[Post]] = {}
    for post in told:
        by_nonce.setdefault(post.nonce, []).append(post)
    for nonce, same in by_nonce.items():
        if len(same) > 1:
            seen = "; ".join(f"{post.at:%H:%M:%S.%f} in {post.place}" for post in same)
            yield f"{len(same)} messages of one delivery {nonce}: {seen}, {same[0].text[:60]!r}"


async def _unjustified(world: World, told: Sequence[Post]) -> list[str]:
    """Rows of ours in the DLQ for what Discord took, or never refused; and failures that have none."""
    standing = {post.nonce for post in told}
    failing = {
        str((one["body"] or {}).get("nonce")) for one in attempts(world.sandbox) if one["status"] != 200
    }
    recorded = {row["id"]: row["error_message"] for row in await world.rows(_DLQ)}
    found = []
    for row in await world.rows(_FAILED):
        if row["nonce"] in standing:
            found.append(f"{row['kind']} {row['nonce']} counts as failed and stands in Discord")
        asked = any(str((one["body"] or {}).get("nonce")) == row["nonce"] for one in attempts(world.sandbox))
        if asked and row["nonce"] not in failing:
            found.append(f"{row['kind']} {row['nonce']} counts as failed, but Discord never refused it")
        recorded.pop(uuid5(NAMESPACE_URL, f"incident-bot:{row['nonce']}"), None)
    # What an outage held back went by email at once, is in the DLQ for that, and came later all the same.
    held = {row["nonce"] for row in await world.rows(_HELD)}
    ours = {uuid5(NAMESPACE_URL, f"incident-bot:{nonce}") for nonce in standing - held}
    return found + [
        f"in the DLQ, and posted: {error}"
        for key, error in recorded.items()
        if key in ours and error and "did not ring" not in error
    ]


def _in_channel(post: Post) -> bool:
    return not post.in_thread and not post.place.startswith("dm:")


def _is_of(post: Post, number: int) -> bool:
    return _names(post.text, f"INC-{number}")


def _names(text: str, label: str) -> bool:
    return re.search(rf"{label}\b", text) is not None
