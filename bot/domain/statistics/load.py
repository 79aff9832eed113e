"""What a period cost each person, and whether that is fair."""

from collections.abc import Iterable, Sequence
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


#: How far back it looks: a quarter's weeks.
SINCE: Final = timedelta(weeks=13)

#: More than this many times the mean is too much. Source: issue 16, `/stats fairness`.
TOO_MUCH: Final = 1.5

#: Fewer pages than this in a quarter are no burden, whatever the mean is.
_FEW_PAGES: Final = 4


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A coming shift with a planned end, as the schedule has it.

    Attributes:
        order: The number of its place in the on-call order, from 0: that one is paged first.
    """

    place: str
    order: int
    person: OnCallPerson
    starts: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        """Return the time from the shift's start to its end."""
        return self.ends - self.starts

    def overlaps(self, other: "PlannedShift") -> bool:
        """Return True if there is a moment in both."""
        return self.starts < other.ends and other.starts < self.ends


@dataclass(frozen=True, slots=True)
class Relief:
    """A change of the schedule that takes some load off a person.

    Attributes:
        gives: The shift that they give away.
        to: Who takes it.
        takes: The easier shift that they take for it; None: *to* has no shift ahead to give.
    """

    gives: PlannedShift
    to: OnCallPerson
    takes: PlannedShift | None


@dataclass(frozen=True, slots=True)
class Overload:
    """A person who carries more than `TOO_MUCH` times the mean.

    Attributes:
        in_pages, in_hours: What there is too much of; at least one of them.
        relief: None without a coming shift to give away, or anybody to take it.
    """

    load: PersonLoad
    in_pages: bool
    in_hours: bool
    relief: Relief | None = None


@dataclass(frozen=True, slots=True)
class Fairness:
    """The load of each person since *since*, and who has too much of it.

    Attributes:
        mean_pages, mean_s: Over the people with any load: pages, seconds on call.
    """

    since: datetime
    loads: tuple[PersonLoad, ...]
    mean_pages: float
    mean_s: float
    overloads: tuple[Overload, ...]


def fairness(loads: Sequence[PersonLoad], ahead: Iterable[PlannedShift], *, since: datetime) -> Fairness:
    """Compare the people who were on call or paged, and suggest a change for each who has too much."""
    shared = tuple(one for one in loads if one.pages.total or one.oncall_s)
    count = max(len(shared), 1)
    mean_pages = sum(one.pages.total for one in shared) / count
    mean_s = sum(one.oncall_s for one in shared) / count
    shifts = sorted(ahead, key=lambda shift: shift.starts)
    overloads = []
    for one in shared if len(shared) > 1 else ():
        in_pages = one.pages.total >= _FEW_PAGES and one.pages.total > TOO_MUCH * mean_pages
        in_hours = one.oncall_s > TOO_MUCH * mean_s
        if in_pages or in_hours:
            relief = relief_of(one, shared, shifts, in_hours=in_hours)
            overloads.append(Overload(one, in_pages, in_hours, relief))
    return Fairness(since, shared, mean_pages, mean_s, tuple(overloads))


def relief_of(
    burdened: PersonLoad, loads: Sequence[PersonLoad], ahead: Sequence[PlannedShift], *, in_hours: bool
) -> Relief | None:
    """Return a change of the coming schedule that helps *burdened* and puts no one at two places at once.

    Too many hours become fewer by a swap with a shorter shift, too many pages by one with a place that is
    paged later. If no swap helps, a person stands in for a shift. The one who takes over has the least load.

    Args:
        ahead: In order of their start.
        in_hours: They have too many hours; else too many pages.
    """
    own = _of(burdened.person, ahead)
    if not in_hours:
        own = sorted(own, key=lambda shift: shift.order)
    least = sorted(loads, key=lambda one: (one.oncall_s, one.pages.total, one.person.name))
    others = [one.person for one in least if one.person.handle != burdened.person.handle]
    for to in others:
        theirs = _of(to, ahead)
        pairs = [
            (gives, takes) for gives in own for takes in theirs if _helps(gives, takes, in_hours=in_hours)
        ]
        free = [(gives, takes) for gives, takes in pairs if _fits(gives, takes, own=own, theirs=theirs)]
        if free:
            gives, takes = max(
                free, key=lambda pair: pair[0].length - pair[1].length
            )  # of equal ones the first
            return Relief(gives, to, takes)
    stand_ins = (
        Relief(gives, to, None)
        for to in others
        for gives in own
        if not any(gives.overlaps(shift) for shift in _of(to, ahead))
    )
    return next(stand_ins, None)


def _of(person: OnCallPerson, ahead: Iterable[PlannedShift]) -> list[PlannedShift]:
    return [shift for shift in ahead if shift.person.handle == person.handle]


def _helps(gives: PlannedShift, takes: PlannedShift, *, in_hours: bool) -> bool:
    if in_hours:
        return gives.length > takes.length
    return gives.order < takes.order and gives.length >= takes.length


def _fits(
    gives: PlannedShift,
    takes: PlannedShift,
    *,
    own: Iterable[PlannedShift],
    theirs: Iterable[PlannedShift],
) -> bool:
    """Return True if neither person holds two places at once after the swap."""
    kept_by_them = (shift for shift in theirs if shift is not takes)
    others = (shift for shift in own if shift is not gives)
    return not any(map(gives.overlaps, kept_by_them)) and not any(map(takes.overlaps, others))
