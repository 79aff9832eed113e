"""Who is on call, and until when: rotations in layers, and overrides on top of them.

Shifts are computed from the recorded data, never counted up from the one before. So neither a stopped process
nor a change of the clocks can move the next shift.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import BusinessHours, local_moment
from bot.domain.oncall.people import Duty, DutyKind


class Unit(StrEnum):
    """The unit in which a rotation counts the length of a turn."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


_ONE = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(days=7)}
_DAY = timedelta(days=1)

_LENGTH = re.compile(r"(\d{1,4})([hdw])", re.ASCII)
_UNITS = {"h": Unit.HOURS, "d": Unit.DAYS, "w": Unit.WEEKS}
_LONGEST = {Unit.HOURS: 8_784, Unit.DAYS: 366, Unit.WEEKS: 52}  # the bot's own limit: a year


def parse_turn(text: str) -> tuple[int, Unit]:
    """Parse the length of a turn: "1w", "1d" or "12h", up to a year.

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

    Turns of days, of weeks, or of hours that divide a day (1, 2, 3, 4, 6, 8, 12, 24) hand over at the same
    local times all year. The turn in which the clocks change is longer or shorter by the change; a turn
    within the skipped hour has no length. Turns of other hours hand over at another time each day, and
    always have their exact length.

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
        """Return the number of the turn at *at* (aware), from 0; None before the first one."""
        begins = self.begins(0)
        if at < begins:
            return None
        if not self._is_local:
            return (at - begins) // self._length
        turn = (at.astimezone(self.timezone).replace(tzinfo=None) - self._first) // self._length
        while self.begins(turn) > at:  # local time may have jumped back or ahead
            turn -= 1
        while self.begins(turn + 1) <= at:
            turn += 1
        return turn

    def begins(self, turn: int) -> datetime:
        """Return when turn number *turn* begins. It is in UTC, where a difference is the time that passes."""
        if not self._is_local:
            return self._moment(self._first) + turn * self._length
        local = self._first + turn * self._length
        begins = self._moment(local)
        if begins.astimezone(self.timezone).replace(tzinfo=None) == local:
            return begins
        # The clocks skip this local time: the turn begins later, but not after the turns behind the gap.
        following = range(1, max(_DAY // self._length, 1) + 1)
        return min(begins, *(self._moment(local + ahead * self._length) for ahead in following))

    def person_at(self, at: datetime) -> str | None:
        """Return the person whose turn it is at *at*; None before the first turn."""
        turn = self.turn_at(at)
        return None if turn is None else self.people[turn % len(self.people)]

    def duty_at(self, at: datetime, kind: DutyKind) -> Duty | None:
        """Return the turn at *at* as a duty of *kind*; None before the first turn."""
        turn = self.turn_at(at)
        if turn is None:
            return None
        who, since, until = self.people[turn % len(self.people)], self.begins(turn), self.begins(turn + 1)
        return Duty(kind=kind, who=who, since=since, until=until)

    def handovers(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the beginnings of turns in (start, end), in order."""
        turn = self.turn_at(start)
        following = 0 if turn is None else turn + 1
        while (at := self.begins(following)) < end:
            if at > start:
                yield at
            following += 1

    def begun(self, now: datetime, *, weekday: int | None = None) -> "Rotation":
        """Return the same turns from their last handover before *now* (aware) on.

        Args:
            weekday: Of that handover, 0 for Monday; None for any day.
        """
        days = (now.astimezone(self.timezone).date() - timedelta(days=ago) for ago in range(14))
        same = (day for day in days if weekday in {None, day.weekday()})
        starts = (replace(self, starts_on=day) for day in same)
        return next(one for one in starts if one.begins(0) <= now)

    def _moment(self, local: datetime) -> datetime:
        return local_moment(local.date(), local.time(), timezone=self.timezone).astimezone(UTC)

    @property
    def _first(self) -> datetime:
        """Return when the first turn begins, in local time (naive)."""
        return datetime.combine(self.starts_on, self.handover)

    @property
    def _length(self) -> timedelta:
        return self.every * _ONE[self.unit]

    @property
    def _is_local(self) -> bool:
        return self.unit is not Unit.HOURS or _DAY % self._length == timedelta()


class Applies(StrEnum):
    """The hours in which a layer of the schedule counts."""

    ALWAYS = "always"
    BUSINESS_HOURS = "business_hours"
    OFF_HOURS = "off_hours"  # nights, weekends, holidays


@dataclass(frozen=True, slots=True)
class Layer:
    """A rotation and when it counts; of several layers the last one that counts decides."""

    rotation: Rotation
    applies: Applies = Applies.ALWAYS

    @property
    def people(self) -> tuple[str, ...]:
        """Return who takes turns."""
        return self.rotation.people

    def person_at(self, at: datetime, hours: BusinessHours) -> str | None:
        """Return the person whose turn it is; None if the layer does not count at *at*."""
        if self.applies is not Applies.ALWAYS and hours.is_open(at) != (
            self.applies is Applies.BUSINESS_HOURS
        ):
            return None
        return self.rotation.person_at(at)

    def duty_at(self, at: datetime, hours: BusinessHours) -> Duty | None:
        """Return the turn that counts; None if the layer does not count at *at*."""
        if self.person_at(at, hours) is None:
            return None
        duty = self.rotation.duty_at(at, DutyKind.LAYER)
        return None if duty is None else replace(duty, applies=self.applies.value)

    def edges(self, start: datetime, end: datetime, hours: BusinessHours) -> Iterator[datetime]:
        """Yield every moment in (start, end) at which the answer might change."""
        yield from self.rotation.handovers(start, end)
        if self.applies is not Applies.ALWAYS:
            yield from (at for at in hours.changes(start, end) if start < at < end)


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of one person; *starts* and *ends* are aware, the end itself is outside."""

    person: str
    starts: datetime
    ends: datetime

    def covers(self, at: datetime) -> bool:
        """Return True if *at* is within the shift."""
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True)
class Cover(Shift):
    """A shift that an override gives to a person.

    Attributes:
        by: The name of the person who recorded it.
        is_swap: It is a half of a swap.
    """

    by: str = ""
    is_swap: bool = False


class OnCallSource(Protocol):
    """A source that may name the person on call: a layer of the policy, or a schedule set from chat."""

    @property
    def people(self) -> tuple[str, ...]:
        """Return who takes turns; none if it is one person, until further notice."""

    @property
    def rotation(self) -> Rotation | None:
        """Return the rule by which they do, if there is one."""

    def person_at(self, at: datetime, hours: BusinessHours) -> str | None:
        """Return the person on call, or None if this source names no one."""

    def duty_at(self, at: datetime, hours: BusinessHours) -> Duty | None:
        """Return the same with what puts them there."""

    def edges(self, start: datetime, end: datetime, hours: BusinessHours) -> Iterator[datetime]:
        """Every moment in (start, end) at which its answer might change."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The rules that decide who holds one place of the on-call order.

    Attributes:
        always: The default holder; a team of one needs no more.
        layers: Later ones beat earlier ones.
        overrides: They beat all layers; of two overlapping ones the later in the sequence counts.
        hours: When the team works, for layers that ask.
    """

    always: str
    hours: BusinessHours
    layers: Sequence[OnCallSource] = ()
    overrides: Sequence[Shift] = ()

    def person_at(self, at: datetime) -> str:
        """Return the person on call at *at* (aware)."""
        standing_in = [override.person for override in self.overrides if override.covers(at)]
        if standing_in:
            return standing_in[-1]
        turns = (layer.person_at(at, self.hours) for layer in reversed(self.layers))
        return next((person for person in turns if person is not None), self.always)

    def duty_at(self, at: datetime) -> Duty:
        """Return the person on call at *at* (aware), with what puts them there."""
        standing_in = [override for override in self.overrides if override.covers(at)]
        planned = self._planned(at)
        return _covered(standing_in[-1], planned) if standing_in else planned

    def _planned(self, at: datetime) -> Duty:
        """Return the duty without the overrides."""
        for number, layer in reversed(list(enumerate(self.layers, start=1))):
            if (duty := layer.duty_at(at, self.hours)) is not None:
                return replace(duty, layer=number) if duty.kind is DutyKind.LAYER else duty
        return Duty(kind=DutyKind.ALWAYS, who=self.always)

    def turns_at(self, at: datetime) -> tuple[Sequence[str], Rotation | None]:
        """Return who takes turns as of *at* (aware), and the rotation that decides then, without overrides.

        A schedule set from chat replaces the policy's layers, of which several may count at different hours.
        """
        deciding = [layer for layer in self.layers if layer.person_at(at, self.hours) is not None]
        if deciding and not isinstance(deciding[-1], Layer):
            return deciding[-1].people, deciding[-1].rotation
        layers = [layer for layer in self.layers if isinstance(layer, Layer)]
        people = dict.fromkeys(person for layer in layers for person in layer.people)
        return tuple(people), next((layer.rotation for layer in reversed(deciding or layers)), None)

    def shifts(self, start: datetime, end: datetime) -> list[Shift]:
        """Return the shifts from *start* to *end*, in order, without gaps; each changes the person."""
        found: list[Shift] = []
        for at, until in pairwise(self.edges(start, end)):
            person = self.person_at(at)
            if found and found[-1].person == person:
                found[-1] = Shift(person, found[-1].starts, until)
            else:
                found.append(Shift(person, at, until))
        return found

    def edges(self, start: datetime, end: datetime) -> list[datetime]:
        """Return *start*, every moment before *end* at which the duty might change, and *end*."""
        return [start, *sorted(set(self._edges(start, end))), end]

    def _edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield every moment in (start, end) at which the person might change."""
        for override in self.overrides:
            yield from (at for at in (override.starts, override.ends) if start < at < end)
        for layer in self.layers:
            yield from layer.edges(start, end, self.hours)


def _covered(cover: Shift, planned: Duty) -> Duty:
    """Return the duty of the stand-in *cover*, who replaces the person of *planned*."""
    recorded = cover if isinstance(cover, Cover) else None
    is_swap = recorded is not None and recorded.is_swap
    return Duty(
        kind=DutyKind.SWAP if is_swap else DutyKind.OVERRIDE,
        who=cover.person,
        since=cover.starts,
        until=cover.ends,
        by=None if recorded is None else recorded.by or None,
        instead_of=None if planned.who == cover.person else planned.who,
    )
