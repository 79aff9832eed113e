"""A month of on call: what is typed for it, who has which day, the calendar, and the list in its place."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.charts import DayShift, DrawnChart, MonthChart
from bot.domain.errors import UserError
from bot.domain.oncall.book import Content, NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Applies, Layer, Roster, Rotation, Shift, Unit
from bot.integrations.charts.process import WorkerCharts
from bot.ui.pictures import drawn
from bot.ui.words.wording import Voice
from cogs.oncall.rules import month_shifts, parse_month
from cogs.oncall.schedules import PlaceMonth
from cogs.oncall.screens import MONTH, month_pictures, month_screen
from cogs.oncall.store import OnCallEntries
from tests.cogs.oncall.acts import oncall_of, put_rotation
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.unit.domain.oncall.test_roster import HOURS
from tests.unit.ui import screens

TOKYO = ZoneInfo("Asia/Tokyo")
AI, BEN, CHO = Who(8, "ai", "Ai"), Who(9, "ben", "Ben"), Who(10, "cho", "Cho")
DAY = timedelta(days=1)
DECEMBER = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("typed", "month"),
    [
        ("2026-12", (2026, 12)),
        ("2026/1", (2026, 1)),
        ("2027年3月", (2027, 3)),
        ("１２月", (2026, 12)),
        ("11", (2026, 11)),
        ("10月", (2027, 10)),
        ("今月", (2026, 11)),
        ("来月", (2026, 12)),
        ("Next Month", (2026, 12)),
        ("last month", (2026, 10)),
    ],
)
def test_a_month_is_read_as_people_type_it(typed: str, month: tuple[int, int]) -> None:
    """Digits, words in both languages and full-width signs; without a year the nearest month to come."""
    assert parse_month(typed, today=date(2026, 11, 24)) == date(*month, 1)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("december", "oncall_month_unreadable"),
        ("13月", "oncall_month_unreadable"),
        ("2026-00", "oncall_month_unreadable"),
        ("12" * 200, "oncall_month_unreadable"),
        ("2027-12", "oncall_month_far"),
        ("2025-10", "oncall_month_far"),
        ("9999-12", "oncall_month_far"),
    ],
)
def test_what_is_no_month_is_refused(typed: str, key: str) -> None:
    """The refusal says what can be typed, or how far a month may be away."""
    with pytest.raises(UserError) as refused:
        parse_month(typed, today=date(2026, 11, 24))
    assert refused.value.key == key


def test_a_gap_is_where_no_one_was_planned() -> None:
    """A hole in a schedule is marked, though the policy's person has it; nights that are theirs are not."""
    start = datetime(2026, 12, 1, tzinfo=TOKYO)
    turns = Rotation(("ai",), 1, Unit.DAYS, date(2026, 12, 3), time(0), TOKYO)
    later = Roster("ben", HOURS, [Layer(turns)], [Shift("cho", start + 3 * DAY, start + 4 * DAY)])
    assert [
        (each.person, each.is_gap, each.is_override) for each in month_shifts(later, start, start + 5 * DAY)
    ] == [
        ("ben", True, False),
        ("ai", False, False),
        ("cho", False, True),
        ("ai", False, False),
    ]
    by_day = Roster("ben", HOURS, [Layer(replace(turns, starts_on=date(2026, 1, 1)), Applies.BUSINESS_HOURS)])
    assert not any(each.is_gap for each in month_shifts(by_day, start, start + 5 * DAY))
    assert not any(each.is_gap for each in month_shifts(Roster("ben", HOURS), start, start + DAY))


async def december(desk: Desk) -> PlaceMonth:
    """A rotation by weeks, a stand-in for a night, and a day that an import leaves out."""
    turns = Rotation(("8", "9"), 1, Unit.WEEKS, date(2024, 1, 1), time(10), TOKYO)
    await put_rotation(desk, "primary", [AI, BEN], turns)
    night = datetime(2026, 12, 9, 21, tzinfo=TOKYO)
    new = NewOverride("primary", CHO, night, night + timedelta(hours=12))
    await oncall_of(desk).schedules.override(GUILD, new, by=PRIMARY)
    [found] = await oncall_of(desk).schedules.month(GUILD, DECEMBER, "primary")
    return found


def chart_of(voice: Voice, month: PlaceMonth) -> MonthChart:
    """Return the calendar of a month."""
    [picture] = month_pictures(voice, [month])
    assert isinstance(picture.chart, MonthChart)
    return picture.chart


async def test_every_day_says_who_and_from_when(desk: Desk) -> None:
    """Days have their handovers, stand-ins and days off; a person has one colour in the whole month."""
    month = await december(desk)
    chart = chart_of(screens.JA, month)
    assert (chart.title, chart.first, len(chart.days)) == ("2026 年 12 月の当番 · primary (JST)", 1, 31)
    before, at = chart.days[5], chart.days[6]
    assert [(each.person, each.at) for each in at.shifts] == [
        (before.shifts[0].person, ""),
        (1 - before.shifts[0].person, "10:00"),
    ]
    [_, night] = chart.days[8].shifts
    assert (chart.people[night.person], night.at, night.is_override) == ("Cho", "21:00", True)
    assert [(each.at, each.is_override) for each in chart.days[9].shifts] == [("", True), ("09:00", False)]
    assert [number for number, day in enumerate(chart.days[:13], 1) if day.note] == [5, 6, 12, 13]
    assert (chart.override, chart.gap) == ("白枠：代理・交換", "")
    assert chart.people == ("Ai", "Ben", "Cho")


async def test_the_past_is_shown_as_it_was(desk: Desk) -> None:
    """A month that is over has the people of then, although the schedule has changed since."""
    await oncall_of(desk).schedules.set_person(GUILD, "primary", AI, by=PRIMARY)
    began = desk.clock.time.astimezone(TOKYO).date()
    await desk.database.advance(40 * DAY)
    await oncall_of(desk).schedules.set_person(GUILD, "primary", BEN, by=PRIMARY)
    [month] = await oncall_of(desk).schedules.month(GUILD, began.replace(day=1), "primary")
    chart = chart_of(screens.JA, month)
    last = chart.days[-1].shifts[0]
    assert chart.people[last.person] == "Ai"
    assert not any(day.is_today for day in chart.days)


async def test_holes_of_an_import_are_marked(desk: Desk) -> None:
    """A day between imported shifts belongs to the policy's person, and is marked as not planned."""
    starts = datetime(2026, 12, 1, tzinfo=TOKYO)
    shifts = (Shift("8", starts, starts + 3 * DAY), Shift("8", starts + 4 * DAY, starts + 31 * DAY))
    async with desk.own_store.transaction() as tx:
        await OnCallEntries(tx.sql).add_schedule(
            GUILD, "primary", Content({"8": AI}, shifts=shifts), by=PRIMARY
        )
    [month] = await oncall_of(desk).schedules.month(GUILD, DECEMBER, "primary")
    chart = chart_of(screens.EN, month)
    assert [number for number, day in enumerate(chart.days, 1) if day.shifts[0].is_gap] == [4]
    assert chart.gap


async def test_each_place_has_a_month_unless_one_is_named(desk: Desk) -> None:
    """The first places are shown, in the policy's order; an unknown one is refused by name."""
    months = await oncall_of(desk).schedules.month(GUILD, DECEMBER, None)
    assert [each.place for each in months] == ["primary", "secondary"]
    with pytest.raises(UserError) as refused:
        await oncall_of(desk).schedules.month(GUILD, DECEMBER, "tertiary")
    assert refused.value.key == "oncall_no_place"


@pytest.mark.parametrize("voice", screens.VOICES)
async def test_without_a_picture_the_shifts_are_listed(desk: Desk, voice: Voice) -> None:
    """The list fits and names everybody; with the picture it is the picture's description instead."""
    month = await december(desk)
    listed = month_screen(voice, [month, replace(month, place="x" * 24)], (), place=None)
    assert screens.over_limits(listed) == []
    assert screens.words(listed).count("Cho") == 2
    assert [re.fullmatch(MONTH, each) is not None for each in screens.presses(listed)] == [True, True]
    [picture] = month_pictures(voice, [month])
    shown = month_screen(
        voice, [month], [DrawnChart(picture.filename, picture.description, b"")], place="primary"
    )
    assert "Cho" not in screens.words(shown)
    assert screens.presses(shown) == ["onc:v1:month:primary:2026-11", "onc:v1:month:primary:2027-01"]
    assert picture.description.splitlines()[0].endswith(("Ai", "Ben"))


async def test_the_worker_draws_it(desk: Desk, tmp_path: Path) -> None:
    """The chart goes to the worker and back, with a day of many shifts and a name that is far too long."""
    month = await december(desk)
    chart = chart_of(screens.JA, month)
    hourly = replace(
        chart.days[0], shifts=tuple(DayShift(person=0, at=f"{hour:02}:00") for hour in range(24))
    )
    chart = replace(chart, days=(hourly, *chart.days[1:]), people=("佐藤" * 12, "Ben", "Cho"))
    [picture] = month_pictures(screens.JA, [month])
    [made] = await drawn(WorkerCharts(tmp_path), [replace(picture, chart=chart)], within_s=60)
    assert made.png.startswith(b"\x89PNG")
