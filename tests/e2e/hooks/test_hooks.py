"""A real Alertmanager reports to the bot by HTTP: tracked, raised by a person, counted, over."""

from pathlib import Path
from typing import Final

from tests.e2e.conftest import MakeWorld
from tests.e2e.hooks.alertmanager import alertmanager, calling, require_alertmanager
from tests.e2e.world.world import World

SECRET: Final = "a-secret-of-alertmanager"
TOKEN: Final = "a-bearer-token"
RULE: Final = {"alertname": "HighErrorRate", "service": "api.parky.co.jp", "severity": "critical"}
ONE: Final = {**RULE, "instance": "10.0.0.5:9090"}
OTHER: Final = {**RULE, "severity": "warning", "instance": "10.0.0.6:9090"}


def address(world: World) -> str:
    """Where the bot receives it."""
    entries = world.bot.entries()
    port = next(entry["port"] for entry in entries if entry["event"] == "hooks.listening")
    return f"http://127.0.0.1:{port}/hooks/alertmanager/{SECRET}"


async def test_alertmanager_calls_the_bot(make_world: MakeWorld, tmp_path: Path) -> None:
    """A critical alert pings at once and closes on recovery; an acknowledged one only gets a line.

    Each alert of a group is tracked separately, by Alertmanager's fingerprint.
    """
    require_alertmanager()
    settings = {"HOOKS_ALERTMANAGER_SECRET": SECRET, "HOOKS_ALERTMANAGER_SIGNING_KEY": TOKEN}
    async with make_world(HOOKS_PORT="0", **settings) as world:
        await world.start_bot()
        async with alertmanager(tmp_path, calling(address(world), token=TOKEN)) as monitor:
            await monitor.fire(ONE, summary="決済 API が 5xx")
            post = await world.expect_message("p0-alerts", contains="ALERT-1")
            first, *_, source = post.content.splitlines()
            assert first.startswith("@here 🔴 SEV1 · HighErrorRate: 決済 API が 5xx · **未対応** · ack ")
            assert source.startswith("-# 送信元：[Alertmanager](<http://")
            assert " · api.parky.co.jp · ALERT-1" in source
            dm = await world.expect_dm("primary", contains="HighErrorRate: 決済 API が 5xx · **未対応**")
            assert "-# api.parky.co.jp · " in dm.text

            await monitor.fire(ONE, OTHER, summary="決済 API が 5xx")
            lesser = await world.expect_message("p1-ops", contains="ALERT-2")
            await world.expect_dm("primary", contains="ALERT-2")
            await world.react(lesser, by="primary")
            await world.expect_text(lesser, "@primary が対応中")

            await monitor.resolve(ONE, OTHER)
            await world.expect_text(post, "🟢 SEV1 · ")
            line = await world.expect_message("p1-ops", contains="🟢 Alertmanager が復旧を通知しました")
            assert "<http://" in line.content
        rows = await world.rows("SELECT status, severity FROM incidents ORDER BY id")
        assert [tuple(row) for row in rows] == [("resolved", "SEV1"), ("acknowledged", "SEV2")]
        assert [tuple(row) for row in await world.rows("SELECT DISTINCT problem FROM hooks")] == [(None,)]
        stored = await world.rows("SELECT headers::text AS headers FROM hooks")
        assert TOKEN not in str(stored)
