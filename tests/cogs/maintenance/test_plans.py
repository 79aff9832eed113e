"""Maintenance that is planned: by people, and by the policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import ConfigError, NotPermitted, UserError
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from cogs.maintenance.plans import Wish
from cogs.maintenance.rules import MaintenancePlan, WindowData, WindowRules
from cogs.maintenance.use_cases import MaintenanceWindows, begin
from tests.cogs.maintenance.test_holding import API, lines, opened
from tests.cogs.maintenance.test_holding import begin as begin_now
from tests.services.alerts.test_events import FIRING, fire, say
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk

DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
STRANGER = Person(id=99, name="stranger")


def windows(desk: Desk) -> MaintenanceWindows:
    """The use cases."""
    return desk.services.of(MaintenanceWindows)


def berlin(entry: str = "") -> Policy:
    """A policy in whose zone clocks change."""
    text = default_policy_text().replace('timezone = "Asia/Tokyo"', 'timezone = "Europe/Berlin"')
    return parse_policy(text + entry, name="berlin")


async def planned(desk: Desk, *, edits: int | None = None, **wish: str) -> MaintenancePlan:
    """Preview a plan and keep it."""
    wished = Wish(**{"target": API, "reason": "backup", **wish})
    plan = await windows(desk).plans.preview(GUILD, wished, edits=edits, by=PRIMARY)
    return await windows(desk).plans.keep(GUILD, plan.id, by=PRIMARY)


async def begun(desk: Desk) -> list[WindowData]:
    """The lines about windows, without those about plans."""
    return [one for one in await lines(desk) if not one.change]


async def pass_until(desk: Desk, moment: datetime) -> None:
    """Let the time pass until just after *moment*."""
    await desk.pass_time(seconds=(moment - desk.clock.time).total_seconds() + 1)


async def next_of(desk: Desk) -> list[datetime | None]:
    """When each plan begins next."""
    return [one.next_at for one in await windows(desk).plans.kept(GUILD)]


async def test_a_plan_comes_each_week_and_holds_alerts_only_then(desk: Desk) -> None:
    """Before its time the alert is tracked; within it, it is held; a week later it begins again."""
    plan = await planned(desk, every="毎週日曜 2:00", until="2h")
    assert plan.next_at is not None
    await windows(desk).plans.keep(GUILD, plan.id, by=PRIMARY)  # pressed twice
    assert await windows(desk).open_ones(GUILD) == []
    await fire(desk, 1, replace(FIRING, key="before"))
    await pass_until(desk, plan.next_at)
    assert await say(desk, replace(FIRING, key="within", title="within"), 2) is None
    [window] = await windows(desk).open_ones(GUILD)
    assert (window.ends_at, window.reason) == (plan.next_at + timedelta(hours=2), "backup")
    assert await next_of(desk) == [plan.next_at + 7 * DAY]
    await desk.pass_time(hours=3)
    assert "within" in [one.title for one in await opened(desk)]
    await pass_until(desk, plan.next_at + 7 * DAY)
    assert len(await windows(desk).open_ones(GUILD)) == 1
    told = await begun(desk)
    assert [(one.planned, one.until is None) for one in told] == [(True, False), (False, True), (True, False)]


@pytest.mark.parametrize(
    ("at", "until", "hours"),
    [
        ("2027/10/31 1:00", "3h", 3),
        ("2027/10/31 1:00", "4:00", 4),
        ("2027/3/28 1:00", "3h", 3),
        ("2027/3/28 1:00", "2027/3/28 4:00", 2),
    ],
)
async def test_a_span_is_time_that_passes_and_an_end_a_time_of_day(
    database: Database, at: str, until: str, hours: int
) -> None:
    """In the nights in which clocks change, three hours are three hours, and 4:00 is 4:00."""
    plan = await planned(Desk(database, berlin()), at=at, until=until)
    assert plan.next_at is not None
    assert plan.ends_at(plan.next_at, BERLIN) - plan.next_at == timedelta(hours=hours)


@pytest.mark.parametrize(("every", "until"), [("sunday 1:00-4:00", ""), ("sunday 1:00", "4:00")])
async def test_a_plan_of_each_week_ends_at_its_time_of_day(
    database: Database, every: str, until: str
) -> None:
    """A window from 1:00 to 4:00 lasts two hours in the night without a 2:00, and four with two of them."""
    desk = Desk(database, berlin())
    plan = await planned(desk, every=every, until=until)
    edited = await planned(desk, edits=plan.id, every="sunday 1:00", until="", reason="other")
    for each in (plan, edited):
        for month, day, hours in ((3, 28, 2), (10, 31, 4)):
            begins = datetime(2027, month, day, 1, tzinfo=BERLIN).astimezone(UTC)
            assert each.ends_at(begins, BERLIN) - begins == timedelta(hours=hours)


async def test_the_window_of_a_night_in_which_clocks_change(database: Database) -> None:
    """The window itself, of a plan of people and of one of the policy, ends at its time of day."""
    entry = '\n[[maintenance]]\ntargets = ["admin.parky.co.jp"]\nevery = "sunday 1:00-4:00"\n'
    desk = Desk(database, berlin(entry))
    await begin(windows(desk))
    await planned(desk, every="sunday 1:00-4:00")
    night = datetime(2027, 3, 28, 1, tzinfo=BERLIN).astimezone(UTC)
    await pass_until(desk, night - DAY)
    await pass_until(desk, night)
    assert [one.ends_at - night for one in await windows(desk).open_ones(GUILD)] == [timedelta(hours=2)] * 2


async def test_one_time_to_come(desk: Desk) -> None:
    """A plan without a rule comes once."""
    plan = await planned(desk, at="2h", until="1h")
    assert plan.next_at is not None
    await pass_until(desk, plan.next_at)
    assert [one.ends_at for one in await windows(desk).open_ones(GUILD)] == [
        plan.next_at + timedelta(hours=1)
    ]
    assert await next_of(desk) == []


async def test_nothing_comes_of_a_preview(desk: Desk) -> None:
    """A plan that nobody has kept is neither listed nor begun, and is forgotten after a day."""
    wish = Wish(API, "1h", at="1h")
    plan = await windows(desk).plans.preview(GUILD, wish, edits=None, by=PRIMARY)
    assert await windows(desk).plans.upcoming(plan) == [plan.next_at]
    await desk.pass_time(hours=30)
    assert await windows(desk).open_ones(GUILD) == []
    await planned(desk, at="1h", until="1h")
    with pytest.raises(UserError, match="maintenance_plan_gone"):
        await windows(desk).plans.keep(GUILD, plan.id, by=PRIMARY)


async def test_windows_that_overlap_are_one(desk: Desk) -> None:
    """The later end counts, and a plan that ends sooner than the open window says nothing."""
    long = await planned(desk, at="1h", until="3h")
    short = await planned(desk, at="2h", until="1h")
    longest = await planned(desk, at="3h", until="5h")
    assert (long.next_at, short.next_at, longest.next_at) != (None, None, None)
    await desk.pass_time(hours=2, minutes=1)
    [window] = await windows(desk).open_ones(GUILD)
    assert len(await begun(desk)) == 1
    await desk.pass_time(hours=1)
    [later] = await windows(desk).open_ones(GUILD)
    assert (later.id, later.ends_at) == (window.id, window.ends_at + timedelta(hours=4))
    assert len(await begun(desk)) == 2


async def test_windows_that_overlap_again_and_again_come_to_an_end(desk: Desk) -> None:
    """A target is never quiet for longer than one window may be: what is held is tracked at the end."""
    await planned(desk, every="every day 9-18", until="")
    await planned(desk, every="every day 17-10", until="")
    most = desk.policy.of(WindowRules).at_most
    for _ in range(60):
        await desk.pass_time(hours=1)
        for window in await windows(desk).open_ones(GUILD):
            assert window.ends_at - window.began_at <= most


async def test_skip_edit_and_remove(desk: Desk) -> None:
    """One time is left out; an edit keeps what it does not name; a removed plan comes never again."""
    plan = await planned(desk, every="every day 2:00", until="2h")
    assert plan.next_at is not None
    skipped = await windows(desk).plans.skip(GUILD, plan.id, at_s=plan.next_s, by=PRIMARY)
    assert skipped.next_at == plan.next_at + DAY
    await pass_until(desk, plan.next_at)
    assert await windows(desk).open_ones(GUILD) == []
    edited = await planned(desk, edits=plan.id, every="every day 4:00", target="", reason="")
    assert (edited.target, edited.reason, edited.lasts) == (API, "backup", timedelta(hours=2))
    assert [one.id for one in await windows(desk).plans.kept(GUILD)] == [edited.id]
    await windows(desk).plans.drop(GUILD, edited.id, by=PRIMARY)
    await desk.pass_time(days=3)
    assert await windows(desk).open_ones(GUILD) == []
    assert [one.change for one in await lines(desk)] == ["kept", "skipped", "kept", "dropped"]
    with pytest.raises(UserError, match="maintenance_plan_gone"):
        await windows(desk).plans.skip(GUILD, edited.id, at_s=edited.next_s, by=PRIMARY)
    with pytest.raises(UserError, match="maintenance_plan_gone"):
        await windows(desk).plans.drop(GUILD, edited.id, by=PRIMARY)


async def test_a_second_press_skips_nothing(desk: Desk) -> None:
    """A double tap, or a list of yesterday, leaves out no other time than the one that it showed."""
    plan = await planned(desk, every="every day 2:00", until="2h")
    plans = windows(desk).plans
    skipped = await plans.skip(GUILD, plan.id, at_s=plan.next_s, by=PRIMARY)
    with pytest.raises(UserError, match="maintenance_not_next"):
        await plans.skip(GUILD, plan.id, at_s=plan.next_s, by=PRIMARY)
    assert await next_of(desk) == [skipped.next_at]


async def test_an_edit_is_kept_only_while_its_plan_is_there(desk: Desk) -> None:
    """Of two edits the first one counts, and an edit does not bring a removed plan back."""
    plans = windows(desk).plans
    plan = await planned(desk, every="every day 2:00", until="2h")
    first, second = [
        await plans.preview(GUILD, Wish("", every=every), edits=plan.id, by=PRIMARY)
        for every in ("every day 3:00", "every day 4:00")
    ]
    await plans.keep(GUILD, first.id, by=PRIMARY)
    await plans.keep(GUILD, first.id, by=PRIMARY)  # pressed twice
    with pytest.raises(UserError, match="maintenance_plan_gone"):
        await plans.keep(GUILD, second.id, by=PRIMARY)
    assert [one.id for one in await plans.kept(GUILD)] == [first.id]
    third = await plans.preview(GUILD, Wish("", every="every day 5:00"), edits=first.id, by=PRIMARY)
    await plans.drop(GUILD, first.id, by=PRIMARY)
    with pytest.raises(UserError, match="maintenance_plan_gone"):
        await plans.keep(GUILD, third.id, by=PRIMARY)
    assert await plans.kept(GUILD) == []


async def test_an_edit_does_not_end_what_comes_again(desk: Desk) -> None:
    """A moment alone for a plan of each week is refused; with a rule, it says from when the rule counts."""
    plan = await planned(desk, every="every sunday 2:00", until="2h")
    with pytest.raises(UserError, match="maintenance_at_alone"):
        await planned(desk, edits=plan.id, at="明日 2:00")
    edited = await planned(desk, edits=plan.id, every="every day 2:00", at="2026-12-20 0:00")
    assert edited.next_at == datetime(2026, 12, 19, 17, tzinfo=UTC)


async def test_who_may_and_what_is_refused(desk: Desk) -> None:
    """A stranger, another guild, and times that make no sense change nothing."""
    plan = await planned(desk, every="every day 2:00", until="2h")
    with pytest.raises(NotPermitted):
        await windows(desk).plans.skip(GUILD, plan.id, at_s=plan.next_s, by=STRANGER)
    with pytest.raises(UserError, match="maintenance_plan_gone"):
        await windows(desk).plans.drop(GUILD + 1, plan.id, by=PRIMARY)
    for wish, problem in [
        ({"every": "every day 2:00"}, "maintenance_until_missing"),
        ({"every": "FREQ=SECONDLY", "until": "1h"}, "maintenance_rule_too_often"),
        ({"every": "every day 2:00", "until": "30h"}, "maintenance_too_long"),
        ({"at": "2020-01-01 10:00", "until": "1h"}, "maintenance_never_again"),
        ({"at": "2h", "until": "2020-01-01 10:00"}, "maintenance_ends_before"),
    ]:
        with pytest.raises(UserError, match=problem):
            await planned(desk, edits=None, **wish)
    assert len(await windows(desk).plans.kept(GUILD)) == 1


async def test_a_lost_beginning_is_found_and_what_is_over_is_left_out(desk: Desk) -> None:
    """The row says when it is due; a bot that was away over the whole window does not begin it late."""
    plan = await planned(desk, every="every day 2:00", until="2h")
    await desk.database.lose_jobs()
    assert plan.next_at is not None
    await desk.database.advance(plan.next_at - desk.clock.time + timedelta(hours=5))
    lost = await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    assert f"begin_window:{GUILD}:{plan.id}" in lost
    await desk.work()
    assert await windows(desk).open_ones(GUILD) == []
    assert await next_of(desk) == [plan.next_at + DAY]


_ENTRY = """
[[maintenance]]
targets = ["api.parky.co.jp", "admin.parky.co.jp"]
every = "every sunday 02:00"
for = "2h"
reason = "backup"
"""


async def test_the_policy_plans_too(database: Database) -> None:
    """Its plans are there after a start, once, and gone when the file has them no more; a skip stays."""
    with_plans = parse_policy(default_policy_text() + _ENTRY, name="planned")
    desk = Desk(database, with_plans)
    for _ in range(2):
        await begin(windows(desk))
    first, second = await windows(desk).plans.kept(GUILD)
    assert {first.target, second.target} == {API, "admin.parky.co.jp"}
    assert first.next_at is not None
    with pytest.raises(UserError, match="maintenance_plan_of_policy"):
        await windows(desk).plans.drop(GUILD, first.id, by=PRIMARY)
    await windows(desk).plans.skip(GUILD, second.id, at_s=second.next_s, by=PRIMARY)
    await begin(windows(desk))
    assert sorted(await next_of(desk), key=str) == [first.next_at, first.next_at + 7 * DAY]
    await pass_until(desk, first.next_at)
    [window] = await windows(desk).open_ones(GUILD)
    assert (window.target, window.by_name) == (first.target, "")
    without = Desk(database)
    await begin(windows(without))
    assert await next_of(without) == []


async def test_the_plans_of_the_policy_follow_its_timezone(database: Database) -> None:
    """After a start in another zone, 2:00 is 2:00 there."""
    await begin(windows(Desk(database, parse_policy(default_policy_text() + _ENTRY, name="tokyo"))))
    moved = Desk(database, berlin(_ENTRY))
    await begin(windows(moved))
    for at in await next_of(moved):
        assert at is not None
        assert at.astimezone(BERLIN).hour == 2


async def test_which_week_does_not_depend_on_when_the_file_is_read(database: Database) -> None:
    """A plan of every other week stays in its weeks when an entry is edited, or a bot is set up anew."""
    entry = _ENTRY.replace("every sunday 02:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;BYHOUR=2;BYMINUTE=0")
    found = set()
    for reason in ("backup", "other"):
        desk = Desk(database, parse_policy(default_policy_text() + entry.replace("backup", reason), name="p"))
        await begin(windows(desk))
        found |= {one % (14 * DAY.total_seconds()) for one in await _moments(desk)}
        await desk.pass_time(days=7)
    assert len(found) == 1


async def _moments(desk: Desk) -> list[float]:
    return [one.timestamp() for one in await next_of(desk) if one is not None]


async def test_a_count_of_the_policy_counts_from_when_it_is_read(database: Database) -> None:
    """What is to come three times comes three times, though other rules count from a fixed day."""
    entry = _ENTRY.replace("every sunday 02:00", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0;COUNT=3")
    desk = Desk(database, parse_policy(default_policy_text() + entry, name="p"))
    await begin(windows(desk))
    assert len(await next_of(desk)) == 2


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ('targets = ["a"]\nevery = "sometime"\nfor = "1h"', '"sometime" is not a time that comes again'),
        ('targets = ["a"]\nevery = "FREQ=SECONDLY;INTERVAL=8"\nfor = "1h"', "at most 24 times a day"),
        ('targets = ["a"]\nevery = "sunday 02:00"', "for: is missing"),
        ('targets = ["a"]\nfor = "1h"', 'needs either "every" or "at"'),
        ('targets = []\nat = "2027-01-01 02:00"\nfor = "1h"', "is empty"),
        ('targets = ["a"]\nevery = "sunday 02:00"\nfor = "25h"', "alerts.maintenance.at_most"),
    ],
)
def test_what_the_file_may_not_say(entry: str, line: str) -> None:
    """Each mistake is a line that names its key."""
    with pytest.raises(ConfigError, match="maintenance") as found:
        parse_policy(f"{default_policy_text()}\n[[maintenance]]\n{entry}\n", name="policy.toml")
    assert line in str(found.value)


def test_a_window_has_a_longest_time() -> None:
    """The policy may not allow windows that hold alerts for longer than a week."""
    text = default_policy_text().replace('at_most = "24h"', 'at_most = "8d"')
    with pytest.raises(ConfigError, match=r"alerts\.maintenance\.at_most: is too long; allowed: up to 7d"):
        parse_policy(text, name="policy.toml")


async def test_a_window_of_now_is_not_cut_by_a_plan(desk: Desk) -> None:
    """A person's longer window goes on as it is."""
    window = await begin_now(desk, hours=6)
    await planned(desk, at="1h", until="1h")
    await desk.pass_time(hours=1, minutes=1)
    assert [one.ends_at for one in await windows(desk).open_ones(GUILD)] == [window.ends_at]
