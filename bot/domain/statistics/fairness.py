"""Is being on call shared fairly? Who carries too much, and which shifts to swap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.oncall.people import OnCallPerson
from bot.domain.statistics.load import PersonLoad

#: How far back it looks: a quarter's weeks.
SINCE: Final = timedelta(weeks=13)

#: More than this many times the mean is too much. Source: issue 16, `/stats fairness`.
TOO_MUCH: Final = 1.5

#: Fewer pages than this in a quarter are no burden, whatever the mean is.
_FEW_PAGES: Final = 4


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A coming shift with a planned end, as the schedule has it."""

    place: str
    person: OnCallPerson
    starts: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it is."""
        return self.ends - self.starts


@dataclass(frozen=True, slots=True)
class Relief:
    """A change of the schedule that takes some load off a person.

    Attributes:
        gives: The shift that they give away.
        to: Who takes it.
        takes: The shorter shift that they take for it; None: *to* has none ahead, and just stands in.
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
    found = []
    for one in shared if len(shared) > 1 else ():
        in_pages = one.pages.total >= _FEW_PAGES and one.pages.total > TOO_MUCH * mean_pages
        in_hours = one.oncall_s > TOO_MUCH * mean_s
        if in_pages or in_hours:
            found.append(Overload(one, in_pages, in_hours, relief_of(one, shared, shifts)))
    return Fairness(since, shared, mean_pages, mean_s, tuple(found))


def relief_of(
    burdened: PersonLoad, loads: Sequence[PersonLoad], ahead: Sequence[PlannedShift]
) -> Relief | None:
    """Return a change of the coming schedule that helps *burdened*.

    The person who takes over has the fewest hours on call, and of those the fewest pages. Of the pairs of
    shifts the one that saves the most time is chosen, and of equal ones the earliest. If no swap saves any
    time, that person stands in for the next shift.

    Args:
        ahead: In order of their start.
    """
    others = [one for one in loads if one.person.handle != burdened.person.handle]
    own = [shift for shift in ahead if shift.person.handle == burdened.person.handle]
    if not others or not own:
        return None
    to = min(others, key=lambda one: (one.oncall_s, one.pages.total, one.person.name)).person
    theirs = [shift for shift in ahead if shift.person.handle == to.handle]
    pairs = [(gives, takes) for gives in own for takes in theirs if gives.length > takes.length]
    if not pairs:
        return Relief(own[0], to, None)
    gives, takes = max(pairs, key=lambda pair: pair[0].length - pair[1].length)  # the first of equal ones
    return Relief(gives, to, takes)
