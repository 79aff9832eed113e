"""The digest's charts: in time with both, without them when they fail, once whatever dies."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from local_discord.people import Message
from tests.e2e.alert import Alert
from tests.e2e.conftest import MakeWorld
from tests.e2e.monday import wait_for_monday
from tests.e2e.severities import SEV1
from tests.e2e.world import World
from tests.faults.bot_under_test import CRASH_FILE
from tests.patience import PATIENCE_S

#: The hour of the digest, and what it may take. Source: the runbook, 月曜 18:00 JST.
WITHIN_S: Final = 5.0

BOTH: Final = ["incidents.png", "response-times.png"]
_WORKER: Final = b"bot.integrations.charts.worker"


def pictures(message: Message) -> list[str]:
    """The names of the pictures that its embeds show."""
    shown = (embed["image"]["url"] for embed in message.raw["embeds"] if "image" in embed)
    return [str(url).rpartition("/")[2] for url in shown]


async def week_with_an_incident(world: World) -> Alert:
    """A SEV1 that was acknowledged on a Monday; the bot is dead afterwards."""
    await wait_for_monday(world, hour=9)
    await world.start_bot()
    alert = await world.triage(SEV1, title="決済 API が 5xx")
    await world.fast_forward(minutes=10)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.settle()
    await world.kill_bot()
    return alert


@pytest.mark.quiet
async def test_monday_at_six_has_both_charts_in_time(make_world: MakeWorld) -> None:
    """Drawn before the hour: the post is there at 18:00:05 at the latest, its pictures in words as well."""
    async with make_world() as world:
        alert = await week_with_an_incident(world)
        await wait_for_monday(world, hour=17, minute=51)
        # The bot looks a second after each minute of its host begins: let the database's minute begin then.
        await world.shift(minutes=datetime.now(UTC).second / 60)
        await world.start_bot()
        await world.expect_message(
            "p3-insights", contains="インシデントがありませんでした"
        )  # the week before
        await world.settle()
        [row] = await world.rows("SELECT date_part('minute', now()) AS minute")
        await world.shift(minutes=59 - int(row["minute"]))
        told = await world.expect_message("p3-insights", contains="先週は SEV1 が 1 件", within_s=90)
        query = "SELECT finished_at FROM deliveries WHERE kind = 'digest' ORDER BY id DESC LIMIT 1"
        [row] = await world.rows(query)
        hour = row["finished_at"].replace(minute=0, second=0, microsecond=0)
        assert timedelta() < row["finished_at"] - hour <= timedelta(seconds=WITHIN_S)
        assert pictures(told) == BOTH
        described = [embed["image"]["description"] for embed in told.raw["embeds"] if "image" in embed]
        assert "SEV1：0, 0, 0, 0, 0, 0, 0, 1" in described[0]
        assert "SEV1：ack まで 10 分" in described[1]
        assert await world.rows("SELECT FROM attachments WHERE key LIKE 'digest:%'") == []
        await world.expect_reminder(alert)


@asynccontextmanager
async def killing_workers() -> AsyncIterator[list[int]]:
    """Kill -9 each process that draws charts, as soon as it is seen."""
    killed = list[int]()

    def look() -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if _WORKER in (folder / "cmdline").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed.append(int(folder.name))

    async def hunt() -> None:
        while True:
            look()
            await asyncio.sleep(0.005)

    hunting = asyncio.create_task(hunt())
    try:
        yield killed
    finally:
        hunting.cancel()


@pytest.mark.quiet
async def test_the_words_go_out_when_the_worker_is_killed(make_world: MakeWorld) -> None:
    """Nothing in the post says that something is missing; the log does, once."""
    async with make_world() as world:
        alert = await week_with_an_incident(world)
        await wait_for_monday(world, hour=18, minute=1)
        async with killing_workers() as killed:
            await world.start_bot()
            told = await world.expect_message("p3-insights", contains="先週は SEV1 が 1 件")
        assert killed
        assert pictures(told) == []
        assert "グラフ" not in told.text
        failed = [entry for entry in world.bot.entries() if entry["event"] == "charts.failed"]
        assert len(failed) == 1
        await world.expect_reminder(alert)


async def test_one_post_with_its_charts_when_the_bot_dies_after_the_upload(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """SIGKILL between the upload and its record: the next bot finds the message, charts and all."""
    crash = tmp_path / "crash"
    async with make_world(module="tests.faults.bot_under_test", **{CRASH_FILE: str(crash)}) as world:
        alert = await week_with_an_incident(world)
        await wait_for_monday(world, hour=18, minute=1)
        crash.write_text("after:send:digest")
        await world.begin_bot()
        async with asyncio.timeout(2 * PATIENCE_S):
            assert await world.bot.child.wait() == -signal.SIGKILL
        await world.shift(minutes=1)  # the dead bot's job looks abandoned
        await world.start_bot()
        told = await world.expect_message("p3-insights", contains="先週は SEV1 が 1 件")
        await world.settle()
        assert len(await world.posts("p3-insights")) == 1
        if pictures(told):  # on a busy machine they may not have been ready
            assert pictures(told) == BOTH
        [row] = await world.rows("SELECT status FROM deliveries WHERE kind = 'digest'")
        assert row["status"] == "sent"
        await world.expect_reminder(alert)
