"""Weeks, months and quarters, and what a part of one is compared with."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.statistics.period import Period, PeriodKind, Span, so_far

TOKYO = ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "said", "first", "last"),
    [
        ("week", "2026-W48", date(2026, 11, 23), date(2026, 11, 29)),
        (" Month ", "2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("quarter", "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026-w53", "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2026-2", "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("２０２６－Ｗ４７", "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        ("２０２６－２", "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-q1", "2024-Q1", date(2024, 1, 1), date(2024, 3, 31)),
    ],
)
def test_a_period_as_people_type_it(text: str, said: str, first: date, last: date) -> None:
    """A period is read from a word, an ISO week, a month or a quarter, whatever the case of its letters."""
    period = Period.parse(text, today=TODAY)
    assert (str(period), period.first, period.last) == (said, first, last)


@pytest.mark.parametrize("text", ["", "year", "2026", "2026-13", "2026-W54", "2026-Q5", "1999-11", "０-1"])
def test_what_is_no_period(text: str) -> None:
    """A text that names no week, month or quarter is refused, and so is a period before Discord existed."""
    with pytest.raises(ValueError):  # noqa: PT011  # its text is shown to nobody
        Period.parse(text, today=TODAY)


@given(st.dates(date(2016, 1, 1), date(2060, 1, 1)), st.sampled_from(PeriodKind))
def test_periods_follow_each_other(day: date, kind: PeriodKind) -> None:
    """The one before ends where it begins; written and read again it is the same."""
    period = Period.containing(day, kind)
    assert period.first <= day <= period.last
    assert period.previous.after == period.first
    assert Period.containing(period.after, kind).previous == period
    assert Period.parse(str(period), today=TODAY) == period


def test_a_period_that_is_over_is_compared_with_the_whole_one_before() -> None:
    """A week that is over is taken as a whole, and compared with the whole week before it."""
    week = Period.parse("2026-W47", today=TODAY)
    whole, before = so_far(week, TOKYO, now=datetime(2026, 11, 24, 12, tzinfo=TOKYO))
    assert whole == week.span(TOKYO)
    assert before == week.previous.span(TOKYO)


def test_a_period_that_goes_on_is_compared_with_the_same_stretch() -> None:
    """Tuesday noon with Tuesday noon: else each Tuesday would look better than the week before."""
    now = datetime(2026, 11, 24, 12, tzinfo=TOKYO)
    part, before = so_far(Period.parse("week", today=TODAY), TOKYO, now=now)
    assert part == Span(datetime(2026, 11, 23, tzinfo=TOKYO), now)
    assert before == Span(datetime(2026, 11, 16, tzinfo=TOKYO), now - timedelta(days=7))


def test_the_stretch_ends_with_the_period_before() -> None:
    """The stretch to compare with ends with the previous period: March 30 has no counterpart in February."""
    now = datetime(2026, 3, 31, 12, tzinfo=TOKYO)
    _, before = so_far(Period.parse("month", today=now.date()), TOKYO, now=now)
    assert before == Period.parse("2026-02", today=TODAY).span(TOKYO)


def test_a_naive_moment_is_refused() -> None:
    """A span refuses a time without a zone, since a query would read it in the server's zone."""
    with pytest.raises(ValueError, match="aware"):
        Span(datetime(2026, 11, 24), datetime(2026, 11, 25, tzinfo=UTC))  # noqa: DTZ001
