"""Several bots on one database: one listens to Discord, the others are ready to. Rows of the fault matrix in
brackets.
"""

import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.shards import LEASE_S
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.bot import BotProcess
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

TITLE = "決済 API が 5xx"
IDENTIFY = 2


@pytest_asyncio.fixture
async def pair(make_world: MakeWorld) -> AsyncIterator[World]:
    """A world with two bots: the first listens, the second is on standby."""
    async with make_world() as made:
        await made.start_bot()
        await made.start_bot()
        yield made


def events(bot: BotProcess) -> list[str]:
    """Return the names of the events that a bot logged."""
    return [entry["event"] for entry in bot.entries()]


async def until_logged(bot: BotProcess, event: str, *, within_s: float = PATIENCE_S) -> dict[str, Any]:
    """The first line of *bot*'s log that says so."""
    await bot.child.line_with(f'"{event}"', within_s=within_s)
    return next(entry for entry in bot.entries() if entry["event"] == event)


async def identifies(world: World) -> int:
    """How many sessions were begun so far."""
    frames = [entry["frame"] for entry in await world.human.log() if entry["kind"] == "gateway"]
    return sum(frame.get("op") == IDENTIFY for frame in frames)


def connected(world: World) -> int:
    """How many sessions Discord sends events to."""
    return len(world.sandbox.desk.sessions.connected)


async def until_connected(world: World, count: int, *, within_s: float = PATIENCE_S) -> None:
    """Wait until Discord has that many sessions."""

    async def look() -> bool | None:
        return True if connected(world) == count else None

    await world.human.until(look, f"{count} sessions", within_s=within_s)


async def test_one_listens_and_both_work(pair: World) -> None:
    """Two bots have one session between them, and everything happens once, also while columns are added.

    The next version adds them everywhere, and a step that is due right then is on time.
    """
    assert (connected(pair), await identifies(pair)) == (1, 1)
    assert [(await until_logged(bot, "bot.ready"))["shards"] for bot in pair.bots] == [[0], []]
    alert = await pair.declare(SEV1, title=TITLE)
    await pair.settle()
    async with pair.database() as connection:
        for table in ("incidents", "escalation_steps", "deliveries", "timeline", "shard_leases"):
            await connection.execute(f"ALTER TABLE {table} ADD COLUMN of_the_next_version text")
    await pair.shift(minutes=15)
    await pair.expect_message("p0-alerts", contains=f"⏫ SEV1 · {TITLE} · **", within_s=5)
    for who in ("primary", "secondary"):
        await pair.expect_dm(who, contains=TITLE)
    await pair.react(alert, by="responder")
    await pair.expect_acknowledged(alert, by="responder")
    await pair.expect_nothing_more()
    assert await identifies(pair) == 1


async def test_stopped_and_woken_up_and_the_other_one_killed(pair: World) -> None:
    """[28, 32] After a SIGSTOP longer than the lease each event is handled once; the old bot is on standby.

    When the other one is killed, it takes over: a 👀 of the gap counts, and a step due in it is taken.
    """
    first, second = pair.bots
    first.child.signal(signal.SIGSTOP)
    await until_logged(second, "gateway.ready")
    assert connected(pair) == 2  # Discord still sends to the one that sleeps
    await pair.declare(SEV1, title=TITLE)
    await pair.idle()
    first.child.signal(signal.SIGCONT)
    await until_logged(first, "shard.lost")
    await until_connected(pair, 1)
    assert "interaction.failed" not in events(first)
    await pair.expect_nothing_more()
    assert [row["n"] for row in await pair.rows("SELECT count(*) AS n FROM incidents")] == [1]
    callbacks = [
        entry
        for entry in await pair.human.log()
        if entry["kind"] == "rest" and entry["path"].endswith("/callback") and entry["status"] >= 400
    ]
    assert callbacks == []

    # It is a standby like any other now.
    other = await pair.declare(SEV1, title="ログインできない")
    await pair.settle()
    held = [one["token"] for one in second.entries() if one["event"] == "shard.taken"]
    await second.child.kill()
    await pair.human.react("responder", other.post, "👀")
    await pair.shift(minutes=15)
    await pair.expect_message("p0-alerts", contains=f"⏫ SEV1 · {TITLE} · **")
    for who in ("primary", "secondary"):
        await pair.expect_dm(who, contains=TITLE)
    await until_connected(pair, 1)
    await pair.expect_acknowledged(other, by="responder")
    await pair.expect_nothing_more()
    taken = [one["token"] for one in first.entries() if one["event"] == "shard.taken"]
    assert taken[-1] > held[-1]


async def test_stopped_alone_and_nothing_is_lost(world: World) -> None:
    """[28] A bot paused alone keeps its shard, and handles what happened meanwhile when it resumes."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.settle()
    world.bot.child.signal(signal.SIGSTOP)
    await world.human.react("responder", alert.post, "👀")
    async with world.database() as connection:
        left = "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM shard_leases"

        async def look() -> bool | None:
            return True if await connection.fetchval(left) < -0.5 else None

        await world.human.until(look, "the lease expires", within_s=2 * LEASE_S)
    world.bot.child.signal(signal.SIGCONT)
    await world.expect_acknowledged(alert, by="responder")
    await world.expect_nothing_more()
    assert await identifies(world) == 1
    assert "shard.lost" not in events(world.bot)


@pytest.mark.quiet
async def test_stopped_cleanly_and_taken_at_once(pair: World) -> None:
    """A deployment: the one that leaves hands over, and the next command is answered."""
    first, second = pair.bots
    asked = time.monotonic()
    first.child.signal(signal.SIGTERM)
    await until_logged(second, "gateway.ready")
    took_s = time.monotonic() - asked
    print(f"hand-over at SIGTERM: {took_s:.2f} s until READY")  # noqa: T201 -- the figure
    assert took_s < LEASE_S  # nobody waited for the lease to expire
    assert await first.child.wait() == 0
    alert = await pair.declare(SEV1, title=TITLE)
    await pair.react(alert, by="responder")
    await pair.expect_acknowledged(alert, by="responder")


async def test_shards_are_shared_and_inherited(make_world: MakeWorld) -> None:
    """Three shards, two bots: each has a fair share, and one of them dies."""
    async with make_world(SHARDS="3") as world:
        await world.human.change("limits", gateway={"max_concurrency": 3})
        await world.start_bot()
        await until_connected(world, 3)
        await world.start_bot()
        first, second = world.bots
        first.child.signal(signal.SIGTERM)
        await first.child.wait()
        await until_connected(world, 3)
        taken = [one["shard"] for one in second.entries() if one["event"] == "shard.taken"]
        assert sorted(taken) == [0, 1, 2]
        alert = await world.declare(SEV1, title=TITLE)
        await world.react(alert, by="responder")
        await world.expect_acknowledged(alert, by="responder")
