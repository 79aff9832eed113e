"""The ladder: without an ack, the next people are notified. Source: the runbook, エスカレーションパス."""

import asyncio

from local_discord.client import Message
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def expect_step(world: World) -> Message:
    """One `@here`, which says since when nobody is on it, and a DM to both."""
    rung = await world.expect_message("p0-alerts", contains="から未対応** · 次の通知", pings_here=True)
    assert rung.content.startswith(f"@here ⏫ SEV1 · {TITLE} · **")
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    return rung


async def test_missed_deadline_rings_once_and_tells_both(world: World) -> None:
    """An alert without an ack gets one `@here` and DMs to primary and secondary at 15 and 30 minutes.

    An earlier DM says that a newer DM follows, and an earlier escalation is a line that leads to the newest.
    After an ack there is silence.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.fast_forward(minutes=14)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    older = await expect_step(world)
    await world.expect_nothing_more()
    [first, second] = await world.human.dms("primary")
    await world.expect_text(first, "このあと新しい DM を送っています")
    await world.expect_text(second, "誰も取らないと：")
    await world.fast_forward(minutes=15)
    newest = await expect_step(world)
    await world.expect_text(second, "このあと新しい DM を送っています")
    shrunk = await world.expect_text(older, f"{alert.label} · ")
    assert shrunk.content.endswith(f"/{newest.channel_id}/{newest.id})")
    assert not shrunk.controls
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
    rung = await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
    assert "エスカレーション 2 回分は予定どおりに送れなかったため、この 1 通にまとめました。" in rung.text
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()
    rows = await world.rows("SELECT status, due_at > now() AS is_next FROM escalation_steps ORDER BY due_at")
    assert [tuple(row) for row in rows] == [("done", False)] * 4 + [("pending", True)] * 2

    for minutes in (50, 120, 240):
        await world.fast_forward(minutes=minutes)
        await expect_step(world)
    await world.settle()
    await world.kill_bot()
    await world.shift(hours=9)
    await world.start_bot()
    await expect_step(world)
    await world.expect_nothing_more()
    await world.fast_forward(hours=3)
    rung = await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
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
    await expect_step(world)
    await world.settle()
    await world.restart_bot()
    await world.expect_nothing_more()
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.fast_forward(hours=2)
    await world.expect_reminder(alert)
