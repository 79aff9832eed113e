"""Where the demo's clock may stop: at the next job of the queue, and at the hours of the policy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from bot.demo import clock
from bot.domain.jobs import JobName
from bot.runbook import Policy
from bot.services.shared.jobs import READ_AHEAD

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
    if job := await clock.next_job(connection, kinds):
        early = READ_AHEAD if job["kind"] == JobName.ESCALATE else timedelta()
        known.append(ClockStop(job["at"] + early, job["kind"], job["number"]))
    return min(known, key=lambda one: one.at, default=None)
