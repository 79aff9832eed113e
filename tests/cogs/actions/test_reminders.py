"""When an owner is reminded: by the due date and the clock alone, in the daytime of business days."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some

from bot.runbook import load_policy
from cogs.actions.rules import (
    ActionReminder,
    ActionReminderStage,
    daytime,
    next_reminder,
    reminder_now,
)

HOURS = load_policy(None).business_hours
JST = ZoneInfo("Asia/Tokyo")


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of 2026, local."""
    return datetime(2026, month, day, hour, minute, tzinfo=JST)


def coming(due_on: date, *, after: datetime, count: int) -> list[ActionReminder]:
    """The next reminders."""
    found: list[ActionReminder] = []
    for _ in range(count):
        found.append(next_reminder(due_on, HOURS, after=found[-1].at if found else after))
    return found


def test_two_business_days_before_then_on_the_day_then_weekly() -> None:
    """Due on Wednesday 11/25: Monday 11/23 is a holiday, so the first one is on Friday."""
    found = coming(date(2026, 11, 25), after=at(11, 1), count=5)
    assert [(one.stage, one.at, one.week) for one in found] == [
        (ActionReminderStage.AHEAD, at(11, 20), 0),
        (ActionReminderStage.TODAY, at(11, 25), 0),
        (ActionReminderStage.OVERDUE, at(12, 2), 1),
        (ActionReminderStage.OVERDUE, at(12, 9), 2),
        (ActionReminderStage.OVERDUE, at(12, 16), 3),
    ]
    assert [one.is_for_thread for one in found] == [False, False, False, True, True]


def test_what_is_due_on_a_day_off_is_asked_for_on_the_next_business_day() -> None:
    """The reminder on the due date comes on Monday if that date is a Saturday."""
    assert [one.at for one in coming(date(2026, 11, 28), after=at(11, 1), count=2)] == [
        at(11, 26),
        at(11, 30),
    ]


def test_an_item_that_is_added_late_skips_what_has_passed() -> None:
    """Due today, added in the afternoon: the next one comes in a week."""
    assert next_reminder(date(2026, 11, 25), HOURS, after=at(11, 25, 15)).at == at(12, 2)
    assert next_reminder(date(2026, 11, 25), HOURS, after=at(11, 24, 15)).stage is ActionReminderStage.TODAY


def test_a_late_reminder_says_what_is_true_now() -> None:
    """The bot was away over the due date."""
    due_on = date(2026, 11, 25)
    assert reminder_now(due_on, HOURS, now=at(11, 27)).stage is ActionReminderStage.TODAY
    assert reminder_now(due_on, HOURS, now=at(12, 20)).week == 3
    assert reminder_now(due_on, HOURS, now=at(11, 2)).stage is ActionReminderStage.AHEAD


def test_daytime_is_now_or_the_next_opening() -> None:
    """At night, at a weekend and over a holiday, a reminder waits until business opens."""
    assert daytime(HOURS, now=at(11, 25, 15)) == at(11, 25, 15)
    assert daytime(HOURS, now=at(11, 25, 3)) == at(11, 25)
    assert daytime(HOURS, now=at(11, 20, 19)) == at(11, 24)


@given(
    due=some.dates(date(2026, 1, 1), date(2028, 12, 31)),
    before=some.integers(0, 60 * 24 * 60),
)
def test_reminders_are_in_order_and_in_the_daytime(due: date, before: int) -> None:
    """For any due date, each reminder comes later than the one before, and within business hours."""
    start = datetime(due.year, due.month, due.day, tzinfo=JST) - timedelta(minutes=before)
    found = coming(due, after=start, count=6)
    assert all(one.at < other.at for one, other in pairwise(found))
    assert all(HOURS.is_open(one.at) for one in found)
    assert all(reminder_now(due, HOURS, now=one.at).at <= one.at for one in found)
