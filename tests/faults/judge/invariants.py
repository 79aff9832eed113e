"""The promise, checked against the local Discord after each fault.

Every P0 is acknowledged, or escalated by its deadline + 5 s; no step happens twice; every row in the DLQ is a
message that Discord did not take, or took only after an outage.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from tests.e2e.world.mailbox import Mailbox
from tests.e2e.world.world import World
from tests.faults.judge.promise import Incident, Span, rung_in_vain, unescalated
from tests.faults.judge.seen import ESCALATES, UNDELIVERED, Post, attempts, bundles, posts

_INCIDENTS = """
SELECT id, ack_due_at, acknowledged_at, resolved_at, ack_ended IS NOT NULL AS goes_on
  FROM incidents
 WHERE priority = 'P0' AND NOT is_drill AND id > $1
 ORDER BY id
"""
_STEPS = "SELECT incident_id, index, dm, status FROM escalation_steps"
_FAILED = "SELECT nonce, kind, error FROM deliveries WHERE status = 'failed'"
_HELD = "SELECT nonce FROM deliveries WHERE held_at IS NOT NULL"
_DLQ = "SELECT id, error_message FROM admin.notification_failures"
_TOLD = """
SELECT owed.key, owed.nonce, owed.message_id, whole.nonce AS bundled
  FROM deliveries AS owed
  LEFT JOIN deliveries AS whole ON whole.id = owed.bundle_id AND owed.status = 'sent'
 WHERE owed.kind IN ('escalation', 'page')
"""
_ESCALATED = "SELECT incident_id, at FROM timeline WHERE kind = 'escalated'"
_SENT = """
SELECT nonce, kind, message_id
  FROM deliveries
 WHERE status = 'sent' AND message_id IS NOT NULL AND bundle_id IS NULL
"""
#: What is still owed.
UNFINISHED: Final = "SELECT key, attempts, error FROM deliveries WHERE status IN ('pending', 'sending')"

#: What hangs on a message instead of being one.
_NO_MESSAGES = ("seed_ack", "thread", "private_thread", "member", "member_removed", "pin_seen")


_PASSED_ON = """
SELECT incident_id, target
  FROM deliveries
 WHERE kind = 'page' AND key ~ ':(unreached|declined|lapsed|released):'
"""

_BEFORE_ITS_TIME = ("当番に連絡がつきません", "当番の全員が対応できません")


async def broken(world: World, box: Mailbox, excuses: Sequence[Span] = (), *, after: int = 0) -> list[str]:
    """Return what does not hold, or an empty result. Call it when everything has come to rest.

    Args:
        excuses: By Discord's clock, as the database's moves with it.
        after: Incidents up to this number were judged before; what was said of them may be gone by now.
    """
    told = posts(world.sandbox)
    incidents = [Incident.from_row(row) for row in await world.rows(_INCIDENTS, after)]
    now = world.sandbox.core.clock.now()
    together = await bundles(world)
    missed = [
        sentence
        for incident in incidents
        for sentence in _judged(incident, told, box, excuses, together=together, now=now)
    ]
    return [*missed, *await _doubled(world, told), *await _unjustified(world, told)]


async def lost(world: World) -> list[str]:
    """Return sent messages that are missing and messages not sent yet; for runs without deletions."""
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


def is_before_its_time(escalation: Post) -> bool:
    """Return True if the escalation reports at once that no one on call can be reached or can respond."""
    return any(words in escalation.text for words in _BEFORE_ITS_TIME)


def alerts_of(told: Sequence[Post], number: int) -> list[Post]:
    """Return an incident's alerts: its channel posts, except escalations and reports of failures."""
    return [
        post
        for post in told
        if ESCALATES not in post.text
        and not post.text.startswith(UNDELIVERED)
        and _is_of(post, number)
        and _in_channel(post)
    ]


def pages_of(told: Sequence[Post], number: int, person: str) -> list[Post]:
    """The DMs to *person* about an incident."""
    return [post for post in told if post.place == f"dm:{person}" and _is_of(post, number)]


def _judged(
    incident: Incident,
    told: Sequence[Post],
    box: Mailbox,
    excuses: Sequence[Span],
    *,
    together: Sequence[tuple[Post, Sequence[int]]],
    now: datetime,
) -> Iterator[str]:
    """What one P0 was promised and did not get, or got for nothing."""
    bundled = [post for post, numbers in together if incident.id in numbers and _in_channel(post)]
    of_ladder = [post for post in escalations_of(told, incident.id) if not is_before_its_time(post)]
    rung = sorted(post.at for post in of_ladder + bundled)
    mailed = [
        at
        for mail, at in zip(box.mails, box.arrived, strict=True)
        if _names(str(mail["Subject"]), incident.label)
    ]
    yield from unescalated(incident, rung=rung, mailed=mailed, excuses=excuses, now=now)
    yield from rung_in_vain(incident, rung=rung, excuses=excuses)


async def _doubled(world: World, told: Sequence[Post]) -> list[str]:
    """Steps that happened more than once, counted by what people can see."""
    found = [*_posted_twice(told), *told_twice(await world.rows(_TOLD), told)]
    found += told_apart(await world.rows(_ESCALATED))
    rungs: dict[int, list[Any]] = {}
    passed_on = Counter((row["incident_id"], row["target"]) for row in await world.rows(_PASSED_ON))
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
            named = sum(person in row["dm"] for row in done) + passed_on[number, f"person:{person}"]
            got = len(pages_of(told, number, person))
            if got > named:
                found.append(f"INC-{number}: {got} DMs to {person} for {named} steps")
    return found


def told_twice(owed: Sequence[Mapping[str, Any]], told: Sequence[Post]) -> Iterator[str]:
    """Yield a finding for each step that was posted more than once, and for posts that belong to no step.

    Args:
        owed: The message of each step: key, nonce, message_id, and bundled, the nonce of its bundle.
        told: The posts to look at.
    """
    nonces: dict[str, list[Post]] = {}
    for post in told:
        nonces.setdefault(post.nonce, []).append(post)
    ids = {post.id: post for post in told}
    unowed = {post.id: post for post in told if ESCALATES in post.text and _in_channel(post)}
    for row in owed:
        seen = {post.id for nonce in (row["nonce"], row["bundled"]) for post in nonces.get(nonce, [])}
        seen |= {row["message_id"]} & ids.keys()
        if len(seen) > 1:
            yield f"{row['key']} was told {len(seen)} times"
        for one in seen:
            unowed.pop(one, None)
    yield from (f"nobody owed what stands in {post.place}: {post.text[:60]!r}" for post in unowed.values())


def told_apart(escalated: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Several steps of one incident were due at once, and one message told of them.

    Args:
        escalated: The entries of the timelines: incident_id, at.
    """
    for (number, at), count in Counter((row["incident_id"], row["at"]) for row in escalated).items():
        if count > 1:
            yield f"INC-{number}: {count} escalations in the place of one at {at}"


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
    number = label.removeprefix("INC-")  # of a monitor's alert it is ALERT-
    return re.search(rf"(?:INC|ALERT)-{number}\b", text) is not None
