"""The next business day, in zones with and without DST."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.domain.calendar.business_time import (
    WORKING_WEEK,
    BusinessHours,
    Weekday,
    local_moment,
    next_business_day,
)

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
TEN = time(10)
#: Zones whose clocks change in different ways: by half an hour, at midnight, around Ramadan, or never.
ZONES = [
    *("Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("Atlantic/Azores", "Pacific/Apia", "America/Santiago", "America/Nuuk", "America/Scoresbysund"),
    *("Asia/Beirut", "America/Havana", "Asia/Tehran", "Africa/Cairo"),
]


def tokyo(text: str) -> datetime:
    """That local time in Japan."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24 14:00", "2026-11-25 10:00"),  # Tuesday -> Wednesday
        ("2026-11-24 02:00", "2026-11-25 10:00"),  # before business: still the day after
        ("2026-11-20 18:00", "2026-11-24 10:00"),  # Friday -> over the weekend and 勤労感謝の日
        ("2026-11-21 12:00", "2026-11-24 10:00"),  # Saturday
        ("2026-11-24 23:59", "2026-11-25 10:00"),
    ],
)
def test_next_business_day(at: str, expected: str) -> None:
    """Weekends and holidays are passed over; the time of day does not matter."""
    found = next_business_day(tokyo(at), timezone=TOKYO, holidays={date(2026, 11, 23)}, starts=TEN)
    assert found == tokyo(expected)


def test_the_day_is_the_local_one() -> None:
    """The next business day follows the local date: 16:00 UTC on Monday is Tuesday in Japan already."""
    at = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
    assert next_business_day(at, timezone=TOKYO, holidays=(), starts=TEN) == tokyo("2026-11-18 10:00")


def test_other_working_weeks() -> None:
    """A team that works from Sunday to Thursday."""
    days = (Weekday.SUN, *WORKING_WEEK[:4])
    found = next_business_day(tokyo("2026-11-26 12:00"), timezone=TOKYO, holidays=(), starts=TEN, days=days)
    assert found == tokyo("2026-11-29 10:00")


def test_start_is_local_across_a_dst_change() -> None:
    """Friday in summer time -> Monday at 10:00 in winter time, an hour later in UTC."""
    at = datetime(2026, 10, 23, 12, 0, tzinfo=BERLIN)
    found = next_business_day(at, timezone=BERLIN, holidays=(), starts=TEN)
    assert found.astimezone(UTC) == datetime(2026, 10, 26, 9, 0, tzinfo=UTC)


def test_a_time_that_does_not_exist_moves_on() -> None:
    """A local time that DST skips moves on: 02:30 on the night that skips it becomes 03:30."""
    assert local_moment(date(2026, 3, 29), time(2, 30), timezone=BERLIN).time() == time(3, 30)


def test_naive_moments_are_refused() -> None:
    """A time without a zone is refused, because its day is unknown."""
    with pytest.raises(ValueError, match="aware"):
        next_business_day(datetime(2026, 11, 24), timezone=TOKYO, holidays=(), starts=TEN)  # noqa: DTZ001  # on purpose


def test_a_calendar_without_business_days_is_refused() -> None:
    """A calendar without business days is refused, so that no search for the next one goes on for ever."""
    with pytest.raises(ValueError, match="no business day"):
        next_business_day(tokyo("2026-11-24 14:00"), timezone=TOKYO, holidays=(), starts=TEN, days=())


@given(
    at=st.datetimes(
        min_value=datetime(2015, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
        max_value=datetime(2035, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    zone=st.sampled_from(ZONES),
    holidays=st.frozensets(st.dates(date(2015, 1, 1), date(2035, 2, 1)), max_size=20),
    starts=st.times().map(lambda at: at.replace(microsecond=0)),
)
def test_next_business_day_is_the_first_later_working_date(
    at: datetime, zone: str, holidays: frozenset[date], starts: time
) -> None:
    """The next business day is later, is a working date, and no working date lies between.

    The time that it starts at exists in the zone, also when the clocks change.
    """
    timezone = ZoneInfo(zone)
    found = next_business_day(at, timezone=timezone, holidays=holidays, starts=starts)
    today = at.astimezone(timezone).date()
    assert found > at
    assert found == found.astimezone(UTC).astimezone(timezone)
    between = [today + timedelta(days=n) for n in range(1, (found.date() - today).days)]
    assert all(day.weekday() >= 5 or day in holidays for day in between)
    assert found.weekday() < 5
    assert found.date() not in holidays


HOURS = BusinessHours(
    timezone=TOKYO,
    starts=TEN,
    ends=time(19),
    triage_by=time(11),
    days=WORKING_WEEK,
    holidays={date(2026, 11, 23)},
)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-24 09:59", False),
        ("2026-11-24 10:00", True),
        ("2026-11-24 18:59", True),
        ("2026-11-24 19:00", False),
        ("2026-11-23 12:00", False),
        ("2026-11-22 12:00", False),
    ],
)
def test_is_open(at: str, *, is_open: bool) -> None:
    """Business is open within the hours of a business day, the end excluded."""
    assert HOURS.is_open(tokyo(at)) is is_open


def test_business_days_are_counted_from_the_day_after() -> None:
    """Friday and one is Tuesday: over the weekend and 勤労感謝の日; and the other way round."""
    friday, tuesday = date(2026, 11, 20), date(2026, 11, 24)
    assert HOURS.business_days_after(friday, 1) == tuesday
    assert HOURS.business_days_after(friday, 5) == date(2026, 11, 30)
    assert HOURS.business_days_after(friday, 0) == friday
    assert HOURS.business_day_before(tuesday) == friday
    assert HOURS.business_day_before(date(2026, 11, 23)) == friday


def test_a_team_that_never_works_has_no_business_day() -> None:
    """A team without working days has no business day: the search ends with an error."""
    with pytest.raises(ValueError, match="no business day"):
        replace(HOURS, days=()).business_days_after(date(2026, 11, 20), 1)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-24 12:00", "2026-11-24 12:00"),
        ("2026-11-24 09:59", "2026-11-24 10:00"),
        ("2026-11-24 19:00", "2026-11-25 10:00"),
        ("2026-11-20 23:00", "2026-11-24 10:00"),
    ],
)
def test_opening_is_now_or_the_next_morning_of_business(at: str, opens: str) -> None:
    """Business opens now if it is open already, else on the next morning of a business day."""
    assert HOURS.opening(tokyo(at)) == tokyo(opens)


def test_next_triage_is_over_at_triage_by() -> None:
    """SEV3 is due when the next business day's morning triage has ended."""
    assert HOURS.next_triage(tokyo("2026-11-20 18:00")) == tokyo("2026-11-24 11:00")


def test_weekday_numbers_are_those_of_dates() -> None:
    """The weekdays are numbered from 0 to 6 in their order, as `date.weekday` counts from Monday."""
    assert [day.number for day in Weekday] == list(range(7))
    assert Weekday.MON.number == date(2026, 11, 30).weekday()


@st.composite
def hours_and_moments(draw: st.DrawFn) -> tuple[BusinessHours, datetime]:
    """Business hours in one of the zones, and a moment of 2020 to 2030.

    In a zone whose clocks change, the hours and the moment are near such a change, if not all year round.
    """
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
    turns = changes_of_clock(zone.key)
    is_near = draw(st.booleans()) and bool(turns)
    near = draw(st.sampled_from(turns) if is_near else day)
    wall = [near.astimezone(zone) + timedelta(minutes=draw(st.integers(-100, 100))) for _ in range(2)]
    times = [one.time().replace(second=0, microsecond=0) for one in wall]
    starts, ends = draw(st.sampled_from([times, [time(0), times[0]], [times[0], time(23, 59)]]))
    assume(starts != ends)
    days = draw(st.sampled_from([WORKING_WEEK, tuple(Weekday), (Weekday.SUN,)]))
    hours = BusinessHours(zone, min(starts, ends), max(starts, ends), ends, days, frozenset())
    return hours, near + timedelta(minutes=draw(st.integers(-150, 150)))


def _all_day(zone: str) -> BusinessHours:
    """Business hours from midnight to a closing that the clocks of Greenland skip once a year."""
    return BusinessHours(ZoneInfo(zone), time(0), time(23, 1), time(23, 1), tuple(Weekday), frozenset())


@cache
def changes_of_clock(zone: str) -> tuple[datetime, ...]:
    """Return the hours of 2020 to 2030 in which the clocks of a zone change."""
    first, day, hour = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=1), timedelta(hours=1)

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(ZoneInfo(zone)).utcoffset()

    days = [first + number * day for number in range(11 * 366)]
    hours = [at + number * hour for at in days if offset(at) != offset(at + day) for number in range(24)]
    return tuple(at for at in hours if offset(at) != offset(at + hour))


@example((_all_day("America/Nuuk"), datetime(2024, 3, 31, 1, tzinfo=UTC)))
@given(hours_and_moments())
def test_business_is_open_from_each_opening_to_its_closing(case: tuple[BusinessHours, datetime]) -> None:
    """Business is open at a moment if and only if its last change was an opening, in any zone and year."""
    hours, at = case
    changes = list(hours.changes(at - timedelta(days=9), at + timedelta(days=9)))
    assert changes == sorted(set(changes))
    assert len([one for one in changes if one <= at]) % 2 == hours.is_open(at)
    for nth, change in enumerate(changes):
        assert hours.is_open(change) == (nth % 2 == 0)
        assert hours.is_open(change - timedelta(microseconds=1)) == (nth % 2 == 1)


@given(hours_and_moments())
def test_business_opens_next_when_it_changes_next(case: tuple[BusinessHours, datetime]) -> None:
    """The next opening is now if business is open, else its next change."""
    hours, at = case
    later = (one for one in hours.changes(at - timedelta(days=1), at + timedelta(days=30)) if one > at)
    assert hours.opening(at) == (at if hours.is_open(at) else next(later))
