"""Weeks as the digest and the figures count them: of the ISO calendar, Monday 00:00 to Monday 00:00."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
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
