"""Time passes in the demo: deadlines fall due at their own times, in order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from bot.capability import capability_names
from bot.demo import clock
from bot.demo.clock import (
    DIGEST,
    ClockStop,
    digest_after,
    hours_after,
    next_deadline,
    next_stop,
)
from bot.demo.controls import pass_time
from bot.demo.running_demo import RunningDemo
from bot.demo.setup import Setup
from bot.runbook import load_policy
from cogs.digest.use_cases import QUEUED_AHEAD, next_post
from local_discord.client import NotSeen
from tests.postgres import connect

POLICY = load_policy(None)
SATURDAY = datetime(2026, 11, 28, 5, 5, tzinfo=UTC)  # 14:05 in Japan


class Onlookers:
    """The local Discord, as far as its time goes."""

    def __init__(self) -> None:
        self.clock = timedelta()

    async def advance_clock(self, seconds: float) -> None:
        """Discord's time moves along."""
        self.clock += timedelta(seconds=seconds)


class Desk(RunningDemo):
    """A demo without processes: while something is waited for, what is due is done."""

    done: list[tuple[str, datetime]]
    told: list[datetime]
    is_stuck: bool
    stops_at: int | None

    @classmethod
    def of(cls, connection: asyncpg.Connection) -> "Desk":
        """Return a demo on that database."""
        unused: Any = None
        made = cls(cast("Any", Onlookers()), "", "", connection, unused, Setup())
        made.__dict__.update(done=[], told=[], is_stuck=False, stops_at=None)
        return made

    async def until(self, look: Callable[[], Awaitable[bool]], what: str, *, within_s: float) -> None:
        """Do what is due, and look."""
        del within_s
        if not self.is_stuck:
            await self.work()
        if not await look():
            raise NotSeen(what)

    async def work(self) -> None:
        """Take the jobs that are due, and look at the hours, as the bot does."""
        rows = await self.connection.fetch(
            "DELETE FROM pgqueuer WHERE execute_after <= now() RETURNING dedupe_key, now() AS at"
        )
        self.done.extend((row["dedupe_key"], row["at"]) for row in rows)
        now = await self.now()
        await self.connection.execute(
            "INSERT INTO digests (guild_id, week, due_at) VALUES (7, $1, $2) ON CONFLICT DO NOTHING",
            "{}-W{:02}".format(*now.isocalendar()[:2]),
            now,
        )

    async def queue(self, key: str, after: timedelta, kind: str = "escalate") -> None:
        """A job that is due then."""
        await self.connection.execute(
            "INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)"
            " VALUES (0, $1, '1:0', now() + $2, $3, 'queued')",
            kind,
            after,
            key,
        )

    async def pass_by(self, span: timedelta) -> bool:
        """Let *span* pass."""

        async def note(to: datetime) -> bool:
            self.told.append(to)
            return len(self.told) == self.stops_at

        return await pass_time(self, await self.now() + span, note)

    async def now(self) -> datetime:
        """The database's time."""
        return cast("datetime", await self.connection.fetchval("SELECT now()"))


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """A database whose clock can be moved, on a Saturday."""
    connection = await connect(database_url)
    await clock.install(connection)
    now = await connection.fetchval("SELECT now()")
    await clock.move(connection, SATURDAY + timedelta(weeks=60) - now)
    yield Desk.of(connection)
    await connection.close()


async def test_each_deadline_comes_at_its_own_time(desk: Desk) -> None:
    """Three steps within an hour ring one after the other, not at once at its end; an edit stops nothing."""
    begun = await desk.now()
    for minutes in (30, 15, 60):
        await desk.queue(f"step {minutes}", timedelta(minutes=minutes))
    await desk.queue("edit", timedelta(minutes=20), "refresh")
    await desk.queue("later", timedelta(minutes=61))
    assert await desk.pass_by(timedelta(hours=1))
    late = {key: at - begun for key, at in desk.done}
    assert [key for key in late if key != "edit"] == ["step 15", "step 30", "step 60"]
    for minutes in (15, 30, 60):
        assert timedelta() <= late[f"step {minutes}"] - timedelta(minutes=minutes) < timedelta(seconds=5)
    assert [round((to - begun).total_seconds() / 60) for to in desk.told] == [15, 30, 60]
    assert cast("Onlookers", desk.human).clock >= timedelta(
        minutes=59, seconds=55
    )  # Discord's clock came along


async def test_one_press_goes_all_the_way_to_monday_unless_it_is_stopped(desk: Desk) -> None:
    """The way over the weekend has many stops: one press takes them all, unless a person ends it."""
    begun, goal = await desk.now(), next_post(POLICY, await desk.now())
    for hours in range(1, 31):
        await desk.queue(f"step {hours}", timedelta(hours=hours))
    desk.__dict__["stops_at"] = 4
    assert not await desk.pass_by(goal - begun)
    assert [key for key, _ in desk.done] == ["step 1", "step 2", "step 3"]
    assert await desk.pass_by(goal - await desk.now())
    assert len(desk.done) == 30
    assert await desk.now() >= goal


async def test_bot_that_does_not_come_to_rest_stops_the_clock(desk: Desk) -> None:
    """A job in flight would run a second time if the clock went on."""
    await desk.queue("due", timedelta())
    desk.__dict__["is_stuck"] = True
    before = await desk.now()
    with pytest.raises(NotSeen):
        await desk.pass_by(timedelta(hours=1))
    assert await desk.now() - before < timedelta(minutes=1)


async def test_what_begins_on_the_way_is_done_before_the_clock_moves(desk: Desk) -> None:
    """Jobs queued while time passes run at their own times, and so do the jobs that they queue."""
    begun = await desk.now()

    async def press(_: datetime) -> bool:
        if not desk.told:
            desk.told.append(begun)
            await desk.queue("pressed", timedelta())
            await desk.queue("its step", timedelta(minutes=10))
        return False

    assert await pass_time(desk, begun + timedelta(hours=1), press)
    late = {key: at - begun for key, at in desk.done}
    assert late["pressed"] < timedelta(minutes=1)
    assert timedelta(minutes=10) <= late["its step"] < timedelta(minutes=11)


async def test_nearest_of_jobs_and_hours_is_next(desk: Desk) -> None:
    """The next deadline is the nearest of the jobs, Monday's morning triage and Monday's digest.

    A delivery's retry is no deadline.
    """
    await desk.queue("retry", timedelta(minutes=1), "deliver")
    morning = await next_deadline(desk.connection, POLICY)
    assert morning is not None
    assert (morning.kind, f"{morning.at.astimezone(POLICY.timezone):%a %H:%M}") == (
        "morning triage",
        "Mon 10:00",
    )
    await desk.queue("step", timedelta(minutes=15))
    step = await next_deadline(desk.connection, POLICY)
    assert step is not None
    assert (step.kind, step.at < morning.at) == ("escalate", True)
    await clock.move(desk.connection, morning.at - await desk.now())
    await desk.work()
    digest = await next_deadline(desk.connection, POLICY)
    assert digest is not None
    assert (digest.kind, f"{digest.at.astimezone(POLICY.timezone):%a %H:%M}") == (DIGEST, "Mon 18:00")


def digest(at: datetime) -> ClockStop:
    """The stop at the digest, or before it."""
    return ClockStop(at, DIGEST, is_hour=True, ahead=QUEUED_AHEAD)


async def test_the_clock_stops_where_the_digest_is_queued(desk: Desk) -> None:
    """A minute before its hour: a leap to the hour would have the post wait for its charts."""
    at = next_post(POLICY, await desk.now())
    await clock.move(desk.connection, at - timedelta(minutes=30) - await desk.now())
    assert await next_stop(desk.connection, POLICY) == digest(at - QUEUED_AHEAD)
    assert await next_deadline(desk.connection, POLICY) == digest(at)
    await clock.move(desk.connection, timedelta(minutes=29, seconds=1))
    assert await next_stop(desk.connection, POLICY) == digest(at)


async def test_without_capabilities_the_clock_stops_at_jobs_alone(desk: Desk) -> None:
    """Where digest and morning triage are switched off, there may be nothing that people wait for."""
    policy = replace(POLICY, off=capability_names())
    assert await next_deadline(desk.connection, policy) is None
    assert await next_stop(desk.connection, policy) is None
    assert digest_after(await desk.now(), policy) is None
    await desk.queue("step", timedelta(minutes=15))
    stop = await next_stop(desk.connection, policy)
    assert stop is not None
    assert stop.kind == "escalate"


def test_hours_of_the_policy_are_later_than_now() -> None:
    """At a digest's time the next digest is a week away; on Saturday the next morning triage is Monday's."""
    monday = next_post(POLICY, SATURDAY)
    assert next_post(POLICY, monday) - monday == timedelta(days=7)
    days = {hour.kind: hour.at.astimezone(POLICY.timezone).date() for hour in hours_after(SATURDAY, POLICY)}
    assert days["morning triage"] == monday.astimezone(POLICY.timezone).date()
