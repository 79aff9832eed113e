"""The week, month or quarter that figures are about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Self
from zoneinfo import ZoneInfo

from bot.domain.text import half_width


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week of the ISO calendar, Monday to Sunday."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "IsoWeek":
        """Return the week of *day*."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> "IsoWeek":
        """Read "2026-W47".

        Raises:
            ValueError: not an ISO week, with an example.
        """
        try:
            year, number = half_width(text).strip().upper().split("-W")
            monday = date.fromisocalendar(int(year), int(number), 1)
        except ValueError:
            raise ValueError(f"{text!r} is not an ISO week; write for example 2026-W47") from None
        return cls.of(monday)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @property
    def monday(self) -> date:
        """Return the first day of the week."""
        return date.fromisocalendar(self.year, self.number, 1)

    def previous(self) -> "IsoWeek":
        """Return the week before."""
        return IsoWeek.of(self.monday - timedelta(days=7))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return Monday 00:00 and the next Monday 00:00 in *zone*; the second is outside."""
        start = datetime.combine(self.monday, time(), zone)
        return start, datetime.combine(self.monday + timedelta(days=7), time(), zone)

    def back(self, weeks: int) -> "IsoWeek":
        """Return the week that lies *weeks* before this one."""
        return IsoWeek.of(self.monday - timedelta(days=7 * weeks))

    def last(self, weeks: int) -> Iterator["IsoWeek"]:
        """Yield the *weeks* weeks that end with this one, the earliest first."""
        return (self.back(ago) for ago in reversed(range(weeks)))


def last_week(now: datetime, zone: ZoneInfo) -> IsoWeek:
    """Return the latest ISO week that has ended at *now* in *zone*."""
    return IsoWeek.of(now.astimezone(zone).date()).previous()


_MONTHS: Final = {"month": 1, "quarter": 3}
_YEAR_MONTHS: Final = 12
_FIRST_YEAR: Final = 2015  # Discord's
_MONTH: Final = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)


class PeriodKind(StrEnum):
    """The length of a period."""

    WEEK = "week"  # of the ISO calendar
    MONTH = "month"
    QUARTER = "quarter"  # January to March is the first


@dataclass(frozen=True, slots=True)
class Span:
    """The time from *start* to *end*, both aware; the end itself is outside."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive moments: a query would read them in the server's zone."""
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a span needs aware moments")


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period.

    Attributes:
        first: Its first day.
    """

    kind: PeriodKind
    first: date

    @classmethod
    def containing(cls, day: date, kind: PeriodKind) -> Self:
        """Return the period of *kind* that contains *day*."""
        if kind is PeriodKind.WEEK:
            return cls(kind, IsoWeek.of(day).monday)
        months = _MONTHS[kind]
        return cls(kind, date(day.year, (day.month - 1) // months * months + 1, 1))

    @classmethod
    def of_week(cls, week: IsoWeek) -> Self:
        """Return an ISO week as a period."""
        return cls(PeriodKind.WEEK, week.monday)

    @classmethod
    def parse(cls, text: str, *, today: date) -> Self:
        """Read "week", "month", "quarter" (the ones of *today*), "2026-W47", "2026-11" or "2026-Q4".

        Raises:
            ValueError: it is none of these, or lies before Discord did.
        """
        typed = half_width(text).strip()
        if typed.lower() in set(map(str, PeriodKind)):
            period = cls.containing(today, PeriodKind(typed.lower()))
        elif quarter := _QUARTER.fullmatch(typed.upper()):
            period = cls(PeriodKind.QUARTER, date(int(quarter[1]), 3 * int(quarter[2]) - 2, 1))
        elif month := _MONTH.fullmatch(typed):
            period = cls(PeriodKind.MONTH, date(int(month[1]), int(month[2]), 1))
        else:
            period = cls.of_week(IsoWeek.parse(typed))
        if period.first.year < _FIRST_YEAR:
            raise ValueError(text)
        return period

    def __str__(self) -> str:
        match self.kind:
            case PeriodKind.WEEK:
                return str(IsoWeek.of(self.first))
            case PeriodKind.MONTH:
                return f"{self.first:%Y-%m}"
            case PeriodKind.QUARTER:
                return f"{self.first.year}-Q{(self.first.month + 2) // 3}"

    @property
    def after(self) -> date:
        """Return the first day that is no longer in it."""
        return self._moved(1)

    @property
    def last(self) -> date:
        """Return the last day of the period."""
        return self.after - timedelta(days=1)

    @property
    def previous(self) -> "Period":
        """Return the period of the same kind before it."""
        return Period(self.kind, self._moved(-1))

    def span(self, zone: ZoneInfo) -> Span:
        """Return the period's first 00:00 in *zone*, and the 00:00 after its last day."""
        return Span(datetime.combine(self.first, time(), zone), datetime.combine(self.after, time(), zone))

    def _moved(self, periods: int) -> date:
        if self.kind is PeriodKind.WEEK:
            return self.first + timedelta(days=7 * periods)
        months = self.first.year * _YEAR_MONTHS + self.first.month - 1 + periods * _MONTHS[self.kind]
        return date(months // _YEAR_MONTHS, months % _YEAR_MONTHS + 1, 1)


def so_far(period: Period, zone: ZoneInfo, *, now: datetime) -> tuple[Span, Span]:
    """Return the part of *period* that is over at *now*, and what to compare it with.

    A period that goes on is compared with the same stretch of the one before: Tuesday noon with the Tuesday
    noon a week earlier. Otherwise each Tuesday would look better than the week before.
    """
    whole, before = period.span(zone), period.previous.span(zone)
    if now >= whole.end:
        return whole, before
    part = Span(whole.start, max(now, whole.start))
    return part, Span(before.start, min(before.start + (part.end - part.start), before.end))
