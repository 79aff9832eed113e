"""When the owner of an action item is reminded: two business days before it is due, on the day, then weekly.

A reminder comes as business hours begin, on a business day. Only the due date and the clock decide when the
next one is, so an item whose reminder came late, or whose due date was moved, needs no account of the past.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Final

from bot.domain.actions.due_dates import business_days_on
from bot.domain.calendar.business_time import BusinessHours, local_moment

#: How many business days before it is due the owner hears of it first.
AHEAD: Final = 2
#: From this week after the due date on, the incident's thread is asked.
THREAD_FROM_WEEK: Final = 2

_DAYS: Final = 7


class ActionReminderStage(StrEnum):
    """How a reminder of an action item relates to its due date."""

    AHEAD = "ahead"
    TODAY = "today"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class ActionReminder:
    """One reminder.

    Attributes:
        at: When it is due, aware.
        week: Weeks since the due date, 0 until the first of them has passed.
    """

    stage: ActionReminderStage
    at: datetime
    week: int = 0

    @property
    def is_for_thread(self) -> bool:
        """Return True if the owner has had DMs enough: the incident's thread is asked."""
        return self.week >= THREAD_FROM_WEEK


def next_reminder(due_on: date, hours: BusinessHours, *, after: datetime) -> ActionReminder:
    """Return the first reminder later than *after* (aware) of an item that is due on a local day."""
    return next(reminder for reminder in _all(due_on, hours) if reminder.at > after)


def reminder_now(due_on: date, hours: BusinessHours, *, now: datetime) -> ActionReminder:
    """Return the reminder that is right at *now* (aware), however late; the first one if none is due yet."""
    found = ActionReminder(ActionReminderStage.AHEAD, now)
    for reminder in _all(due_on, hours):
        if reminder.at > now:
            return found
        found = reminder
    raise AssertionError("reminders never end")


def daytime(hours: BusinessHours, *, now: datetime) -> datetime:
    """Return *now* (aware) if it is within business hours, else when they begin next."""
    if hours.is_open(now):
        return now
    return next(at for day in count() if (at := _start(hours, now, ahead=day)) is not None)


def _start(hours: BusinessHours, now: datetime, *, ahead: int) -> datetime | None:
    """Return when business begins *ahead* days after the local day of *now*, if it does, later than *now*."""
    day = now.astimezone(hours.timezone).date() + timedelta(days=ahead)
    at = local_moment(day, hours.starts, timezone=hours.timezone)
    return at if hours.is_business_day(day) and at > now else None


def _all(due_on: date, hours: BusinessHours) -> Iterator[ActionReminder]:
    yield ActionReminder(ActionReminderStage.AHEAD, _morning(business_days_on(due_on, -AHEAD, hours), hours))
    yield ActionReminder(ActionReminderStage.TODAY, _morning(due_on, hours))
    for week in count(1):
        day = due_on + timedelta(days=_DAYS * week)
        yield ActionReminder(ActionReminderStage.OVERDUE, _morning(day, hours), week)


def _morning(day: date, hours: BusinessHours) -> datetime:
    """Return when business begins on *day*, or on the first business day after it."""
    at = day if hours.is_business_day(day) else business_days_on(day, 1, hours)
    return local_moment(at, hours.starts, timezone=hours.timezone)
