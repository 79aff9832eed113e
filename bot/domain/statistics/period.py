"""Periods that figures are asked for: a week, a month, a quarter."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Self
from zoneinfo import ZoneInfo

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.text import half_width

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
