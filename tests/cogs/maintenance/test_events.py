"""Planned maintenance in the server's own list of events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.server_events import EventShown
from bot.i18n import Texts
from bot.runbook import default_policy_text, parse_policy
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from cogs.maintenance.rules import (
    EventStep,
    MaintenanceDelivery,
    PlannedEvent,
    WindowEvent,
    event_steps,
)
from cogs.maintenance.use_cases import begin, check_events, keep_events
from tests.cogs.maintenance.test_holding import API
from tests.cogs.maintenance.test_plans import DAY, pass_until, planned, windows
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk

HOUR = timedelta(hours=1)


def desk_with(database: Database, *, events: bool = True, entries: str = "") -> Desk:
    """A desk whose policy wants events, or does not."""
    text = default_policy_text().replace("[alerts.maintenance]\n", "[alerts.maintenance]\nevents = true\n")
    policy = parse_policy((text if events else default_policy_text()) + entries, name="policy.toml")
    return Desk(database, policy)


@pytest.fixture
def listing(database: Database) -> Desk:
    """A desk whose policy wants events."""
    return desk_with(database)


def shown(desk: Desk) -> list[EventShown]:
    """What the server's list shows, in order."""
    return sorted((one.shown for one in desk.discord.events.values()), key=lambda one: one.starts_at)


async def look(desk: Desk) -> None:
    """Let the bot look at the plans once."""
    await keep_events(windows(desk))


async def problems(desk: Desk) -> list[object]:
    """The codes of the refusals that the team was told of."""
    rows = await desk.database.deliveries()
    return [one.data.get("code") for one in rows if one.kind is MaintenanceDelivery.EVENT_PROBLEM]


async def rows_left(desk: Desk) -> int:
    """How many events the bot knows of."""
    [row] = await desk.database.fetch("SELECT count(*)::integer AS count FROM window_events")
    count: int = row["count"]
    return count


async def test_a_plan_is_an_event_until_its_window_ends(listing: Desk) -> None:
    """The event for the next time stays as it is while that is under way, beside the one after it."""
    plan = await planned(listing, every="毎週日曜 2:00", until="2h")
    assert plan.next_at is not None
    for _ in range(3):
        await look(listing)
    [event] = shown(listing)
    assert (event.name, event.location) == (f"メンテナンス：{API}", API)
    assert "backup" in event.description
    assert (event.starts_at, event.ends_at) == (plan.next_at, plan.next_at + 2 * HOUR)
    await pass_until(listing, plan.next_at)
    await look(listing)
    assert [one.starts_at for one in shown(listing)] == [plan.next_at, plan.next_at + 7 * DAY]
    assert listing.discord.event_calls == ["create", "create"]
    await listing.pass_time(hours=2, minutes=1)
    await look(listing)
    assert [one.starts_at for one in shown(listing)] == [plan.next_at + 7 * DAY]


async def test_the_event_ends_when_its_window_ends_early(listing: Desk) -> None:
    """Also a longer window is a longer event."""
    plan = await planned(listing, at="2h", until="1h")
    assert plan.next_at is not None
    await look(listing)
    await pass_until(listing, plan.next_at)
    [window] = await windows(listing).open_ones(GUILD)
    longer = await windows(listing).begin(GUILD, API, until=window.ends_at + HOUR, reason="", by=PRIMARY)
    await look(listing)
    assert [one.ends_at for one in shown(listing)] == [longer.ends_at.replace(microsecond=0)]
    await windows(listing).end(GUILD, window.id, by=PRIMARY)
    await look(listing)
    assert (shown(listing), await rows_left(listing)) == ([], 0)


async def test_a_skip_and_an_edit_move_the_event_and_a_removal_deletes_it(listing: Desk) -> None:
    """People who are interested in an event stay so: it is changed, not made anew."""
    plan = await planned(listing, every="every day 2:00", until="2h")
    await look(listing)
    skipped = await windows(listing).plans.skip(GUILD, plan.id, at_s=plan.next_s, by=PRIMARY)
    await look(listing)
    assert [one.starts_at for one in shown(listing)] == [skipped.next_at]
    edited = await planned(listing, edits=plan.id, every="every day 4:00", target="", reason="disk")
    await look(listing)
    [event] = shown(listing)
    assert event.starts_at == edited.next_at
    assert "disk" in event.description
    assert listing.discord.event_calls == ["create", "change", "change"]
    await windows(listing).plans.drop(GUILD, edited.id, by=PRIMARY)
    await look(listing)
    assert (shown(listing), await rows_left(listing)) == ([], 0)


async def test_without_the_key_there_is_no_event_and_those_that_are_there_go(database: Database) -> None:
    """The default asks Discord nothing; a policy that takes the key back takes the events back, too."""
    off = desk_with(database, events=False)
    await planned(off, every="every day 2:00", until="2h")
    await look(off)
    await check_events(windows(off))
    assert off.discord.event_calls == []
    on = desk_with(database)
    await look(on)
    assert len(shown(on)) == 1
    again = desk_with(database, events=False)
    again.discord.events = on.discord.events
    await look(again)
    assert (shown(again), await rows_left(again)) == ([], 0)


async def test_the_plans_of_the_policy_are_events_too(database: Database) -> None:
    """The entry of one target is one event."""
    entry = '[[maintenance]]\ntargets = ["a", "b"]\nevery = "sunday 02:00"\nfor = "2h"\n'
    desk = desk_with(database, entries=f"\n{entry}")
    await begin(windows(desk))
    await look(desk)
    assert [one.location for one in shown(desk)] == ["a", "b"]


async def test_a_lost_answer_makes_no_second_event(listing: Desk) -> None:
    """The next look finds the event in the list; one that was made twice all the same is deleted."""
    await planned(listing, every="every day 2:00", until="2h")
    listing.discord.lost_answers = 1
    with pytest.raises(UpstreamUnavailable):
        await look(listing)
    assert await rows_left(listing) == 1
    await look(listing)
    assert listing.discord.event_calls == ["create"]
    [event] = shown(listing)
    await listing.discord.create_event(GUILD, event)
    await check_events(windows(listing))
    assert shown(listing) == [event]


async def test_a_plan_that_goes_before_the_answer_came_leaves_no_event(listing: Desk) -> None:
    """The row knows what was asked for, so the event is found and deleted."""
    plan = await planned(listing, every="every day 2:00", until="2h")
    listing.discord.lost_answers = 1
    with pytest.raises(UpstreamUnavailable):
        await look(listing)
    await windows(listing).plans.drop(GUILD, plan.id, by=PRIMARY)
    await look(listing)
    assert (shown(listing), await rows_left(listing)) == ([], 0)


async def test_what_somebody_changed_by_hand_is_mended(listing: Desk) -> None:
    """A check makes a deleted event again, and moves a moved one back to its time."""
    await planned(listing, every="every day 2:00", until="2h")
    await look(listing)
    [before] = shown(listing)
    listing.discord.events.clear()
    await look(listing)
    assert shown(listing) == []
    await check_events(windows(listing))
    assert shown(listing) == [before]
    [event] = listing.discord.events.values()
    moved = replace(before, starts_at=before.starts_at + HOUR, ends_at=before.ends_at + HOUR)
    listing.discord.events[event.id] = replace(event, shown=moved)
    await check_events(windows(listing))
    assert shown(listing) == [before]
    await check_events(windows(listing))
    assert listing.discord.event_calls == ["create", "create", "change"]


@pytest.mark.parametrize("code", [50013, 30038, 50035])
async def test_a_refusal_is_told_once_until_it_is_gone(listing: Desk, code: int) -> None:
    """Discord is not asked again before the next check; the line says what to do."""
    listing.discord.event_refusal = DeliveryRefused(f"HTTP 403 {code}", http_status=403, code=code)
    await planned(listing, every="every day 2:00", until="2h")
    for _ in range(5):
        await look(listing)
    asked = len(listing.discord.event_calls)
    assert asked <= 2
    await check_events(windows(listing))
    assert await problems(listing) == [code]
    listing.discord.event_refusal = None
    await check_events(windows(listing))
    assert len(shown(listing)) == 1
    await listing.pass_time(minutes=5)
    listing.discord.event_refusal = DeliveryRefused(f"HTTP 403 {code}", http_status=403, code=code)
    await planned(listing, every="every day 5:00", until="2h")
    await look(listing)
    assert await problems(listing) == [code, code]


@pytest.mark.parametrize(("code", "words"), [(50013, "イベントを作成"), (30038, "100 件"), (7, "コード 7")])
async def test_the_line_says_what_to_do(listing: Desk, code: int, words: str) -> None:
    """It says that alerts are held all the same."""
    listing.discord.event_refusal = DeliveryRefused("HTTP 403", http_status=403, code=code)
    await planned(listing, every="every day 2:00", until="2h")
    await look(listing)
    rows = await listing.database.deliveries()
    [line] = [one for one in rows if one.kind is MaintenanceDelivery.EVENT_PROBLEM]
    said = str(render(Wording(Texts.load(), listing.policy), line, None)["content"])
    assert words in said
    assert "予定どおり" in said


NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def event(hours: float, *, of: int = 1) -> WindowEvent:
    """The row of an event of a plan, that begins in some hours and lasts one."""
    return WindowEvent(of, of, 100 + of, made(hours))


def made(hours: float, *, target: str = "api") -> EventShown:
    """What such an event shows."""
    starts_at = NOW + hours * HOUR
    return EventShown("m", "", target, starts_at, starts_at + HOUR)


@pytest.mark.parametrize(
    ("known", "plans", "ends", "steps"),
    [
        ([], [PlannedEvent(1, made(2))], {}, [EventStep(1, None, made(2))]),
        ([], [PlannedEvent(1, made(0.001))], {}, []),  # Discord takes none that begins at once
        ([event(2)], [PlannedEvent(1, made(2))], {}, [EventStep(1, event(2), made(2))]),
        ([event(2)], [PlannedEvent(1, made(26))], {}, [EventStep(1, event(2), made(26))]),
        ([event(2)], [PlannedEvent(3, made(4), 1)], {}, [EventStep(3, event(2), made(4))]),
        (
            [event(2)],
            [PlannedEvent(3, made(4), 2)],
            {},
            [EventStep(1, event(2), None), EventStep(3, None, made(4))],
        ),
        ([event(2)], [], {}, [EventStep(1, event(2), None)]),
        # Its time has come: the job has not begun the window yet; it has; it is over, or was left out.
        ([event(-0.1)], [PlannedEvent(1, made(-0.1))], {}, [EventStep(1, event(-0.1), made(-0.1))]),
        (
            [event(-0.1)],
            [PlannedEvent(1, made(23.9))],
            {"api": NOW + 3 * HOUR},
            [
                EventStep(1, event(-0.1), replace(made(-0.1), ends_at=NOW + 3 * HOUR)),
                EventStep(1, None, made(23.9)),
            ],
        ),
        ([event(-0.1)], [], {"other": NOW + HOUR}, [EventStep(1, event(-0.1), None)]),
    ],
)
def test_what_follows_from_the_rows(
    known: list[WindowEvent], plans: list[PlannedEvent], ends: dict[str, datetime], steps: list[EventStep]
) -> None:
    """An event follows its plan until its time has come, and the window of its target from then on."""
    assert event_steps(known, plans, ends, NOW) == steps


async def test_two_plans_of_one_target_and_time_have_an_event_each(listing: Desk) -> None:
    """Neither takes the other's for its own."""
    for _ in range(2):
        await planned(listing, every="every day 2:00", until="2h")
        await look(listing)
    await check_events(windows(listing))
    assert len(shown(listing)) == 2
