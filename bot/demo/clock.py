"""The one clock of the demo: moves it, and says where it may stop."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.jobs import JobName
from bot.runbook import Policy
from bot.services.shared.jobs import READ_AHEAD
from bot.storage.database.sql import composed

_QUERIES: Final = composed([Path(__file__).with_name("clock.sql").read_text(encoding="utf-8")])

_EDITS_SOON: Final = timedelta(seconds=6)


async def install(connection: asyncpg.Connection) -> None:
    """Replace the database's `now()` by one that the demo can move."""
    await connection.execute(_QUERIES["install_clock"].text)
    await connection.execute(_QUERIES["free_defaults"].text)


async def shift(connection: asyncpg.Connection) -> timedelta:
    """Return how far the database's `now()` is ahead of the real time."""
    ahead: timedelta = await connection.fetchval(_QUERIES["clock_shift"].text)
    return ahead


async def is_busy(connection: asyncpg.Connection) -> bool:
    """Return True if the job queue has work that is running, due, or waits for a moment only."""
    return bool(await connection.fetchval(*_QUERIES["is_busy"].bound(edits=_EDITS_SOON)))


async def is_working(connection: asyncpg.Connection) -> bool:
    """Return True if a job is running or due, or a message is not sent yet; edits may wait."""
    return bool(await connection.fetchval(*_QUERIES["is_busy"].bound(edits=None)))


async def next_edit(connection: asyncpg.Connection) -> datetime | None:
    """Return when an edit is due that waits for a few seconds only."""
    due: datetime | None = await connection.fetchval(_QUERIES["next_edit"].text)
    return due


async def next_job(connection: asyncpg.Connection, kinds: Sequence[str]) -> asyncpg.Record | None:
    """Return the next job of these entrypoints: `at`, `kind` and the `number` of its incident, or None."""
    return await connection.fetchrow(*_QUERIES["next_job"].bound(kinds=[*kinds]))


async def is_looked_at(connection: asyncpg.Connection, at: datetime, *, morning: date | None) -> bool:
    """Return True if the bot has seen that *morning* is due; without one, that the digest of *at* is."""
    return bool(await connection.fetchval(*_QUERIES["is_looked_at"].bound(at=at, day=morning)))


async def sent(connection: asyncpg.Connection, kinds: Collection[AnyDeliveryKind]) -> frozenset[int]:
    """Return the ids of the messages that deliveries of these kinds have become."""
    rows = await connection.fetch(*_QUERIES["sent_messages"].bound(kinds=[kind.value for kind in kinds]))
    return frozenset(row["message_id"] for row in rows)


async def advance(connection: asyncpg.Connection, by: timedelta) -> None:
    """Move `now()` on and wake the workers to look at it.

    Only when the queue is idle (`is_busy`): a job in flight would look abandoned, and run a second time.
    """
    await move(connection, by)
    await wake(connection)


async def wake(connection: asyncpg.Connection) -> None:
    """Wake the queue's workers, so that they look at what is due."""
    await connection.execute(_QUERIES["wake_workers"].text)


async def move(connection: asyncpg.Connection, by: timedelta) -> None:
    """Move `now()` on without waking anybody: no table of the bot is touched, which may be locked."""
    await connection.execute(*_QUERIES["advance_clock"].bound(span=by))


DIGEST: Final = "digest"

#: The jobs that people wait for. Edits, counts, records and retries are left out: they are no deadline.
_OF_PEOPLE: Final = (
    JobName.ESCALATE,
    JobName.REEVALUATE,
    JobName.UNFINISHED_TRIAGE,
    JobName.REMIND,
    "drill",
    "morning",  # the reminder of a morning triage
)
_STOPS: Final = (*_OF_PEOPLE, "handover")  # it looks every day, and mostly finds nothing


@dataclass(frozen=True, slots=True)
class ClockStop:
    """A moment at which the demo's clock may stop.

    Attributes:
        kind: An entrypoint of the queue, or the name of a capability's tick.
        is_hour: It is no job: the bot looks at its clock.
        number: The incident's, if it is about one.
        ahead: As in `Tick.ahead`.
    """

    at: datetime
    kind: str
    number: int | None = None
    is_hour: bool = False
    ahead: timedelta = timedelta()


def hours_after(now: datetime, policy: Policy) -> Iterator[ClockStop]:
    """Yield when each tick that does something at a set time does it next, later than *now*."""
    for tick in (tick for capability in policy.capabilities for tick in capability.ticks):
        if tick.next_at is not None and (at := tick.next_at(policy, now)) is not None:
            yield ClockStop(at, tick.name, is_hour=True, ahead=tick.ahead)


def digest_after(now: datetime, policy: Policy) -> datetime | None:
    """Return when the next digest is due, later than *now*; None: it is switched off."""
    return next((hour.at for hour in hours_after(now, policy) if hour.kind == DIGEST), None)


async def next_deadline(connection: asyncpg.Connection, policy: Policy) -> ClockStop | None:
    """Return the nearest deadline of people, if there is any."""
    return await _nearest(connection, policy, _OF_PEOPLE)


async def next_stop(connection: asyncpg.Connection, policy: Policy) -> ClockStop | None:
    """Return the nearest moment at which the bot does something by itself, if there is any.

    It also queues the digest's post a little before its hour, with the charts: a leap to the hour would have
    the post wait for them.
    """
    now = await connection.fetchval("SELECT now()")
    early = [replace(hour, at=hour.at - hour.ahead) for hour in hours_after(now, policy) if hour.ahead]
    known = [await _nearest(connection, policy, _STOPS), *(hour for hour in early if hour.at > now)]
    return min((stop for stop in known if stop is not None), key=lambda stop: stop.at, default=None)


async def _nearest(connection: asyncpg.Connection, policy: Policy, kinds: Sequence[str]) -> ClockStop | None:
    now = await connection.fetchval("SELECT now()")
    known = [*hours_after(now, policy)]
    if job := await next_job(connection, kinds):
        early = READ_AHEAD if job["kind"] == JobName.ESCALATE else timedelta()
        known.append(ClockStop(job["at"] + early, job["kind"], job["number"]))
    return min(known, key=lambda one: one.at, default=None)
