"""The weekly digest, posted on Monday at 18:00 JST. Source: the runbook, 週次自動 digest."""

import asyncio

from tests.e2e.alerts.monitor import Monitor
from tests.e2e.conftest import MakeWorld
from tests.e2e.digest.monday import wait_for_monday
from tests.e2e.world.severities import SEV1


async def test_monday_evening_once_whatever_restarts(make_world: MakeWorld) -> None:
    """The digest is posted on Monday at 18:00, not before, and once, by two bots and after a restart.

    A week without incidents and without anything in the DLQ is one friendly line.
    """
    async with make_world() as world:
        await wait_for_monday(world, hour=17, minute=58)
        await world.start_bot()
        await world.expect_nothing_more()
        await world.kill_bot()
        await world.shift(minutes=2)
        await asyncio.gather(world.start_bot(), world.start_bot())
        told = await world.expect_message("p3-insights", contains="静かでした")
        assert "\n" not in told.text
        await world.idle()
        assert await world.ledger.surprises() == []
        await world.restart_bot()
        await world.expect_nothing_more()


async def test_week_in_figures(make_world: MakeWorld) -> None:
    """The digest has what the week did to people and what is open; [くわしく] has the times and the rest."""
    async with make_world() as world:
        await wait_for_monday(world, hour=9)
        await world.start_bot()
        alert = await world.triage(SEV1, title="決済 API が 5xx")
        await world.fast_forward(minutes=10)
        await world.react(alert, by="primary")
        await world.expect_acknowledged(alert, by="primary")
        await world.settle()
        await world.kill_bot()
        await world.rows(
            "INSERT INTO admin.notification_failures (attempted_at, channel, severity, title, http_status)"
            " VALUES (now(), 'p1-ops', 'P1', '満空情報', 429)"
        )
        await wait_for_monday(world, hour=18)
        await world.start_bot()
        await world.expect_reminder(alert)
        told = await world.expect_message("p3-insights", contains="インシデント **1 件**：SEV1 1")
        for part in ("ack は全件期限内", "届かなかった通知 **1 件**", "🔥 未解決 1 件", alert.label):
            assert part in told.text
        details = await world.click(told, "くわしく", by="observer")
        for part in ("SEV1：ack まで 10 分", "ack：1 件中 1 件が期限内", "HTTP 429"):
            assert part in details.text


async def test_a_noisy_alert_is_muted_from_the_digest(make_world: MakeWorld) -> None:
    """A noisy alert can be muted for a week from the digest; the team is told, and the mute can be undone."""
    async with make_world(MESSAGE_CONTENT="true") as world:
        await world.human.change("application", message_content=True)
        await wait_for_monday(world, hour=9)
        await world.start_bot()
        monitor = Monitor(world, "p1-ops")
        _, answer = await monitor.alert("CPU 91%")
        await world.expect_dm("primary", contains="CPU")
        for load in (92, 93):
            await monitor.post(f"CPU {load}%")
        await world.settle()
        await world.click(answer, "誤報", by="primary")
        await world.settle()
        await world.kill_bot()
        await wait_for_monday(world, hour=18)
        await world.start_bot()
        digest = await world.expect_message("p3-insights", contains="よく鳴ったアラート")
        asked = await world.click(digest, "① まだ必要？", by="primary")
        assert "🔕 1 週間ミュート：追跡も通知もしません" in asked.text
        said = await world.human.press("primary", asked.messages[-1], "1 週間ミュート")
        assert "までミュートしました" in said.text
        line = await world.expect_message("p3-insights", contains="までミュートしました：@primary")
        await monitor.post("CPU 97%")
        await world.expect_nothing_more()
        undone = await world.click(line, "元に戻す", by="primary")
        assert "これまでどおり追跡します" in undone.text
        await world.expect_message("p3-insights", contains="これまでどおり追跡します：@primary")
        await monitor.alert("CPU 98%")
        await world.expect_dm("primary", contains="CPU")
