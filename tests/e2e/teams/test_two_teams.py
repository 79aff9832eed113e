"""Two teams, each with alerts by its own hook: own channel, own people, own ladder, and a hand-over."""

from pathlib import Path
from typing import Final

import httpx

from bot.runbook import default_policy_text
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.bot import start_program
from tests.e2e.world.world import World

SECRET: Final = "a-secret-of-the-monitor"
POLICY: Final = """
[oncall.pay]
discord = "responder"

[oncall.search]
discord = "observer"

[teams.payments]
channel = "p1-ops"
schedule = ["pay"]
role = "on-call"
language = "en"

[teams.search]
channel = "p2-deploys"
schedule = ["search"]
mention = "none"

[hooks.pay-monitor]
format = "json"
severity = "SEV1"
team = "payments"

[hooks.search-monitor]
format = "json"
severity = "SEV1"
team = "search"
"""


async def report(world: World, source: str, title: str) -> None:
    """Let the monitor of a team report an alert."""
    port = next(one["port"] for one in world.bot.entries() if one["event"] == "hooks.listening")
    async with httpx.AsyncClient(trust_env=False) as monitor:
        sent = await monitor.post(f"http://127.0.0.1:{port}/hooks/{source}/{SECRET}", json={"title": title})
        sent.raise_for_status()


async def test_each_team_has_its_alerts_until_one_hands_over(make_world: MakeWorld, tmp_path: Path) -> None:
    """Each alert goes to its team's channel, role, person and ladder, in the team's language.

    Handed over, it is the other team's from then on. The list says whose each one is.
    """
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + POLICY, encoding="utf-8")
    secrets = {"HOOKS_PAY_MONITOR_SECRET": SECRET, "HOOKS_SEARCH_MONITOR_SECRET": SECRET}
    async with make_world(HOOKS_PORT="0", RUNBOOK_FILE=str(policy), **secrets) as world:
        registering = await start_program(
            "sync-commands", "sync-commands", env=world.settings, folder=tmp_path
        )
        assert await registering.wait() == 0  # the option of the team comes with the table
        await world.start_bot()
        await report(world, "pay-monitor", "Card payments fail")
        pay = await world.expect_message("p1-ops", contains="ALERT-1", pings_here=False)
        assert pay.content.startswith("<@&")
        assert "**unacknowledged** · ack by " in pay.content
        await world.expect_dm("responder", contains="Card payments fail · **unacknowledged**")
        await report(world, "search-monitor", "検索が遅い")
        search = await world.expect_message("p2-deploys", contains="ALERT-2", pings_here=False)
        assert search.content.startswith("🔴 SEV1 · 検索が遅い · **未対応**")
        await world.expect_dm("observer", contains="検索が遅い · **未対応**")
        await world.expect_nothing_more()

        await world.fast_forward(minutes=16)
        rung = await world.expect_message("p1-ops", contains="Card payments fail", pings_here=False)
        assert rung.content.startswith("<@&")
        await world.expect_message("p2-deploys", contains="検索が遅い", pings_here=True)
        await world.expect_dm("responder", contains="Card payments fail")
        await world.expect_dm("observer", contains="検索が遅い")
        await world.expect_nothing_more()

        await world.command("incident team", by="primary", number=1, team="search", reason="検索の障害です")
        moved = await world.expect_message("p2-deploys", contains="Card payments fail", pings_here=False)
        assert moved.content.startswith("🔴 SEV1 · Card payments fail · **未対応**")
        await world.expect_message("p2-deploys", contains="担当チーム：payments → **search** · @primary")
        await world.expect_dm("observer", contains="Card payments fail")
        listed = await world.command("incident list", by="primary", team="search")
        assert [label in listed.text for label in ("ALERT-1", "ALERT-2")] == [True, True]
        assert "👥 search" in listed.text
        listed = await world.command("incident list", by="primary", team="payments")
        assert "ALERT-" not in listed.text
        await world.expect_nothing_more()
