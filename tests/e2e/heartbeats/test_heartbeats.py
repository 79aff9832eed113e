"""Jobs report, stay away, fail, hang and report again: one for a day, two for a fortnight."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from bot.capability import capability_names
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

NIGHTS: Final = """
[heartbeats.batch]
cron = "0 3 * * *"
grace = "1h"
limit = "2h"
severity = "SEV3"

[heartbeats.import]
cron = "0 3 * * *"
grace = "1h"
severity = "SEV3"
"""

#: The night when the bot is down while the jobs call.
DOWN: Final = 13

#: Both jobs report five minutes after their time.
AT: Final = timedelta(hours=3, minutes=5)


def address(world: World, name: str = "backup") -> str:
    """Return where a job reports."""
    port = next(one["port"] for one in world.bot.entries() if one["event"] == "hooks.listening")
    guild_id = int(world.settings["DISCORD_GUILD_ID"])
    return f"http://127.0.0.1:{port}/ping/{secret_of(KEY, guild_id, name)}"


async def test_a_backup_that_does_not_run(make_world: MakeWorld, tmp_path: Path) -> None:
    """The alert comes when the day and the grace are over; the next report closes it."""
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + TABLE, encoding="utf-8")
    async with make_world(HOOKS_PORT="0", HEARTBEATS_SECRET=KEY, RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        async with httpx.AsyncClient(trust_env=False) as job:
            assert (await job.get(address(world))).text == "OK"
            await looked_at(world)
            await world.fast_forward(days=1, minutes=61)
            post = await world.expect_message("p1-ops", contains="backup から報告なし (1 日ごと)")
            await world.expect_dm("primary", contains="backup から報告なし")
            assert (await job.post(address(world), content=b"rows: 12")).text == "OK"
            await world.expect_text(post, "🟢 SEV2 · ")
        assert [row["status"] for row in await world.rows("SELECT status FROM incidents")] == ["resolved"]


async def test_nothing_tells_a_secret(make_world: MakeWorld, tmp_path: Path) -> None:
    """Neither log, metrics, database nor posts have an address, or a token that a job has said."""
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + TABLE, encoding="utf-8")
    async with (
        make_world(HOOKS_PORT="0", HEARTBEATS_SECRET=KEY, RUNBOOK_FILE=str(policy)) as world,
        httpx.AsyncClient(trust_env=False) as job,
    ):
        await world.start_bot()
        url, guessed = address(world), str(uuid4())
        secret = url.rpartition("/")[2]
        before = len(world.bot.entries())
        for _ in range(50):
            assert (await job.get(url.replace(secret, guessed))).status_code == 404
        assert (await job.get(f"{url}/999")).status_code == 400
        assert len(world.bot.entries()) < before + 50, "a guess writes no line"
        token = "ghp_" + "a1B2" * 9
        assert (await job.post(f"{url}/fail", content=f"disk full, token={token}".encode())).text == "OK"
        post = await world.expect_message("p1-ops", contains="backup が失敗")
        await world.expect_dm("primary", contains="backup が失敗")
        await job.post(url)
        await world.expect_text(post, "🟢 SEV2 · ")
        await world.idle()
        health = next(entry for entry in world.bot.entries() if entry["event"] == "health.listening")
        metrics = (await job.get(f"http://{health['host']}:{health['port']}/metrics")).text
        assert 'incident_bot_heartbeat_beats_total{heartbeat="",result="not found"} 50' in metrics
        posts = [
            message.text for channel in ("p1-ops", "p0-alerts") for message in await world.posts(channel)
        ]
        said = {"log": str(world.bot.entries()), "metrics": metrics, "posts": str(posts)}
        tables = await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'incident_bot'")
        for table in (row["tablename"] for row in tables):
            said[table] = str(await world.rows(f'SELECT to_jsonb(t)::text FROM incident_bot."{table}" AS t'))
        assert "disk full" in said["heartbeat_beats"]
        for hidden in (secret, guessed, token, KEY):
            assert [where for where, text in said.items() if hidden in text] == []


async def looked_at(world: World) -> None:
    """Wait until the bot has looked at the heartbeats since now."""
    since = world.sandbox.core.clock.now()
    async with asyncio.timeout(PATIENCE_S):
        while not await world.rows("SELECT FROM heartbeat_looks WHERE looked_at > $1", since):  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.1)
    await world.idle()


class Nights:
    """Two nightly jobs, and the nights that pass."""

    def __init__(self, world: World, jobs: httpx.AsyncClient) -> None:
        self.world = world
        self._jobs = jobs

    async def report(self, tail: str = "", *, body: str = "", name: str = "batch") -> None:
        """A job reports."""
        said = await self._jobs.post(f"{address(self.world, name)}{tail}", content=body.encode())
        assert said.text == "OK"

    async def pass_time(self, **span: float) -> None:
        """Time passes, and the bot looks."""
        await self.world.fast_forward(**span)
        await looked_at(self.world)

    async def comes(self) -> None:
        """It is the next time at which the jobs report."""
        now = self.world.sandbox.core.clock.now().astimezone(ZoneInfo("Asia/Tokyo"))
        at = datetime.combine(now.date(), datetime.min.time(), now.tzinfo) + AT
        await self.pass_time(minutes=(at + timedelta(days=at <= now) - now).total_seconds() / 60)

    async def all_goes_well(self) -> None:
        """Both jobs report that they have run."""
        for name in ("batch", "import"):
            await self.report(name=name)

    async def nothing_runs(self) -> None:
        """The batch does not call."""
        await self.report(name="import")
        await self.pass_time(minutes=60)
        async with self.alerting("batch から報告なし"):
            await self.pass_time(minutes=10)

    async def it_fails(self) -> None:
        """The batch ends with an exit status."""
        await self.report(name="import")
        await self.report("/3", body="disk full")
        async with self.alerting("batch が失敗 (終了コード 3)"):
            await self.pass_time(minutes=10)

    async def it_takes_too_long(self) -> None:
        """The batch runs for more than its limit."""
        await self.report(name="import")
        await self.report("/start")
        await self.pass_time(minutes=119)
        await self.pass_time(minutes=2)
        async with self.alerting("batch の実行が 2 時間 を超過"):
            await self.pass_time(minutes=10)

    async def the_import_begins(self) -> None:
        """The import begins, and never ends; it has no limit."""
        await self.report("/start", name="import")
        await self.report()

    async def the_import_has_not_ended(self) -> None:
        """The end of the import is overdue once the next one is."""
        await self.report()
        await self.pass_time(minutes=60)
        async with self.alerting("import が開始したまま終了せず", name="import"):
            await self.pass_time(minutes=10)

    async def no_bot_is_there(self) -> None:
        """Both jobs call in vain at their time, and again once the bot is back."""
        await self.world.settle()
        await self.world.stop_bot()
        await self.world.shift(hours=24)
        await self.world.start_bot()
        await looked_at(self.world)
        await self.pass_time(minutes=50)
        await self.all_goes_well()

    @asynccontextmanager
    async def alerting(self, title: str, *, name: str = "batch") -> AsyncIterator[None]:
        """Expect an alert; somebody runs the job again after the block, and its success closes the alert."""
        post = await self.world.expect_message("p2-deploys", contains=title)
        yield
        await self.report(name=name)
        await self.world.expect_text(post, "🟢 SEV3 · ")


async def test_a_fortnight_of_nights(make_world: MakeWorld, tmp_path: Path) -> None:
    """Each trouble is one alert, which the next success closes; good nights and a downtime are none."""
    policy = tmp_path / "policy.toml"
    others = ", ".join(f'"{name}"' for name in capability_names() if name != "heartbeats")
    policy.write_text(
        f"{default_policy_text()}\n[capabilities]\noff = [{others}]\n{NIGHTS}", encoding="utf-8"
    )
    async with (
        make_world(HOOKS_PORT="0", HEARTBEATS_SECRET=KEY, RUNBOOK_FILE=str(policy)) as world,
        httpx.AsyncClient(trust_env=False) as jobs,
    ):
        await world.start_bot()
        nights = Nights(world, jobs)
        nights_of_trouble = {
            4: nights.nothing_runs,
            6: nights.it_fails,
            8: nights.it_takes_too_long,
            11: nights.the_import_begins,
            12: nights.the_import_has_not_ended,
            DOWN: nights.no_bot_is_there,
        }
        for night in range(1, 15):
            if night != DOWN:
                await nights.comes()
            await nights_of_trouble.get(night, nights.all_goes_well)()
        alerts = await world.rows("SELECT status FROM incidents")
        assert [row["status"] for row in alerts] == ["resolved"] * 4
