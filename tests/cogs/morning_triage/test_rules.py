"""When the morning triage gathers, and when it asks. JST; 23 November 2026 is a holiday."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours
from cogs.morning_triage.rules import end_of, first_nag, morning_of, next_gathering, next_nag

TOKYO = ZoneInfo("Asia/Tokyo")
HOURS = BusinessHours(
    timezone=TOKYO,
    starts=time(10),
    ends=time(19),
    triage_by=time(11),
    days=WORKING_WEEK,
    holidays=frozenset({date(2026, 11, 23)}),
)
HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A local time in November 2026, told in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (at(24, 9, 59), None),
        (at(24, 10), date(2026, 11, 24)),
        (at(24, 23, 59), date(2026, 11, 24)),
        (at(25, 0), None),
        (at(23, 12), None),
        (at(22, 12), None),
    ],
    ids=["too early", "on time", "late", "the night after", "a holiday", "a Sunday"],
)
def test_it_gathers_on_business_days_from_its_time_on(now: datetime, day: date | None) -> None:
    """Late rather than never, but not on the day after."""
    assert morning_of(now, HOURS, at=time(10)) == day


@pytest.mark.parametrize(
    ("now", "then"),
    [(at(24, 9, 59), at(24, 10)), (at(24, 10), at(25, 10)), (at(20, 12), at(24, 10))],
    ids=["today", "tomorrow", "after a weekend and a holiday"],
)
def test_the_next_gathering_is_on_a_business_day(now: datetime, then: datetime) -> None:
    """The next gathering is later than now, on a business day."""
    assert next_gathering(now, HOURS, at=time(10)) == then


def test_what_is_due_on_a_day_ends_with_the_local_day() -> None:
    """The day of a due date ends at local midnight, which is 15:00 UTC in Tokyo."""
    assert end_of(date(2026, 11, 24), HOURS) == datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "nag_at"),
    [
        (at(24, 10), at(24, 11)),
        (at(24, 11), at(24, 12)),
        (at(24, 15, 30), at(24, 16, 30)),
        (at(24, 18), None),
        (at(24, 22), None),
    ],
)
def test_it_asks_first_when_the_triage_should_be_over(now: datetime, nag_at: datetime | None) -> None:
    """If the post was late, the reminder comes an interval later; after business hours it does not come."""
    assert first_nag(now, HOURS, every=HOUR) == nag_at


def test_it_asks_again_within_business_hours_only() -> None:
    """The last time is before the end."""
    assert next_nag(at(24, 17), HOURS, every=HOUR) == at(24, 18)
    assert next_nag(at(24, 18), HOURS, every=HOUR) is None
