"""Who is on call, and until when: rotations in layers, and overrides on top of them.

Everything is computed from what is written down, never counted on: a shift missed by a stopped process or a
change of the clocks cannot move the next one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import BusinessHours, local_moment


class Unit(StrEnum):
    """What the length of a turn counts."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


_ONE = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(days=7)}
_DAY = timedelta(days=1)

_LENGTH = re.compile(r"(\d{1,4})([hdw])", re.ASCII)
_UNITS = {"h": Unit.HOURS, "d": Unit.DAYS, "w": Unit.WEEKS}
_LONGEST = {Unit.HOURS: 8_784, Unit.DAYS: 366, Unit.WEEKS: 52}  # ours: a year


def parse_turn(text: str) -> tuple[int, Unit]:
    """How long a turn is: "1w", "1d" or "12h", up to a year.

    Raises:
        ValueError: *text* is anything else.
    """
    found = _LENGTH.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    every, unit = int(found[1]), _UNITS[found[2]]
    if not 1 <= every <= _LONGEST[unit]:
        raise ValueError(text)
    return every, unit


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns.

    Days, weeks, and hours of which a day has a whole number of turns (1, 2, 3, 4, 6, 8, 12, 24) hand over at
    the same local times all year, whatever the clocks did in between. The turn in which they change is longer
    or shorter by that; one that lies within the hour that is skipped has no length. Other hours come at
    another time each day, and are as long as hours are.

    Attributes:
        people: In the order of their turns, at least one: user ids or usernames.
        every: Length of a turn in *unit*, >= 1.
        starts_on: Local date of the first turn's beginning.
        handover: Local time at which a turn begins.
    """

    people: tuple[str, ...]
    every: int
    unit: Unit
    starts_on: date
    handover: time
    timezone: ZoneInfo

    def turn_at(self, at: datetime) -> int | None:
        """The number of the turn at *at* (aware), from 0; None before the first one."""
        begins = self.begins(0)
        if at < begins:
            return None
        if not self._is_local:
            return (at - begins) // self._length
        turn = (at.astimezone(self.timezone).replace(tzinfo=None) - self._first) // self._length
        while self.begins(turn) > at:  # what the clocks say may be behind what they have said, or ahead
            turn -= 1
        while self.begins(turn + 1) <= at:
            turn += 1
        return turn

    def begins(self, turn: int) -> datetime:
        """When turn number *turn* begins, in UTC: only there is a span the time that passes."""
        if not self._is_local:
            return self._moment(self._first) + turn * self._length
        local = self._first + turn * self._length
        begins = self._moment(local)
        if begins.astimezone(self.timezone).replace(tzinfo=None) == local:
            return begins
        # It is skipped, and moves on by as much as is: not beyond turns that come after what is skipped.
        following = range(1, max(_DAY // self._length, 1) + 1)
        return min(begins, *(self._moment(local + ahead * self._length) for ahead in following))

    def person_at(self, at: datetime) -> str | None:
        """Whose turn it is at *at*; None before the first one."""
        turn = self.turn_at(at)
        return None if turn is None else self.people[turn % len(self.people)]

    def handovers(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The beginnings of turns in (start, end), in order."""
        turn = self.turn_at(start)
        following = 0 if turn is None else turn + 1
        while (at := self.begins(following)) < end:
            if at > start:
                yield at
            following += 1

    def _moment(self, local: datetime) -> datetime:
        return local_moment(local.date(), local.time(), timezone=self.timezone).astimezone(UTC)

    @property
    def _first(self) -> datetime:
        """When the first turn begins, as the clocks show it (naive)."""
        return datetime.combine(self.starts_on, self.handover)

    @property
    def _length(self) -> timedelta:
        return self.every * _ONE[self.unit]

    @property
    def _is_local(self) -> bool:
        return self.unit is not Unit.HOURS or _DAY % self._length == timedelta()


class Applies(StrEnum):
    """When a layer counts."""

    ALWAYS = "always"
    BUSINESS_HOURS = "business_hours"
    OFF_HOURS = "off_hours"  # nights, weekends, holidays


@dataclass(frozen=True, slots=True)
class Layer:
    """A rotation and when it counts; of several the last one that counts decides."""

    rotation: Rotation
    applies: Applies = Applies.ALWAYS

    def person_at(self, at: datetime, hours: BusinessHours) -> str | None:
        """Whose turn it is in this layer; None when it does not count now."""
        if self.applies is not Applies.ALWAYS and hours.is_open(at) != (
            self.applies is Applies.BUSINESS_HOURS
        ):
            return None
        return self.rotation.person_at(at)

    def edges(self, start: datetime, end: datetime, hours: BusinessHours) -> Iterator[datetime]:
        """Every moment in (start, end) at which its answer might change."""
        yield from self.rotation.handovers(start, end)
        if self.applies is not Applies.ALWAYS:
            yield from (at for at in hours.changes(start, end) if start < at < end)


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in, whatever the layers say; of two at once the one written down last counts.

    Attributes:
        starts, ends: Aware; the end itself is outside.
    """

    person: str
    starts: datetime
    ends: datetime

    def covers(self, at: datetime) -> bool:
        """Whether it counts at *at*."""
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of one person; *starts* and *ends* are aware, the end itself is outside."""

    person: str
    starts: datetime
    ends: datetime


class Says(Protocol):
    """Something that says who is on call, perhaps: a layer of the policy, or what was set from chat."""

    def person_at(self, at: datetime, hours: BusinessHours) -> str | None:
        """Who is, or None when it does not say."""
        ...

    def edges(self, start: datetime, end: datetime, hours: BusinessHours) -> Iterator[datetime]:
        """Every moment in (start, end) at which its answer might change."""
        ...


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything that decides who stands at one place of the on-call order.

    Attributes:
        always: Whoever stands there when nothing else says who: a team of one needs no more.
        layers: Later ones go over earlier ones.
        overrides: In the order they were written down.
        hours: When the team works, for layers that ask.
    """

    always: str
    hours: BusinessHours
    layers: Sequence[Says] = ()
    overrides: Sequence[Override] = ()

    def person_at(self, at: datetime) -> str:
        """Who is on call at *at* (aware)."""
        standing_in = [override.person for override in self.overrides if override.covers(at)]
        if standing_in:
            return standing_in[-1]
        turns = (layer.person_at(at, self.hours) for layer in reversed(self.layers))
        return next((person for person in turns if person is not None), self.always)

    def shifts(self, start: datetime, end: datetime) -> list[Shift]:
        """Who is on call from *start* to *end*, without a gap, in order; neighbours are different people."""
        edges = [start, *sorted(set(self._edges(start, end))), end]
        found: list[Shift] = []
        for at, until in pairwise(edges):
            person = self.person_at(at)
            if found and found[-1].person == person:
                found[-1] = Shift(person, found[-1].starts, until)
            else:
                found.append(Shift(person, at, until))
        return found

    def _edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every moment in (start, end) at which the answer might change."""
        for override in self.overrides:
            yield from (at for at in (override.starts, override.ends) if start < at < end)
        for layer in self.layers:
            yield from layer.edges(start, end, self.hours)
