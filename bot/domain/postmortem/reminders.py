"""The reminders of a postmortem: to its owner a business day before and after its date, then in the thread.

All of them come when business opens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.calendar.business_time import BusinessHours, local_moment
from bot.domain.incident.aftermath import Postmortem, PostmortemReminderStage


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder of a postmortem, and when it is due (UTC)."""

    stage: PostmortemReminderStage
    at: datetime


def reminders_of(owed: Postmortem, hours: BusinessHours) -> Iterator[Reminder]:
    """Yield all reminders of a postmortem, in order."""
    before = hours.business_day_before(owed.due_on)
    after = hours.business_days_after(owed.due_on, 1)
    days = (before, after, hours.business_days_after(after, 1))
    for stage, day in zip(PostmortemReminderStage, days, strict=True):
        yield Reminder(stage, local_moment(day, hours.starts, timezone=hours.timezone).astimezone(UTC))


def left(owed: Postmortem, hours: BusinessHours) -> list[Reminder]:
    """Return the reminders that come after the last one that was sent."""
    stages = list(PostmortemReminderStage)
    sent = -1 if owed.reminded is None else stages.index(owed.reminded)
    return [one for one in reminders_of(owed, hours) if stages.index(one.stage) > sent]


def following(owed: Postmortem, hours: BusinessHours, *, now: datetime) -> Reminder | None:
    """Return the first reminder that is due after *now*; None if none is left."""
    return next((one for one in left(owed, hours) if one.at > now), None)


def due(owed: Postmortem, hours: BusinessHours, *, now: datetime) -> Reminder | None:
    """Return the reminder to send at *now*, the latest if several are late; None if none is due."""
    late = [one for one in left(owed, hours) if one.at <= now]
    return late[-1] if late else None
