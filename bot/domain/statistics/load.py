"""What being on call cost each person: pages, and hours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.rotation import Shift


@dataclass(frozen=True, slots=True)
class SleepHours:
    """The local hours in which people sleep; *start* may be later than *end*, over midnight.

    With both the same there are none.
    """

    start: time
    end: time


#: The usual night, and no hours at all.
NIGHT: Final = SleepHours(time(22), time(7))
NO_SLEEP: Final = SleepHours(time(), time())


@dataclass(frozen=True, slots=True)
class LoadRules:
    """How pages are sorted.

    Attributes:
        free_days: Weekdays without business, Monday = 1 to Sunday = 7, as ISO 8601 numbers them.
        holidays: Local dates without business in the time that is asked about.
    """

    sleep: SleepHours
    free_days: tuple[int, ...]
    holidays: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class PageCounts:
    """The pages of a person, each in one of the first four.

    A page is a DM of the ladder that has arrived. A bundle is one, because it rings once; `@here` is none,
    because it addresses no one. Drills are left out, private incidents are not. The time is the one at which
    it was sent, in the policy's zone.

    Attributes:
        holiday: On a public holiday or a day off of the team.
        weekend: On another day without business.
        night: On a business day, in the sleep hours.
        day: All others.
        asleep: Those of the four that came in the sleep hours.
    """

    day: int = 0
    night: int = 0
    weekend: int = 0
    holiday: int = 0
    asleep: int = 0

    @property
    def total(self) -> int:
        """Return the number of pages at all hours together."""
        return self.day + self.night + self.weekend + self.holiday

    def __add__(self, other: "PageCounts") -> "PageCounts":
        return PageCounts(
            self.day + other.day,
            self.night + other.night,
            self.weekend + other.weekend,
            self.holiday + other.holiday,
            self.asleep + other.asleep,
        )


@dataclass(frozen=True, slots=True)
class Paged:
    """The pages to a person.

    Attributes:
        handle: The one with which they were sent; None if that was not kept.
        place: The on-call place that they were for, then.
    """

    handle: str | None
    place: str | None
    pages: PageCounts


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """What a period cost a person.

    Attributes:
        oncall_s: Seconds on call at any place, as the schedule has it; two places at once count once.
    """

    person: OnCallPerson
    pages: PageCounts = PageCounts()
    oncall_s: float = 0.0


def oncall_time(shifts: Iterable[Shift]) -> dict[str, timedelta]:
    """Return how long each person, by handle, was on call. Shifts of one person that overlap count once."""
    spans: dict[str, timedelta] = {}
    reached: dict[str, datetime] = {}
    for shift in sorted(shifts, key=lambda each: each.starts):
        since = max(shift.starts, reached.get(shift.person, shift.starts))
        if shift.ends > since:
            spans[shift.person] = spans.get(shift.person, timedelta()) + (shift.ends - since)
            reached[shift.person] = shift.ends
    return spans


def loads(
    paged: Iterable[tuple[OnCallPerson, PageCounts]], oncall: Iterable[tuple[OnCallPerson, timedelta]]
) -> tuple[PersonLoad, ...]:
    """Return what each person had: the most pages first, then the longest on call, then by name."""
    pages: dict[OnCallPerson, PageCounts] = {}
    spans: dict[OnCallPerson, timedelta] = {}
    for person, counts in paged:
        pages[person] = pages.get(person, PageCounts()) + counts
    for person, span in oncall:
        spans[person] = spans.get(person, timedelta()) + span
    result = [
        PersonLoad(person, pages.get(person, PageCounts()), spans.get(person, timedelta()).total_seconds())
        for person in {**pages, **spans}
    ]
    return tuple(sorted(result, key=lambda one: (-one.pages.total, -one.oncall_s, one.person.name)))
