"""The bot without the folders of all capabilities that may be absent, as its own process."""

import asyncio
import sys
from pathlib import Path

from bot.capability import capability_names
from tests.cogs.absent import tree_without
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1

TITLE = "決済 API が 5xx"


async def test_an_alert_escalates_in_a_tree_without_capabilities(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """An unacknowledged SEV1 rings once over a kill; it is acknowledged and cancelled, and `--help` works."""
    root = tree_without(tmp_path, capability_names())
    async with make_world() as world:
        await world.start_bot()
        alert = await world.declare(SEV1, title=TITLE)
        await world.kill_bot()
        await world.shift(minutes=15)
        await world.start_bot()
        await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        await world.restart_bot()
        await world.react(alert, by="secondary")
        await world.expect_acknowledged(alert, by="secondary")
        await world.command("incident cancel", number=alert.number)
        await world.expect_message(alert.thread, contains="INC-1 取消")
        await world.expect_nothing_more()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "--help", cwd=root, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert b"doctor" in said
