"""The ladder: without an ack, the next people are notified. Source: the runbook, エスカレーションパス."""

import asyncio

from tests.e2e.alert import Alert
from tests.e2e.severities import SEV1, SEV2
from tests.e2e.world import World

TITLE = "決済 API が 5xx"


async def expect_step(world: World, alert: Alert, *, waited: str) -> None:
    """One `@here` and a DM to both."""
    await world.expect_message(
        "p0-alerts", contains=f"{alert.label} {TITLE} · {waited} ack なし", pings_here=True
    )
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)


async def test_missed_deadline_rings_once_and_tells_both(world: World) -> None:
    """At 15 minutes there is one `@here` and a DM each to primary and secondary; after an ack, silence."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.fast_forward(minutes=14)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    await expect_step(world, alert, waited="15 分")
    await world.expect_nothing_more()
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.fast_forward(hours=5)
    await world.expect_reminder(alert)
    await world.expect_nothing_more()


async def test_ladder_goes_on_until_somebody_answers(world: World) -> None:
    """The ladder pages again after 30 minutes and an hour, until a 👀 on the escalation stops it."""
    alert = await world.triage(SEV1, title=TITLE)
    for minutes, waited in ((15, "15 分"), (15, "30 分")):
        await world.fast_forward(minutes=minutes)
        await expect_step(world, alert, waited=waited)
    await world.fast_forward(minutes=30)
    rung = await world.expect_message("p0-alerts", contains="1 時間 ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.react(rung, by="secondary")
    await world.expect_acknowledged(alert, by="secondary")
    await world.fast_forward(hours=5)
    await world.expect_reminder(alert)
    await world.expect_nothing_more()


async def test_after_four_hours_it_goes_on_every_four_hours(world: World) -> None:
    """The last rung repeats across a restart, and skips repeats that a dead bot missed."""
    alert = await world.triage(SEV1, title=TITLE)
    for minutes, waited in ((15, "15 分"), (15, "30 分"), (30, "1 時間"), (60, "2 時間"), (120, "4 時間")):
        await world.fast_forward(minutes=minutes)
        await expect_step(world, alert, waited=waited)
    await world.fast_forward(hours=4)
    await expect_step(world, alert, waited="8 時間")
    await world.kill_bot()
    await world.shift(hours=9)
    await world.start_bot()
    await expect_step(world, alert, waited="17 時間")
    await world.expect_nothing_more()
    await world.fast_forward(hours=3)
    await expect_step(world, alert, waited="20 時間")
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.fast_forward(minutes=20)
    await world.expect_nothing_more()


async def test_killed_between_alert_and_deadline(world: World) -> None:
    """SIGKILL and a start in between change nothing: escalated at the deadline, once."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.restart_bot()
    await world.fast_forward(minutes=15)
    await expect_step(world, alert, waited="15 分")
    await world.restart_bot()
    await world.expect_nothing_more()


async def test_missed_deadline_pings_here_once_even_if_the_bot_dies(world: World) -> None:
    """An unacknowledged SEV1 is escalated once although the bot was dead at its deadline."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.kill_bot()
    await world.fast_forward(minutes=15)
    await world.start_bot()
    await expect_step(world, alert, waited="15 分")
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.fast_forward(hours=2)
    await world.expect_reminder(alert)
    await world.expect_nothing_more()


async def test_three_deadlines_without_a_bot_are_one_ring(world: World) -> None:
    """Two returning bots send one `@here` that names the missed deadlines and one DM each, then go on."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.kill_bot()
    await world.shift(minutes=70)
    await asyncio.gather(world.start_bot(), world.start_bot())
    rung = await world.expect_message("p0-alerts", contains="1 時間 10 分 ack なし", pings_here=True)
    assert "エスカレーション 2 回分は予定どおりに送れなかったため、この 1 通にまとめました。" in rung.text
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()
    rows = await world.rows("SELECT status, due_at > now() AS is_next FROM escalation_steps ORDER BY due_at")
    assert [tuple(row) for row in rows] == [("done", False)] * 4 + [("pending", True)] * 2
    await world.fast_forward(minutes=50)
    await expect_step(world, alert, waited="2 時間")
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.expect_nothing_more()


async def test_killed_while_ringing(world: World) -> None:
    """SIGKILL as soon as `@here` is out: the rest is sent after the start, and nothing twice."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.shift(minutes=15)
    await world.expect_message("p0-alerts", contains="15 分 ack なし", pings_here=True)
    await world.die_and_return()
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=alert.label)
    await world.expect_nothing_more()


async def test_declining_passes_it_on_and_spares_the_deadline(world: World) -> None:
    """今は対応できない notifies the next person once, and the deadline still escalates."""
    alert = await world.triage(SEV1, title=TITLE)
    for _ in range(3):
        said = await world.human.press("primary", alert.dms["primary"], "今は対応できない")
        assert "@secondary" in said.text
    await world.expect_dm("secondary", contains=TITLE)
    await world.expect_message(alert.thread, contains="今は対応できません")
    await world.expect_nothing_more()
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="15 分 ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()


async def test_sev2_escalates_without_a_ping(world: World) -> None:
    """After 4 hours #p1-ops gets a post without a ping, and both people get a DM."""
    await world.triage(SEV2, title=TITLE)
    await world.fast_forward(hours=4)
    await world.expect_message("p1-ops", contains="4 時間 ack なし", pings_here=False)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()
