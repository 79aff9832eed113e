"""The digest's chart: on time with it, without it when it fails, once whatever dies."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.digest.monday import wait_for_monday
from tests.e2e.world.alert import Alert
from tests.e2e.world.bot import BotProcess
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.faults.stage.bot_under_test import CRASH_FILE
from tests.patience import PATIENCE_S

POSTED: Final = ["incidents.png"]
BEHIND: Final = ["response-times.png"]
_WORKER: Final = b"bot.integrations.charts.worker"
_BEFORE: Final = timedelta(seconds=2)  # the digest's hour


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


@asynccontextmanager
async def killing_workers(bot: BotProcess) -> AsyncIterator[list[int]]:
    """Kill -9 each process that the bot starts to draw charts, as soon as it is seen."""
    killed = list[int]()
    children = Path(f"/proc/{bot.child.pid}/task/{bot.child.pid}/children")

    def look() -> None:
        for child in map(int, children.read_text().split()):
            with suppress(OSError):
                if _WORKER in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGKILL)
                    killed.append(child)

    async def hunt() -> None:
        while True:
            look()
            await asyncio.sleep(0.005)

    hunting = asyncio.create_task(hunt())
    try:
        yield killed
    finally:
        hunting.cancel()
        with suppress(asyncio.CancelledError):
            await hunting


async def test_monday_at_six_has_the_chart_that_was_drawn_before(make_world: MakeWorld) -> None:
    """Monday's digest shows a chart, which was drawn before 18:00 and is described in words.

    Nothing is drawn at the hour. [くわしく] has the other one.
    """
    async with make_world(module="tests.e2e.world.leaping_bot") as world:
        alert = await week_with_an_incident(world)
        hour = await wait_for_monday(world, hour=17, minute=51) + timedelta(minutes=9)
        await world.start_bot()
        await world.expect_message(
            "p3-insights", contains="インシデントがありませんでした"
        )  # the week before: by now the charts are drawn
        await world.settle()
        [row] = await world.rows("SELECT now()")
        async with killing_workers(world.bot) as killed:
            await world.shift(minutes=(hour - row["now"] - _BEFORE).total_seconds() / 60)
            told = await world.expect_message("p3-insights", contains="インシデント **1 件**：SEV1 1")
        assert killed == []
        await world.idle()  # the post is seen before it is recorded
        query = "SELECT finished_at FROM deliveries WHERE kind = 'digest' ORDER BY id DESC LIMIT 1"
        [row] = await world.rows(query)
        assert row["finished_at"] > hour
        assert pictures(told) == POSTED
        (described,) = [embed["image"]["description"] for embed in told.raw["embeds"] if "image" in embed]
        assert "SEV1：0、0、0、0、0、0、0、1" in described
        details = (await world.click(told, "くわしく", by="primary")).messages[-1]
        assert pictures(details) == BEHIND
        assert await world.rows("SELECT FROM attachments WHERE key LIKE 'digest:%'") == []
        await world.expect_reminder(alert)


async def test_the_words_go_out_when_the_worker_is_killed(make_world: MakeWorld) -> None:
    """When the worker that draws charts is killed, the digest is posted without charts.

    Nothing in the post says that something is missing; the log does, once.
    """
    async with make_world() as world:
        alert = await week_with_an_incident(world)
        await wait_for_monday(world, hour=18, minute=1)
        async with killing_workers(await world.begin_bot()) as killed:
            told = await world.expect_message("p3-insights", contains="インシデント **1 件**：SEV1 1")
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
    async with make_world(module="tests.faults.stage.bot_under_test", **{CRASH_FILE: str(crash)}) as world:
        alert = await week_with_an_incident(world)
        await wait_for_monday(world, hour=18, minute=1)
        crash.write_text("after:send:digest")
        await world.begin_bot()
        async with asyncio.timeout(2 * PATIENCE_S):
            assert await world.bot.child.wait() == -signal.SIGKILL
        await world.shift(minutes=1)  # the dead bot's job looks abandoned
        await world.start_bot()
        told = await world.expect_message("p3-insights", contains="インシデント **1 件**：SEV1 1")
        await world.settle()
        assert len(await world.posts("p3-insights")) == 1
        if pictures(told):  # on a busy machine it may not have been ready
            assert pictures(told) == POSTED
        [row] = await world.rows("SELECT status FROM deliveries WHERE kind = 'digest'")
        assert row["status"] == "sent"
        await world.expect_reminder(alert)
