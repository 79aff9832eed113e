"""How time on call is split by kind."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import ConfigError
from bot.domain.oncall.rotation import Shift
from bot.domain.statistics.load import NO_SLEEP, SleepHours
from cogs.hours.rules import NIGHT, HourCalendar, HourRules, Hours
from tests.cogs.hours.conftest import policy_with_hours
from tests.unit.domain.oncall.test_roster import HOURS, TOKYO, ZONES

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def split(
    start: datetime, end: datetime, *, zone: ZoneInfo = TOKYO, night: SleepHours = NIGHT
) -> tuple[float, float, float, float]:
    """Return the hours of one shift: weekday, night, weekend, holiday."""
    calendar = HourCalendar(replace(HOURS, timezone=zone), night)
    hours = calendar.split([Shift("ai", start, end)])["ai"]
    return tuple(each / HOUR for each in (hours.weekday, hours.night, hours.weekend, hours.holiday))  # type: ignore[return-value]


def test_a_week_is_split_and_each_hour_counts_once() -> None:
    """Monday is a holiday: its night is one, too; Friday's night ends where the weekend begins."""
    monday = datetime(2026, 11, 23, tzinfo=TOKYO)
    # Tuesday to Friday: nights 0-5 and 22-24; the rest is by day.
    assert split(monday, monday + timedelta(days=7)) == (4 * 17, 4 * 7, 48, 24)


def test_the_night_can_be_left_out_or_lie_within_a_day() -> None:
    """`none` counts nights as weekdays; a span need not go over midnight."""
    tuesday = datetime(2026, 11, 24, tzinfo=TOKYO)
    day = timedelta(days=1)
    assert split(tuesday, tuesday + day, night=NO_SLEEP) == (24, 0, 0, 0)
    assert split(tuesday, tuesday + day, night=SleepHours(time(1), time(6))) == (19, 5, 0, 0)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 29), 23),  # 02:00 is skipped
        (date(2026, 10, 25), 25),  # 02:00 comes twice
    ],
)
def test_the_night_of_a_clock_change_has_the_hours_that_pass(day: date, hours: int) -> None:
    """What passes is counted, not what the clock shows."""
    start, end = (datetime.combine(each, time(), BERLIN) for each in (day, day + timedelta(days=1)))
    assert split(start, end, zone=BERLIN) == (0, 0, hours, 0)
    working = replace(HOURS, timezone=BERLIN, days=tuple(type(HOURS.days[0])), holidays=())
    found = HourCalendar(working, NIGHT).split([Shift("ai", start, end)])["ai"]
    assert (found.weekday / HOUR, found.night / HOUR) == (17, hours - 17)


def test_two_places_at_once_count_once() -> None:
    """A person at two places has the hours of the longer stretch; another person has their own."""
    at = datetime(2026, 11, 24, 9, tzinfo=TOKYO)
    shifts = [
        Shift("ai", at, at + 4 * HOUR),
        Shift("ai", at + 2 * HOUR, at + 6 * HOUR),
        Shift("ben", at, at + HOUR),
    ]
    assert HourCalendar(HOURS, NIGHT).split(shifts) == {
        "ai": Hours(weekday=6 * HOUR),
        "ben": Hours(weekday=HOUR),
    }


@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  # the zone is added
    held=st.timedeltas(timedelta(minutes=1), timedelta(days=40)),
)
def test_no_hour_is_lost_or_counted_twice(zone: str, start: datetime, held: timedelta) -> None:
    """The kinds add up to the time that passed, in every zone."""
    at = start.replace(tzinfo=ZoneInfo(zone)).astimezone(TOKYO)
    calendar = HourCalendar(replace(HOURS, timezone=ZoneInfo(zone)), NIGHT)
    assert calendar.split([Shift("ai", at, at + held)])["ai"].total == held


def test_the_table_says_what_night_is() -> None:
    """`[hours]` alone takes the night of Japanese labour law; a wrong value is one clear line."""
    assert policy_with_hours().of(HourRules) == HourRules(SleepHours(time(22), time(5)))
    named = policy_with_hours('[hours]\nnight = "23:00-06:00"').of(HourRules)
    assert named.night == SleepHours(time(23), time(6))
    with pytest.raises(
        ConfigError, match=r'^hours\.night: "late" is not a span of hours; allowed: two times'
    ):
        policy_with_hours('[hours]\nnight = "late"')
