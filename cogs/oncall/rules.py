"""On-call messages, double duty, the watch over handovers, and what is kept of another system's schedule."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar.typed_times import plain_line
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.errors import ConfigError, UserError
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import DutyKind, OnCallPerson, Who
from bot.domain.oncall.rotation import Applies, Layer, Roster, Rotation, Shift, Unit
from bot.domain.payloads import Payload


class OnCallDelivery(AnyDeliveryKind):
    """The kinds of delivery about who is on call."""

    #: The line that says who is on call now.
    HANDOVER = "handover"
    #: The DM to the person whose turn begins.
    ON_DUTY = "on_duty"
    #: A DM a day ahead, with what is missing; a refusal is a gap, too.
    ON_DUTY_SOON = "on_duty_soon"
    #: The warning that something is missing for a person who comes on call.
    ON_DUTY_GAPS = "on_duty_gaps"


class PlaceChange(Payload):
    """A place with another person.

    Attributes:
        former, handle: The people, by their handles in the policy file.
        until: When the shift ends; None: no end is known.
    """

    place: str
    former: str
    handle: str
    until: datetime | None


class OpenIncident(Payload):
    """An open incident in a handover.

    Attributes:
        title: None for a private one.
        where: Guild and channel of its thread or alert; None for a private one, or while it is not posted.
    """

    label: str
    severity: str
    status: str
    title: str | None
    where: tuple[int, ...] | None


class HandoverData(Payload):
    """A handover.

    Attributes:
        at: When it was; always written.
        handle: The reader of the DM; empty in the line for the team.
    """

    changes: tuple[PlaceChange, ...]
    incidents: tuple[OpenIncident, ...]
    at: datetime | None = None
    handle: str = ""


class GapData(Payload):
    """A gap in the readiness of a person on call.

    Attributes:
        gap: As `Gap` has it.
        names: Of channels or roles.
    """

    gap: str
    names: tuple[str, ...]


class ShiftCheckData(Payload):
    """A coming shift of a person, and the gaps in their readiness for it.

    Attributes:
        starts, ends: Of the shift; no end: None.
        standing: The shift has begun already, so the message is about now.
    """

    handle: str
    places: tuple[str, ...]
    starts: datetime
    ends: datetime | None
    gaps: tuple[GapData, ...]
    standing: bool = False


@dataclass(frozen=True, slots=True)
class RosterWatch:
    """The on-call holders that were last announced in a guild, and when the bot must check again.

    Attributes:
        standing: Place -> handle, as last announced.
        told: The number of handovers announced so far.
        checked: Coming shifts whose people were checked (see `cogs.oncall.handovers`).
        next_at: The next check, aware.
        look_at: When people whose shift has no end are checked next, aware; None until it is first decided.
        lacking: Handle -> the gaps that the last check found, and warned of (`DailyChecks`).
    """

    guild_id: int
    standing: Mapping[str, str]
    told: int
    checked: tuple[str, ...]
    next_at: datetime
    look_at: datetime | None = None
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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


#: Where an end that is in sight is looked for.
FAR: Final = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class OnCallNow:
    """The person on call at a place now.

    Attributes:
        until: Aware; None for a shift without a known end.
    """

    place: str
    person: OnCallPerson
    until: datetime | None


def holder_at(rosters: Rosters, place: str, now: datetime) -> OnCallNow:
    """Return the holder of *place* at *now*, and until when."""
    shift = rosters.places[place].shifts(now, now + FAR)[0]
    return OnCallNow(place, rosters.people[shift.person], None if shift.ends >= now + FAR else shift.ends)


def double_duties(rosters: Rosters, place: str, start: datetime, end: datetime) -> list[DoubleDuty]:
    """Return when the holder of *place* holds another place as well, between two moments, in order."""
    own = rosters.places[place].shifts(start, end)
    duties = [
        DoubleDuty(shift.person, place, other, shift.starts, shift.ends)
        for other, roster in rosters.places.items()
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


@dataclass(frozen=True, slots=True)
class WantedTurns:
    """The turns that a person asked for.

    Attributes:
        every: The length of a turn in *unit*, >= 1.
        handover: When turns begin; None: as they do now, else 10:00.
        weekday: On which day turns of weeks begin, 0 for Monday; None: as they do now, else today.
    """

    people: tuple[Who, ...]
    every: int
    unit: Unit
    handover: time | None = None
    weekday: int | None = None

    def rotation(self, current: Rotation | None, *, now: datetime, zone: ZoneInfo) -> Rotation:
        """Return them as the rotation that replaces *current* at *now*; its first turn is the current one.

        Args:
            zone: Of a handover that *current* does not have.

        Raises:
            UserError: a weekday for turns that are not of weeks, or a person twice.
        """
        twice = [who.name for who, count in Counter(self.people).items() if count > 1]
        if twice:
            raise UserError("oncall_twice_in_rotation", who=twice[0])
        if self.weekday is not None and self.unit is not Unit.WEEKS:
            raise UserError("oncall_weekday_needs_weeks")
        kept = current if self.handover is None else None
        weekday = self.weekday
        if weekday is None and current is not None and current.unit is self.unit is Unit.WEEKS:
            weekday = current.starts_on.weekday()
        return Rotation(
            people=tuple(who.handle for who in self.people),
            every=self.every,
            unit=self.unit,
            starts_on=now.date(),
            handover=self.handover or (_USUAL if kept is None else kept.handover),
            timezone=zone if kept is None else kept.timezone,
        ).begun(now, weekday=weekday)


#: When turns begin by default.
_USUAL: Final = time(10)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the people on call, without and with a change, stay the same.

    Attributes:
        before, after: Handles.
    """

    starts: datetime
    ends: datetime
    before: str
    after: str


def compared(place: str, before: Rosters, after: Rosters, *, start: datetime, end: datetime) -> list[Stretch]:
    """Return who is on call at *place* by two rosters, from *start* to *end*, in order and without gaps."""
    old, new = (each.places[place].shifts(start, end) for each in (before, after))
    stretches: list[Stretch] = []
    for starts, ends in pairwise(sorted({shift.starts for shift in (*old, *new)} | {end})):
        was, will = (next(each.person for each in shifts if each.covers(starts)) for shifts in (old, new))
        last = stretches[-1] if stretches else None
        if last is not None and (last.before, last.after) == (was, will):
            stretches[-1] = replace(last, ends=ends)
        else:
            stretches.append(Stretch(starts, ends, was, will))
    return stretches


@dataclass(frozen=True, slots=True)
class MonthShift:
    """A person's stretch of a month.

    Attributes:
        person: A handle.
        is_override: They stand in for another person, or have swapped.
        is_gap: Nobody was planned, so the policy's person is on call.
    """

    person: str
    starts: datetime
    ends: datetime
    is_override: bool = False
    is_gap: bool = False


def month_shifts(roster: Roster, start: datetime, end: datetime) -> list[MonthShift]:
    """Return who is on call from *start* to *end*, in order and without gaps."""
    # With layers for some hours only, the policy's person has the others by design.
    is_whole = any(not isinstance(each, Layer) or each.applies is Applies.ALWAYS for each in roster.layers)
    shifts: list[MonthShift] = []
    for starts, ends in pairwise(roster.edges(start, end)):
        duty = roster.duty_at(starts)
        shift = MonthShift(
            duty.who,
            starts,
            ends,
            is_override=duty.kind in {DutyKind.OVERRIDE, DutyKind.SWAP},
            is_gap=is_whole and duty.kind is DutyKind.ALWAYS,
        )
        last = shifts[-1] if shifts else None
        if last is not None and replace(last, starts=starts, ends=ends) == shift:
            shifts[-1] = replace(last, ends=ends)
        else:
            shifts.append(shift)
    return shifts


_NEAR: Final = {
    **dict.fromkeys(("先月", "last month"), -1),
    **dict.fromkeys(("今月", "this month"), 0),
    **dict.fromkeys(("来月", "next month"), 1),
    **dict.fromkeys(("再来月",), 2),
}
_MONTH: Final = re.compile(r"(?:(\d{4})\s?(?:-|/|年)\s?)?(\d{1,2})月?", re.ASCII)
_FURTHEST_MONTHS: Final = 12


def parse_month(typed: str, *, today: date) -> date:
    """Return the first day of the month that was typed: "2026-12", "12月", "来月", "next month".

    A month without a year is the nearest one from this month on.

    Raises:
        UserError: it is no month, or more than a year away.
    """
    this = today.replace(day=1)
    try:
        month = _month(plain_line(typed), this)
    except ValueError:
        example = f"{months_later(this, 1):%Y-%m}"
        raise UserError("oncall_month_unreadable", value=typed, example=example) from None
    if not months_later(this, -_FURTHEST_MONTHS) <= month <= months_later(this, _FURTHEST_MONTHS):
        raise UserError("oncall_month_far", month=f"{month:%Y-%m}")
    return month


def _month(line: str, this: date) -> date:
    if line in _NEAR:
        return months_later(this, _NEAR[line])
    found = _MONTH.fullmatch(line)
    if found is None:
        raise ValueError(line)
    number = date(this.year, int(found[2]), 1).month
    if found[1] is None:
        return months_later(this, (number - this.month) % 12)
    return date(int(found[1]), number, 1)


def months_later(month: date, count: int) -> date:
    """Return the first day of the month *count* months after *month*."""
    years, number = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, number + 1, 1)


#: Shifts per place or file: more is no on-call schedule.
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
            " from now on: export it with a time range, as cogs/oncall/README.md says"
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
    named: set[LeftOut] = set()
    for shift in shifts[1:]:
        what = LeftOut.GAPS if shift.starts > covered else LeftOut.OVERLAPS
        if shift.starts != covered and what not in named:
            named.add(what)
            yield ImportFinding(what, f"{min(covered, shift.starts):%Y-%m-%d %H:%M}Z")
        covered = max(covered, shift.ends)
    if len(shifts) > MOST_SHIFTS:
        yield ImportFinding(LeftOut.TOO_MANY, f"{shifts[MOST_SHIFTS - 1].ends:%Y-%m-%d %H:%M}Z")
