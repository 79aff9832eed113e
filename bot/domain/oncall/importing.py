"""Schedules of other on-call systems, and what of them the bot can keep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.errors import ConfigError
from bot.domain.oncall.rotation import Rotation, Shift

#: Shifts per place: more is no on-call schedule.
MOST_SHIFTS: Final = 500

#: How far ahead a rotation is compared with the export's own answer.
_COMPARED: Final = timedelta(days=400)


class LeftOut(StrEnum):
    """A part of a schedule that is not carried over, or is kept in another form."""

    LAYERS = "layers"  # several rotations that count at different times
    RESTRICTIONS = "restrictions"  # a rotation that counts at some hours only
    BOUNDS = "bounds"  # a rotation that begins later, or ends
    TURN = "turn"  # a turn of a length, or at a time, that a rotation here cannot have
    TIME_ZONE = "time_zone"  # one without an IANA name
    DIFFERS = "differs"  # the rotation names other people than the export does
    NOT_COMPARED = "not_compared"  # the export does not say who is on call
    GROUPS = "groups"  # a turn of several people
    OVERLAPS = "overlaps"  # several people at once
    GAPS = "gaps"  # times without anybody
    TOO_MANY = "too_many"  # more shifts than are kept
    NO_PERSON = "no_person"  # a turn of a team or of an escalation
    ESCALATION = "escalation"  # rules that use the schedule


@dataclass(frozen=True, slots=True)
class ImportFinding:
    """A part that is left out; *detail* holds names of the export, or a moment."""

    what: LeftOut
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SourcePerson:
    """A person as the other system knows them. *key* is its own id for them."""

    key: str
    name: str
    email: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the words that may name them in a map of people, in small letters, the surest first."""
        return tuple(word.strip().lower() for word in (self.email, self.key, self.name) if word)


@dataclass(frozen=True, slots=True)
class SourceSchedule:
    """A schedule as its system exports it. The persons of rotation and shifts are keys of *people*.

    Attributes:
        rotation: None if its rules are no single rotation.
        overrides: The latest last.
        rendered: The system's own answer to who is on call, overrides included, in order of the start.
        findings: What the reader had to leave out.
    """

    name: str
    people: Mapping[str, SourcePerson]
    rotation: Rotation | None
    overrides: tuple[Shift, ...]
    rendered: tuple[Shift, ...]
    findings: tuple[ImportFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """What is kept of a schedule: a rotation with overrides, or shifts.

    Attributes:
        until: When the last shift ends; None for a rotation, which does not end.
    """

    rotation: Rotation | None
    shifts: tuple[Shift, ...]
    overrides: tuple[Shift, ...]
    findings: tuple[ImportFinding, ...]

    @property
    def until(self) -> datetime | None:
        return max((shift.ends for shift in self.shifts), default=None)

    @property
    def keys(self) -> list[str]:
        """Return the people it names, each once, in order."""
        turns = () if self.rotation is None else self.rotation.people
        return list(dict.fromkeys([*turns, *(shift.person for shift in (*self.shifts, *self.overrides))]))


def carry_over(source: SourceSchedule, *, now: datetime) -> CarriedOver:
    """Return what is kept of *source*: its rotation if that agrees with its rendered shifts, else these.

    A rotation goes on for ever, shifts end with the export. So a rotation is preferred, but only one that
    names the same people as the system itself does, at every moment of the export.

    Raises:
        ConfigError: there is neither.
    """
    rendered = [shift for shift in source.rendered if shift.ends > now]
    overrides = tuple(shift for shift in source.overrides if shift.ends > now)
    findings = list(source.findings)
    if source.rotation is not None:
        if not rendered:
            findings.append(ImportFinding(LeftOut.NOT_COMPARED))
        differs = _first_difference(source.rotation, overrides, rendered, now=now)
        if differs is None:
            return CarriedOver(source.rotation, (), overrides, tuple(findings))
        findings.append(ImportFinding(LeftOut.DIFFERS, f"{differs:%Y-%m-%d %H:%M}Z"))
    if not rendered:
        raise ConfigError(
            f"{source.name}: its rules are no single rotation, and the file does not say who is on call"
            " from now on: export it with a time range, as docs/importing.md says"
        )
    shifts = _joined(rendered)
    return CarriedOver(None, tuple(shifts[:MOST_SHIFTS]), (), (*findings, *_about(shifts)))


def _first_difference(
    rotation: Rotation, overrides: Sequence[Shift], rendered: Sequence[Shift], *, now: datetime
) -> datetime | None:
    """Return the first moment at which the rotation with its overrides contradicts the rendered shifts."""
    if not rendered:
        return None
    start, end = max(now, rendered[0].starts), min(max(each.ends for each in rendered), now + _COMPARED)
    edges = {at for shift in (*overrides, *rendered) for at in (shift.starts, shift.ends) if start < at < end}
    for at in sorted({start, *edges, *rotation.handovers(start, end)}):
        covering = _holders(overrides, at)
        person = covering[-1] if covering else rotation.person_at(at)
        if person not in _holders(rendered, at):
            return at
    return None


def _holders(shifts: Sequence[Shift], at: datetime) -> list[str]:
    return [shift.person for shift in shifts if shift.covers(at)]


def _joined(shifts: Sequence[Shift]) -> list[Shift]:
    """Return the shifts in order, a person's adjacent ones as one."""
    joined: list[Shift] = []
    for shift in sorted(shifts, key=lambda each: each.starts):
        if joined and joined[-1].person == shift.person and joined[-1].ends >= shift.starts:
            joined[-1] = replace(joined[-1], ends=max(joined[-1].ends, shift.ends))
        else:
            joined.append(shift)
    return joined


def _about(shifts: Sequence[Shift]) -> Iterator[ImportFinding]:
    """Yield what is to be said about *shifts*: the first gap, the first overlap, and where they are cut."""
    covered = shifts[0].ends
    said: set[LeftOut] = set()
    for shift in shifts[1:]:
        what = LeftOut.GAPS if shift.starts > covered else LeftOut.OVERLAPS
        if shift.starts != covered and what not in said:
            said.add(what)
            yield ImportFinding(what, f"{min(covered, shift.starts):%Y-%m-%d %H:%M}Z")
        covered = max(covered, shift.ends)
    if len(shifts) > MOST_SHIFTS:
        yield ImportFinding(LeftOut.TOO_MANY, f"{shifts[MOST_SHIFTS - 1].ends:%Y-%m-%d %H:%M}Z")
