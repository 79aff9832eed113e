"""How the time on call of a month is split: weekdays, nights, weekends, holidays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bot.domain.calendar.business_time import BusinessHours, Weekday, local_moment
from bot.domain.oncall.rotation import Shift
from bot.domain.statistics.load import SleepHours

#: The hours of Japanese night work (深夜). Source: Labor Standards Act, Article 37.
NIGHT: Final = SleepHours(time(22), time(5))

_DAY: Final = timedelta(days=1)
_WEEK: Final = tuple(Weekday)


class HourKind(StrEnum):
    """What an hour counts as. It counts once: as the last of these that applies."""

    WEEKDAY = "weekday"
    NIGHT = "night"
    WEEKEND = "weekend"  # a weekday without business
    HOLIDAY = "holiday"  # a public holiday, or a day off of the team


@dataclass(frozen=True, slots=True)
class HourRules:
    """The rules of ``[hours]``.

    Attributes:
        night: Local hours that count as night on a business day; they may go over midnight.
    """

    night: SleepHours = NIGHT


@dataclass(frozen=True, slots=True)
class Hours:
    """Time on call by kind. Two places at once count once."""

    weekday: timedelta = timedelta()
    night: timedelta = timedelta()
    weekend: timedelta = timedelta()
    holiday: timedelta = timedelta()

    @property
    def total(self) -> timedelta:
        """Return the time of all kinds together."""
        return self.weekday + self.night + self.weekend + self.holiday


class HourCalendar:
    """Splits time by the team's days and nights. Time is what passes, not what the clock shows."""

    def __init__(self, hours: BusinessHours, night: SleepHours) -> None:
        self._hours = hours
        self._night = night

    def split(self, shifts: Iterable[Shift]) -> dict[str, Hours]:
        """Return the hours of each person of *shifts*, by handle."""
        found: dict[str, dict[HourKind, timedelta]] = {}
        for shift in without_overlaps(shifts):
            of_person = found.setdefault(shift.person, dict.fromkeys(HourKind, timedelta()))
            for since, until in pairwise(self._edges(shift.starts, shift.ends)):
                of_person[self.kind_at(since)] += until - since
        return {
            person: Hours(**{kind.value: held for kind, held in kinds.items()})
            for person, kinds in found.items()
        }

    def kind_at(self, at: datetime) -> HourKind:
        """Return what *at* (aware) counts as."""
        day = at.astimezone(self._hours.timezone).date()
        if day in self._hours.holidays:
            return HourKind.HOLIDAY
        if _WEEK[day.weekday()] not in self._hours.days:
            return HourKind.WEEKEND
        # Moments are compared, not wall times: an hour that comes twice at night is in the night twice.
        nights = (self._night_of(each) for each in (day - _DAY, day))
        is_night = any(starts <= at < ends for starts, ends in nights)
        return HourKind.NIGHT if is_night else HourKind.WEEKDAY

    def _edges(self, start: datetime, end: datetime) -> list[datetime]:
        """Return *start*, every moment before *end* at which the kind may change, and *end*, in UTC."""
        inner = {at for at in self._changes(start, end) if start < at < end}
        return [start.astimezone(UTC), *sorted(inner), end.astimezone(UTC)]

    def _changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        day, last = (at.astimezone(self._hours.timezone).date() for at in (start, end))
        day -= _DAY
        while day <= last:
            yield self._moment(day, time())
            yield from self._night_of(day)
            day += _DAY

    def _night_of(self, day: date) -> tuple[datetime, datetime]:
        """Return when the night that begins on a local date begins and ends."""
        night = self._night
        ends_on = day if night.start <= night.end else day + _DAY
        return self._moment(day, night.start), self._moment(ends_on, night.end)

    def _moment(self, day: date, at: time) -> datetime:
        return local_moment(day, at, timezone=self._hours.timezone).astimezone(UTC)


def without_overlaps(shifts: Iterable[Shift]) -> Iterator[Shift]:
    """Yield the shifts without what an earlier one of the same person covers."""
    reached: dict[str, datetime] = {}
    for shift in sorted(shifts, key=lambda each: each.starts):
        since = max(shift.starts, reached.get(shift.person, shift.starts))
        if since < shift.ends:
            reached[shift.person] = shift.ends
            yield Shift(shift.person, since, shift.ends)
