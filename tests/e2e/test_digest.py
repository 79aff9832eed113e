"""The weekly digest, posted on Monday at 18:00 JST. Source: the runbook, 週次自動 digest."""

import asyncio

from tests.e2e.conftest import MakeWorld
from tests.e2e.monday import wait_for_monday
from tests.e2e.severities import SEV1


async def test_monday_evening_once_whatever_restarts(make_world: MakeWorld) -> None:
    """Not at 17:59; by two bots that start at 18:00 once, and not again after one more start.

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
    """The digest has counts by severity, ack and resolve times, missed deadlines, open incidents, the DLQ."""
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
        await wait_for_monday(world, hour=18, minute=1)
        await world.start_bot()
        await world.expect_reminder(alert)
        told = await world.expect_message("p3-insights", contains="先週は SEV1 が 1 件")
        for part in (
            "ack は全件期限内",
            "DLQ の失敗は 1 件",
            "SEV1 中央値：ack まで 10 分",
            "未解決 1 件",
            alert.label,
        ):
            assert part in told.text
