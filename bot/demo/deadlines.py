"""Where the demo's clock may stop: at the next job of the queue, and at the hours of the policy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

import asyncpg

from bot.demo import clock
from bot.domain.calendar.business_time import local_moment
from bot.runbook import Policy
from bot.services.digest.digests import QUEUED_AHEAD
from bot.services.ports import JobName
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
_STOPS: Final = (*_OF_PEOPLE, JobName.HANDOVER)  # it looks every day, and mostly finds nothing
_FURTHEST: Final = timedelta(days=10)  # a digest comes sooner


@dataclass(frozen=True, slots=True)
class ClockStop:
    """A moment at which the demo's clock may stop.

    Attributes:
        kind: An entrypoint of the queue, DIGEST, or the name of a capability's tick.
        is_hour: It is no job: the bot looks at its clock.
        number: The incident's, if it is about one.
    """

    at: datetime
    kind: str
    number: int | None = None
    is_hour: bool = False


def digest_after(now: datetime, policy: Policy) -> datetime:
    """Return when the next digest is due, later than *now*."""
    rule = policy.digest
    return next(
        at
        for at in _days_at(now, rule.time, policy)
        if at.astimezone(policy.timezone).weekday() == rule.day.number
    )


def hours_after(now: datetime, policy: Policy) -> Iterator[ClockStop]:
    """Yield when each tick that does something at a set time does it next, later than *now*."""
    yield ClockStop(digest_after(now, policy), DIGEST, is_hour=True)
    for tick in (tick for capability in policy.capabilities for tick in capability.ticks):
        if tick.next_at is not None and (at := tick.next_at(policy, now)) is not None:
            yield ClockStop(at, tick.name, is_hour=True)


async def next_deadline(connection: asyncpg.Connection, policy: Policy) -> ClockStop:
    """Return the nearest deadline of people; there is always a digest."""
    return await _nearest(connection, policy, _OF_PEOPLE)


async def next_stop(connection: asyncpg.Connection, policy: Policy) -> ClockStop:
    """Return the nearest moment at which the bot does something by itself.

    It also queues the digest's post a little before its hour, with the charts: a leap to the hour would have
    the post wait for them.
    """
    found = await _nearest(connection, policy, _STOPS)
    now = await connection.fetchval("SELECT now()")
    queued = digest_after(now, policy) - QUEUED_AHEAD
    return ClockStop(queued, DIGEST, is_hour=True) if now < queued < found.at else found


async def _nearest(connection: asyncpg.Connection, policy: Policy, kinds: Sequence[str]) -> ClockStop:
    now = await connection.fetchval("SELECT now()")
    known = [*hours_after(now, policy)]
    if job := await clock.next_job(connection, kinds):
        early = READ_AHEAD if job["kind"] == JobName.ESCALATE else timedelta()
        known.append(ClockStop(job["at"] + early, job["kind"], job["number"]))
    return min(known, key=lambda one: one.at)


def _days_at(now: datetime, at: time, policy: Policy) -> Iterator[datetime]:
    """Yield the local time *at* of each day, later than *now*."""
    first = now.astimezone(policy.timezone).date()
    for days in range(_FURTHEST.days + 1):
        moment = local_moment(first + timedelta(days=days), at, timezone=policy.timezone).astimezone(UTC)
        if moment > now:
            yield moment
