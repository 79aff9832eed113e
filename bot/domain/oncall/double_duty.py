"""Find people who are on call at two places at once: if they do not answer, no other person is next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.oncall.roster import Rosters
from bot.domain.oncall.rotation import Shift


@dataclass(frozen=True, slots=True)
class DoubleDuty:
    """A stretch of time in which one person is on call at two places.

    Attributes:
        handle: The person.
        place: The place that was looked at.
        other: The second place.
        starts, ends: Aware; starts < ends.
    """

    handle: str
    place: str
    other: str
    starts: datetime
    ends: datetime


def double_duties(found: Rosters, place: str, start: datetime, end: datetime) -> list[DoubleDuty]:
    """Return when the holder of *place* holds another place as well, between two moments, in order."""
    own = found.places[place].shifts(start, end)
    duties = [
        DoubleDuty(shift.person, place, other, shift.starts, shift.ends)
        for other, roster in found.places.items()
        if other != place
        for shift in _shared(own, roster.shifts(start, end))
    ]
    return sorted(duties, key=lambda each: each.starts)


def _shared(own: Sequence[Shift], others: Sequence[Shift]) -> Iterator[Shift]:
    """Yield the times in which both have the same person; each is in order and without gaps."""
    first, second = 0, 0
    while first < len(own) and second < len(others):
        one, other = own[first], others[second]
        starts, ends = max(one.starts, other.starts), min(one.ends, other.ends)
        if one.person == other.person and starts < ends:
            yield Shift(one.person, starts, ends)
        first, second = first + (one.ends <= ends), second + (other.ends <= ends)
