"""Working days: when "the next business day" is. Source: the runbook, SEV3 翌営業日対応 / 朝の triage."""

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Weekday(StrEnum):
    """A day of the week, named as APScheduler's ``day_of_week`` names it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def number(self) -> int:
        """Return 0 for Monday to 6 for Sunday, as `datetime.date.weekday` counts."""
        return list(Weekday).index(self)


_WEEK = tuple(Weekday)

WORKING_WEEK = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)

# Longer than any holiday season: past this the calendar itself is wrong.
_SEARCH_DAYS = 366


def next_business_day(
    at: datetime,
    *,
    timezone: ZoneInfo,
    holidays: Container[date],
    starts: time,
    days: Collection[Weekday] = WORKING_WEEK,
) -> datetime:
    """Return the first business day after the local date of *at*, at *starts*.

    An alert at 02:00 on a Tuesday is due on Wednesday, as 翌営業日 reads, even though Tuesday's
    business has not begun.

    Args:
        at: Aware.
        timezone: Where the days are counted.
        holidays: Local dates without business, besides the weekdays not in *days*.
        starts: Local time; one that a DST change skips moves on by the gap.
        days: The working weekdays.

    Returns:
        Aware, in *timezone*, later than *at*.

    Raises:
        ValueError: *at* is naive, or there is no business day within a year.
    """
    if at.tzinfo is None:
        raise ValueError("a business day needs an aware moment")
    working = {day.number for day in days}
    today = at.astimezone(timezone).date()
    for ahead in range(1, _SEARCH_DAYS + 1):
        day = today + timedelta(days=ahead)
        if day.weekday() in working and day not in holidays:
            return local_moment(day, starts, timezone=timezone)
    raise ValueError(f"no business day within a year of {today}")


def local_moment(day: date, at: time, *, timezone: ZoneInfo) -> datetime:
    """Return a local time as an aware datetime; a time that a DST change skips moves on by the gap."""
    # Through UTC: only there does 02:30 on the night it is skipped become 03:30, a time that exists.
    return datetime.combine(day, at, tzinfo=timezone).astimezone(UTC).astimezone(timezone)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When the team works.

    Attributes:
        starts, ends: Local times of a business day; starts < ends.
        triage_by: Local time by which the morning triage has looked at everything.
        days: The working weekdays.
        holidays: Local dates without business.
    """

    timezone: ZoneInfo
    starts: time
    ends: time
    triage_by: time
    days: tuple[Weekday, ...]
    holidays: Container[date]

    def is_business_day(self, day: date) -> bool:
        """Return True for a local date with business."""
        return _WEEK[day.weekday()] in self.days and day not in self.holidays

    def business_days_after(self, day: date, count: int) -> date:
        """Return the *count*-th business day after the local date *day*.

        Raises:
            ValueError: there is none within a year of the one before.
        """
        for _ in range(count):
            day = self._business_day(day, step=timedelta(days=1))
        return day

    def business_day_before(self, day: date) -> date:
        """Return the last business day before the local date *day*. Raises as `business_days_after`."""
        return self._business_day(day, step=timedelta(days=-1))

    def _business_day(self, day: date, *, step: timedelta) -> date:
        """Return the nearest business day from *day* on in the direction of *step*, without *day* itself."""
        for ahead in range(1, _SEARCH_DAYS + 1):
            if self.is_business_day(other := day + ahead * step):
                return other
        raise ValueError(f"no business day within a year of {day}")

    def opening(self, at: datetime) -> datetime:
        """Return *at* (aware) if business is open then, else when it opens next, in UTC.

        Raises:
            ValueError: as `business_days_after`.
        """
        if self.is_open(at):
            return at
        day = at.astimezone(self.timezone).date() - timedelta(days=1)  # as of `is_open`
        while (hours := self._hours(day)) is None or hours[0] <= at:
            day = self.business_days_after(day, 1)
        return hours[0]

    def is_open(self, at: datetime) -> bool:
        """Return True if *at* (aware) is within business hours; the end itself is outside.

        Moments are compared, not wall times: an hour that comes twice opens and closes business once, as
        `changes` says.
        """
        day = at.astimezone(self.timezone).date()
        # A closing at 23:01 is at 00:01 if the clocks skip the hour before midnight, as in Greenland.
        both_days = (self._hours(day), self._hours(day - timedelta(days=1)))
        return any(hours is not None and hours[0] <= at < hours[1] for hours in both_days)

    def changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield in order when business opens and closes, in UTC, from before *start* until after *end*."""
        day, last = start.astimezone(self.timezone).date(), end.astimezone(self.timezone).date()
        day -= timedelta(days=1)  # as of `is_open`
        spans: list[tuple[datetime, datetime]] = []
        while day <= last:
            if (hours := self._hours(day)) is not None:
                if spans and hours[0] <= spans[-1][1]:  # a closing after midnight, as of `is_open`
                    hours = (spans.pop()[0], hours[1])
                spans.append(hours)
            day += timedelta(days=1)
        for span in spans:
            yield from span

    def _hours(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when business opens and closes on a local date, in UTC.

        None if it does not: on no business day, or if the clocks skip all of it.
        """
        if not self.is_business_day(day):
            return None
        opens, closes = (
            local_moment(day, at, timezone=self.timezone).astimezone(UTC) for at in (self.starts, self.ends)
        )
        return (opens, closes) if opens < closes else None

    def next_morning(self, at: datetime) -> datetime:
        """Return the next time after *at* (aware) at which business begins, or would on a business day."""
        today = at.astimezone(self.timezone).date()
        days = (today + timedelta(days=ahead) for ahead in range(3))
        mornings = (local_moment(day, self.starts, timezone=self.timezone) for day in days)
        return next(morning for morning in mornings if morning > at)

    def next_triage(self, at: datetime) -> datetime:
        """Return when the next business day's morning triage is over: the ``next_business_day`` deadline.

        Raises:
            ValueError: as `next_business_day`.
        """
        return next_business_day(
            at, timezone=self.timezone, holidays=self.holidays, starts=self.triage_by, days=self.days
        )
