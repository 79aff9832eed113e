"""Due dates as people type them, in both languages."""

from datetime import date, timedelta

import pytest

from bot.domain.calendar.typed_times import (
    LATEST,
    DueDatePast,
    DueDateTooFar,
    InvalidDueDate,
    MissingDueDate,
    business_days_on,
    parse_due_date,
)
from bot.domain.errors import UserError
from bot.runbook import load_policy

HOURS = load_policy(None).business_hours
TODAY = date(2026, 11, 25)  # a Wednesday; Monday was a holiday (勤労感謝の日)


def due(text: str, *, today: date = TODAY) -> date:
    """The day that *text* means."""
    return parse_due_date(text, today=today, hours=HOURS)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-05", date(2026, 12, 5)),
        ("2026/12/05", date(2026, 12, 5)),
        ("12/5", date(2026, 12, 5)),
        ("１２／５", date(2026, 12, 5)),
        ("12月5日", date(2026, 12, 5)),
        ("2027年1月5日", date(2027, 1, 5)),
        ("1/10", date(2027, 1, 10)),
        ("今日", TODAY),
        ("today", TODAY),
        ("明日中に", date(2026, 11, 26)),
        ("あさって", date(2026, 11, 27)),
        ("金曜", date(2026, 11, 27)),
        ("金曜日まで", date(2026, 11, 27)),
        ("by friday", date(2026, 11, 27)),
        ("水曜", date(2026, 12, 2)),
        ("今週金曜", date(2026, 11, 27)),
        ("来週金曜", date(2026, 12, 4)),
        ("来週の金曜日", date(2026, 12, 4)),
        ("再来週月曜", date(2026, 12, 7)),
        ("next friday", date(2026, 12, 4)),
        ("Next Tue", date(2026, 12, 1)),
        ("週末", date(2026, 11, 27)),
        ("来週末", date(2026, 12, 4)),
        ("月末", date(2026, 11, 30)),
        ("来月末", date(2026, 12, 31)),
        ("end of next month", date(2026, 12, 31)),
        ("3日後", date(2026, 11, 28)),
        ("in 3 days", date(2026, 11, 28)),
        ("2週間後", date(2026, 12, 9)),
        ("２週間以内", date(2026, 12, 9)),
        ("in 2 weeks", date(2026, 12, 9)),
        ("1か月後", date(2026, 12, 25)),
        ("3 営業日後", date(2026, 11, 30)),
        ("5 business days", date(2026, 12, 2)),
        ("in 5 business days", date(2026, 12, 2)),
    ],
)
def test_a_day_is_understood(text: str, day: date) -> None:
    """A date without a year is the next one; a weekday alone is the next one after today."""
    assert due(text) == day


def test_a_weekend_that_has_passed_is_the_next_one() -> None:
    """週末 on a Saturday: the last business day of the coming week."""
    assert due("週末", today=date(2026, 11, 28)) == date(2026, 12, 4)


@pytest.mark.parametrize("today", [date(2026, 1, 31), date(2027, 12, 31), date(2028, 2, 29)])
def test_a_month_ahead_is_a_day_that_exists(today: date) -> None:
    """January 31 and a month is the end of February."""
    found = due("1 month", today=today)
    assert (found.month - today.month) % 12 == 1
    assert timedelta(days=28) <= found - today <= timedelta(days=31)


@pytest.mark.parametrize("text", ["2/30", "13/1", "いつか", "soon", "x" * 200, "99999-01-01", "12/5 と 12/6"])
def test_what_is_no_day_is_refused_with_examples(text: str) -> None:
    """The examples can be typed as they are."""
    with pytest.raises(InvalidDueDate) as refused:
        due(text)
    assert refused.value.key == "action_item.due_unreadable"
    for example in ("example", "example_iso"):
        assert due(str(refused.value.fields[example])) == TODAY + timedelta(days=14)


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_an_empty_one_is_missing(text: str) -> None:
    """An empty due date is refused as missing, not as unreadable."""
    with pytest.raises(MissingDueDate):
        due(text)


@pytest.mark.parametrize("text", ["11/20", "2026-11-24", "2025/12/31"])
def test_a_day_that_has_passed_is_refused(text: str) -> None:
    """A due date that has passed is refused as a slip, and not taken for next year's."""
    with pytest.raises(DueDatePast):
        due(text)


def test_a_wish_is_refused() -> None:
    """A due date a year ahead is taken, and a later one is refused."""
    assert due((TODAY + LATEST).isoformat()) == TODAY + LATEST
    with pytest.raises(DueDateTooFar):
        due((TODAY + LATEST + timedelta(days=1)).isoformat())


@pytest.mark.parametrize("refusal", [MissingDueDate, InvalidDueDate, DueDatePast, DueDateTooFar])
def test_every_refusal_is_a_persons_to_mend(refusal: type[Exception]) -> None:
    """The refusal of a due date is a `UserError`, which a person corrects, and not a bug."""
    assert issubclass(refusal, UserError)


def test_business_days_are_counted_over_holidays_both_ways() -> None:
    """11/23 is a holiday: two business days before Wednesday 11/25 is Friday 11/20."""
    assert business_days_on(date(2026, 11, 25), -2, HOURS) == date(2026, 11, 20)
    assert business_days_on(date(2026, 11, 20), 2, HOURS) == date(2026, 11, 25)
