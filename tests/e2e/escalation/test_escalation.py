"""The ladder: without an ack, the next people are notified. Source: the runbook, エスカレーションパス."""

import asyncio

from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def expect_step(world: World, alert: Alert, *, waited: str) -> None:
    """One `@here` and a DM to both."""
    await world.expect_message(
        "p0-alerts", contains=f"{alert.label} {TITLE} · {waited}経っても ack なし", pings_here=True
    )
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)


async def test_missed_deadline_rings_once_and_tells_both(world: World) -> None:
    """An alert without an ack gets one `@here` and DMs to primary and secondary at 15 and 30 minutes.

    An earlier DM says that a newer DM follows. After an ack there is silence.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.fast_forward(minutes=14)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    await expect_step(world, alert, waited="15 分")
    await world.expect_nothing_more()
    [first, second] = await world.human.dms("primary")
    await world.expect_text(first, "このあと新しい DM を送っています")
    await world.expect_text(second, "誰も押さないと：")
    await world.fast_forward(minutes=15)
    await expect_step(world, alert, waited="30 分")
    await world.expect_text(second, "このあと新しい DM を送っています")
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.fast_forward(hours=5)
    await world.expect_reminder(alert)


async def test_the_ladder_goes_on_until_somebody_answers(world: World) -> None:
    """The ladder repeats every four hours after the fourth hour, until a 👀 on an escalation stops it.

    Deadlines that dead bots have missed make one `@here` and one DM each, even if two bots return at once.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.settle()
    await world.kill_bot()
    await world.shift(minutes=70)
    await asyncio.gather(world.start_bot(), world.start_bot())
    rung = await world.expect_message("p0-alerts", contains="1 時間 10 分経っても ack なし", pings_here=True)
    assert "エスカレーション 2 回分は予定どおりに送れなかったため、この 1 通にまとめました。" in rung.text
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()
    rows = await world.rows("SELECT status, due_at > now() AS is_next FROM escalation_steps ORDER BY due_at")
    assert [tuple(row) for row in rows] == [("done", False)] * 4 + [("pending", True)] * 2

    for minutes, waited in ((50, "2 時間"), (120, "4 時間"), (240, "8 時間")):
        await world.fast_forward(minutes=minutes)
        await expect_step(world, alert, waited=waited)
    await world.settle()
    await world.kill_bot()
    await world.shift(hours=9)
    await world.start_bot()
    await expect_step(world, alert, waited="17 時間")
    await world.expect_nothing_more()
    await world.fast_forward(hours=3)
    rung = await world.expect_message("p0-alerts", contains="20 時間経っても ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.react(rung, by="secondary")
    await world.expect_acknowledged(alert, by="secondary")
    await world.fast_forward(minutes=20)


async def test_missed_deadline_pings_here_once_even_if_the_bot_dies(world: World) -> None:
    """A SEV1 is escalated once although the bot was dead at its deadline, and restarts after it."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.settle()
    await world.kill_bot()
    await world.shift(minutes=15)
    await world.start_bot()
    await expect_step(world, alert, waited="15 分")
    await world.settle()
    await world.restart_bot()
    await world.expect_nothing_more()
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.fast_forward(hours=2)
    await world.expect_reminder(alert)
