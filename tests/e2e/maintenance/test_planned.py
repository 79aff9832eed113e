"""Planned maintenance over four weeks, and the server's own list of events meanwhile."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from bot.runbook import default_policy_text
from local_discord.client import Interaction
from local_discord.world.kinds import EventStatus
from tests.e2e.alerts.monitor import Monitor
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import TOKYO
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

API = "api.parky.co.jp"
_DOWN = f"5xx on {API}"
_SATURDAY = 5
_WEEK = timedelta(days=7)
#: Events that the bot has asked for, and of which it does not know yet whether they are there.
_UNANSWERED = "SELECT FROM window_events WHERE event_id IS NULL"


def policy_file(folder: Path) -> str:
    """Write Parky's policy with events of the server, and return its path."""
    path = folder / "policy.toml"
    text = default_policy_text().replace("[alerts.maintenance]\n", "[alerts.maintenance]\nevents = true\n")
    path.write_text(text, encoding="utf-8")
    return str(path)


async def now(world: World) -> datetime:
    """The time in Japan."""
    [row] = await world.rows("SELECT incident_bot.now() AS at")
    at: datetime = row["at"]
    return at.astimezone(TOKYO)


async def saturday_evening(world: World) -> datetime:
    """Move to the next Saturday, 20:00 in Japan, before any bot starts; return the Sunday, 02:00."""
    before = await now(world)
    at = before.replace(hour=20, minute=0, second=0, microsecond=0)
    at += timedelta(days=(_SATURDAY - at.weekday()) % 7)
    at += _WEEK if at <= before else timedelta()
    await world.shift(hours=(at - before).total_seconds() / 3600)
    return at + timedelta(hours=6)


async def pass_until(world: World, moment: datetime) -> None:
    """Let the time pass until a minute after *moment*."""
    left = moment + timedelta(minutes=1) - await now(world)
    await world.fast_forward(hours=left.total_seconds() / 3600)


async def expect_events(world: World, *wanted: tuple[datetime, EventStatus]) -> None:
    """Wait until the server's list has exactly these, by start and status; each is about the target."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (  # noqa: ASYNC110 -- Discord tells the bot alone
                _listed(world) != sorted(wanted) or await world.rows(_UNANSWERED)
            ):
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(_listed(world)) from None
    assert {one.location for one in world.sandbox.core.world.scheduled_events.values()} <= {API}


def _listed(world: World) -> list[tuple[datetime, EventStatus]]:
    """The events as the server's list has them at the time that it is."""
    listed = []
    moment = world.sandbox.core.clock.now()
    for one in world.sandbox.core.world.scheduled_events.values():
        starts, ends = datetime.fromisoformat(one.starts_at), datetime.fromisoformat(one.ends_at)
        is_over = one.status in (EventStatus.COMPLETED, EventStatus.CANCELED) or ends <= moment
        if not is_over:
            listed.append((starts, EventStatus.ACTIVE if starts <= moment else EventStatus.SCHEDULED))
    return sorted(listed)


async def press(world: World, shown: Interaction, label: str) -> str:
    """Press a button of what primary was shown, and return the answer."""
    answer = await world.human.press("primary", shown.messages[-1], label)
    return answer.text


async def choose_plan(world: World) -> Interaction:
    """Choose the only plan in the list, as primary, and return what is shown of it."""
    [plan] = await world.rows("SELECT id FROM alert_plans WHERE next_at IS NOT NULL")
    listed = await world.command("mute list", by="primary")
    choose = "飛ばす・削除する予定を選ぶ"
    return await world.human.press("primary", listed.messages[-1], choose, values=[str(plan["id"])])


async def test_every_sunday_at_two(make_world: MakeWorld, tmp_path: Path) -> None:
    """A plan is previewed and kept, comes twice, is skipped once, edited, and removed.

    Within its window an alert rings nobody, and at the end it is tracked. The server's list always shows the
    next time, and what is under way until its end; the answer to its first event is lost.
    """
    scheduled, active = EventStatus.SCHEDULED, EventStatus.ACTIVE
    async with make_world(MESSAGE_CONTENT="true", RUNBOOK_FILE=policy_file(tmp_path)) as world:
        await world.human.change("application", message_content=True)
        world.ledger.forgive("p3-insights")  # the digests of four weeks
        first = await saturday_evening(world)
        second, third, fourth = (first + weeks * _WEEK for weeks in (1, 2, 3))
        await world.start_bot()

        await world.fault(route="POST /guilds/*/scheduled-events", times=1, reset="after")
        asked = await world.command(
            "mute start", by="primary", target=API, every="every Sunday 02:00", until="2h", reason="backup"
        )
        assert "次の 3 回" in asked.text
        await expect_events(world)
        assert "予定に入れました" in await press(world, asked, "この予定で登録")
        await world.expect_message("p0-alerts", contains="every Sunday 02:00", pings_here=False)
        await expect_events(world, (first, scheduled))

        await pass_until(world, first)
        await world.expect_message("p0-alerts", contains="メンテナンスを始めました", pings_here=False)
        await expect_events(world, (first, active), (second, scheduled))
        await Monitor(world).post(_DOWN)
        await world.expect_nothing_more()
        await world.restart_bot()
        await pass_until(world, first + timedelta(hours=2))
        await world.expect_message("p0-alerts", contains="いまも続く 1 件を追跡", pings_here=False)
        await world.expect_dm("primary", contains=_DOWN)
        await world.expect_message("p1-ops", contains=_DOWN, pings_here=False)
        await expect_events(world, (second, scheduled))
        form = await world.command("incident resolve", number=1)
        await world.human.submit("responder", form, {})
        await world.settle()

        await pass_until(world, second)
        await world.expect_message("p0-alerts", contains="メンテナンスを始めました", pings_here=False)
        await expect_events(world, (second, active), (third, scheduled))
        await world.command("mute end", by="primary", target=API)
        await world.expect_message("p0-alerts", contains="メンテナンスを終えました", pings_here=False)
        await expect_events(world, (third, scheduled))

        assert "飛ばします" in await press(world, await choose_plan(world), "次を飛ばす")
        await world.expect_message("p0-alerts", contains="1 回飛ばします", pings_here=False)
        await expect_events(world, (fourth, scheduled))
        await pass_until(world, third)
        await world.expect_nothing_more()

        [plan] = await world.rows("SELECT id FROM alert_plans")
        asked = await world.command("mute edit", by="primary", plan=str(plan["id"]), every="毎週日曜 3:00")
        await press(world, asked, "この予定で登録")
        await world.expect_message("p0-alerts", contains="毎週日曜 3:00", pings_here=False)
        await expect_events(world, (third + timedelta(hours=1), scheduled))
        assert "削除しました" in await press(world, await choose_plan(world), "予定を削除")
        await world.expect_message("p0-alerts", contains="削除しました", pings_here=False)
        await expect_events(world)
