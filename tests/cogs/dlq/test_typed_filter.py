"""Read a DLQ filter as people type it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.dlq.views import NO_ANSWER, DlqFilter
from bot.domain.errors import UserError
from cogs.dlq.rules import with_period, with_status

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=TOKYO)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of that November."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("typed", "hours", "since", "until"),
    [
        ("", 24, None, None),
        ("3h", 3, None, None),
        ("90分", 2, None, None),
        ("７日", 168, None, None),
        ("1h30m", 2, None, None),
        ("13:05", 24, at(24, 13, 5), None),
        ("昨日 23:00〜", 24, at(23, 23), None),
        ("昨日 23:00〜今日 9:00", 24, at(23, 23), at(24, 9)),
        ("2026-11-20 10:00 - 2026-11-20 12:30", 24, at(20, 10), at(20, 12, 30)),
        ("yesterday 23:00 to 9:00", 24, at(23, 23), at(24, 9)),
        ("11/20 10:00 から 11/20 11:00", 24, at(20, 10), at(20, 11)),
        ("5分前", 24, at(24, 13, 55), None),
    ],
)
def test_periods(typed: str, hours: int, since: datetime | None, until: datetime | None) -> None:
    """A typed period of the DLQ filter is read as hours back, as a beginning, or as beginning and end."""
    found = with_period(DlqFilter(severity="P0"), typed, now=NOW, timezone=TOKYO)
    assert found == DlqFilter(severity="P0", hours=hours, since=since, until=until)


@pytest.mark.parametrize(
    "typed",
    [
        "さっき",
        "30 年",
        "今日 23:00〜",
        "2020-01-01 10:00〜",
        "0h",
        "31日",
        "〜9:00",
        "9:00〜8:00",
        "2026-01",
        "99999999999日",
        "x" * 300,
    ],
)
def test_periods_that_cannot_be_read(typed: str) -> None:
    """Nonsense, nothing, too long ago, without a beginning, or with the end first."""
    with pytest.raises(UserError, match="dlq_period_unreadable"):
        with_period(DlqFilter(), typed, now=NOW, timezone=TOKYO)


@pytest.mark.parametrize(
    ("typed", "http", "status"),
    [
        ("", None, None),
        ("503", 503, None),
        ("HTTP 429", 429, None),
        ("http503 failed", 503, "failed"),
        ("応答なし", NO_ANSWER, None),
        ("No answer, GAVE_UP", NO_ANSWER, "GAVE_UP"),
        ("resolved", None, "resolved"),
        ("ＨＴＴＰ　５０３", 503, None),
        ("5030", None, "5030"),
    ],
)
def test_typed_status(typed: str, http: int | None, status: str | None) -> None:
    """One HTTP status and one state, in either order; a state keeps its capitals."""
    assert with_status(DlqFilter(), typed) == DlqFilter(http_status=http, status=status)


@pytest.mark.parametrize("typed", ["503 404", "failed resolved", "failed 503 sent"])
def test_two_of_a_kind_are_refused(typed: str) -> None:
    """A list has one of each."""
    with pytest.raises(UserError, match="dlq_status_unreadable"):
        with_status(DlqFilter(), typed)
