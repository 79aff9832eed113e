"""A job reports, stays away for an hour too long, and reports again."""

import asyncio
from pathlib import Path
from typing import Final

import httpx

from bot.runbook import default_policy_text
from cogs.heartbeats.rules import secret_of
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

KEY: Final = "a-key-of-the-installation"
TABLE: Final = """
[heartbeats.backup]
every = "1d"
grace = "1h"
severity = "SEV2"
target = "db.parky.co.jp"
"""


def address(world: World) -> str:
    """Return where the job reports."""
    port = next(one["port"] for one in world.bot.entries() if one["event"] == "hooks.listening")
    guild_id = int(world.settings["DISCORD_GUILD_ID"])
    return f"http://127.0.0.1:{port}/ping/{secret_of(KEY, guild_id, 'backup')}"


async def test_a_backup_that_does_not_run(make_world: MakeWorld, tmp_path: Path) -> None:
    """The alert comes when the day and the grace are over; the next report closes it."""
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + TABLE, encoding="utf-8")
    async with make_world(HOOKS_PORT="0", HEARTBEATS_SECRET=KEY, RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        async with httpx.AsyncClient(trust_env=False) as job:
            assert (await job.get(address(world))).text == "OK"
            async with asyncio.timeout(PATIENCE_S):
                while not await world.rows("SELECT FROM heartbeat_looks"):  # noqa: ASYNC110 -- it tells nobody
                    await asyncio.sleep(0.1)
            await world.fast_forward(days=1, minutes=61)
            post = await world.expect_message("p1-ops", contains="backup から報告なし (1d)")
            await world.expect_dm("primary", contains="backup から報告なし")
            assert (await job.post(address(world), content=b"rows: 12")).text == "OK"
            await world.expect_text(post, "🟢 SEV2 · ")
        assert [row["status"] for row in await world.rows("SELECT status FROM incidents")] == ["resolved"]
