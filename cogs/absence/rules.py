"""Find the shifts in an absence and the fairest person for each, and read typed dates."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.errors import UserError
from bot.domain.jobs import Job
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.moments import UnreadableMoment, parse_later
from bot.domain.oncall.people import Who
from bot.domain.payloads import Payload

#: The time whose hours on call count for `fairest`: from so long before now to so long after.
COUNTED_BEFORE: Final = timedelta(days=30)
COUNTED_AFTER: Final = timedelta(days=7)

#: The longest absence that a person can type.
LONGEST: Final = timedelta(days=90)

#: Bytes of a person's calendar file: 2 MiB, about 10,000 events.
BIGGEST: Final = 2 * 1024 * 1024

#: Events of a file in the time that is read.
MOST_EVENTS: Final = 2_000

#: The job that edits the posts about a shift, as the queue stores it. Its payload: "<guild>:<shift>".
SHOW_AWAY_SHIFT: Final = "show_away_shift"

_HALF_YEAR: Final = timedelta(days=183)
_MINUTE: Final = timedelta(minutes=1)
_NOBODY: Final = Who(None, "", "")


class AbsenceDelivery(AnyDeliveryKind):
    """The posts about a shift whose person is away."""

    #: In the channel, with the button that takes the shift.
    AWAY_SHIFT = "away_shift"
    #: To the person who is away. The channel has it, too.
    AWAY_SHIFT_DM = "away_shift_dm", DeliveryKindSpec(is_dispensable=True)
    #: To the channel: a calendar file cannot be used.
    AWAY_CALENDAR = "away_calendar"


class AwayData(Payload):
    """A post about the shift of this number."""

    shift: int


class CalendarProblem(StrEnum):
    """Why a person's calendar file cannot be used."""

    MISSING = "missing"  # or the bot may not read it
    TOO_BIG = "too_big"
    TOO_MANY = "too_many"
    UNREADABLE = "unreadable"
    SLOW = "slow"


class CalendarData(Payload):
    """A post about a calendar file that cannot be used.

    Attributes:
        handle: Whose file it is.
        problem: A `CalendarProblem`.
        size: In bytes; 0 where it is not known.
    """

    handle: str
    file: str
    problem: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class AbsenceRules:
    """What the policy says of absences.

    Attributes:
        ahead: How long before a shift its person and the team are told.
        channel: Where the team is told; None: where handovers are posted.
        calendars: The calendar files, by the handle of the person who is away in their events.
        folder: That of the policy file, from where their paths are.
    """

    ahead: timedelta = timedelta(days=7)
    channel: str | None = None
    calendars: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()


@dataclass(frozen=True, slots=True)
class NewAwayShift:
    """The part of a shift in which its person is away.

    Attributes:
        handle: The person who is away.
        suggested: The handle of the person who is fairest to take it; None: all are busy or away.
    """

    absence_id: int
    place: str
    handle: str
    starts: datetime
    ends: datetime
    suggested: str | None = None


@dataclass(frozen=True, slots=True)
class AwayShift(NewAwayShift):
    """A stored `NewAwayShift`.

    Attributes:
        is_void: The absence was withdrawn.
        taken_by_name: Who has taken it.
        told: How often it was told: again after it has come back, or grown.
    """

    id: int = 0
    guild_id: int = 0
    is_void: bool = False
    taken_by_name: str | None = None
    told: int = 1

    @property
    def waits(self) -> bool:
        """Return True while a person may take it."""
        return not self.is_void and self.taken_by_name is None and not self.is_merged

    @property
    def is_merged(self) -> bool:
        """Return True if another shift of the absence has grown over it, and is asked for in its place."""
        return self.starts == self.ends

    def includes(self, other: NewAwayShift) -> bool:
        """Return True if *other* is this shift, or a part of it, be it by another absence.

        Posts show minutes: a shift that is longer by seconds is no other one.
        """
        is_same = (self.handle, self.place) == (other.handle, other.place)
        return is_same and max(self.starts - other.starts, other.ends - self.ends) < _MINUTE

    def becomes(self, other: NewAwayShift) -> bool:
        """Return True if *other* is this shift after it has come back or grown."""
        if (self.absence_id, self.place) != (other.absence_id, other.place):
            return False
        return self.starts == other.starts or (
            self.waits and self.starts < other.ends and other.starts < self.ends
        )


def away_shifts(
    rosters: Rosters, absences: Sequence[TimeAway], *, now: datetime, ahead: timedelta
) -> Iterator[NewAwayShift]:
    """Yield the parts of shifts that begin before *now* + *ahead* and whose person is away then.

    A part begins with the absence or with the shift, whichever is later: at the same moment in each call.

    Args:
        rosters: Right since the first absence began.
    """
    for absence in (one for one in absences if one.starts < now + ahead):
        handle = rosters.person(absence.who).handle
        for place, roster in rosters.places.items():
            for shift in roster.shifts(absence.starts, absence.ends):
                if shift.person == handle and shift.starts < now + ahead and shift.ends > now:
                    yield NewAwayShift(absence.id, place, handle, shift.starts, shift.ends)


def fairest(
    rosters: Rosters,
    absences: Sequence[TimeAway],
    shift: NewAwayShift,
    *,
    now: datetime,
    waiting: Iterable[NewAwayShift] = (),
) -> str | None:
    """Return the handle of the person who is fairest to take *shift*; None if all are busy.

    The person whom it suggests already, while they are free. Else of the people who take turns at the place,
    and if none of them is free of all that are known: the one with the fewest hours on call from
    `COUNTED_BEFORE` before *now* to `COUNTED_AFTER` after, over all places. A person who is away, on call
    anywhere or suggested for another place in that time is not free. Of equals the first by handle.

    Args:
        rosters: Right since `COUNTED_BEFORE`.
        waiting: The shifts that wait for a person.
    """
    starts, ends = shift.starts, shift.ends
    busy = {
        each.person for roster in rosters.places.values() for each in roster.shifts(max(starts, now), ends)
    }
    away = {rosters.person(one.who).handle for one in absences if one.overlaps(starts, ends)}
    turning, _ = rosters.places[shift.place].turns_at(starts)
    asked = {
        one.suggested
        for one in waiting
        if one.place != shift.place and one.starts < ends and starts < one.ends and one.suggested
    }
    groups: tuple[Collection[str], ...] = (turning, rosters.people)
    free = [set(group) - busy - away - asked for group in groups]
    if any(shift.suggested in group for group in free):
        return shift.suggested
    loads = hours_on_call(rosters, now - COUNTED_BEFORE, now + COUNTED_AFTER)
    for group in filter(None, free):
        return min(group, key=lambda handle: (loads.get(handle, timedelta()), handle))
    return None


def hours_on_call(rosters: Rosters, start: datetime, end: datetime) -> Mapping[str, timedelta]:
    """Return how long each person is on call between two moments; at two places at once counts twice."""
    loads: dict[str, timedelta] = {}
    for roster in rosters.places.values():
        for shift in roster.shifts(start, end):
            loads[shift.person] = loads.get(shift.person, timedelta()) + (shift.ends - shift.starts)
    return loads


def busy_times(events: Iterable[tuple[datetime, datetime, str]]) -> list[TimeAway]:
    """Return the times of a calendar's *events* (start, end, words); those that overlap or touch are one.

    Of the words of one time, the first ones count. The person is left open.
    """
    found: list[TimeAway] = []
    for starts, ends, words in sorted(events):
        last = found[-1] if found else None
        if last is not None and starts <= last.ends:
            found[-1] = replace(last, ends=max(last.ends, ends), reason=last.reason or words)
        else:
            found.append(TimeAway(_NOBODY, starts, ends, words))
    return found


def show_job(guild_id: int, shift: int) -> Job:
    """Return the job that edits the posts about a shift."""
    payload = f"{guild_id}:{shift}"
    return Job(SHOW_AWAY_SHIFT, payload, f"{SHOW_AWAY_SHIFT}:{payload}", sooner=True)


def parse_absence(typed_from: str, typed_to: str, *, now: datetime) -> tuple[datetime, datetime]:
    """Return the start and the end that were typed; a date without a time is the whole day.

    Without a year, dates that are over are next year's, and the end follows the start.

    Args:
        now: Aware, in the team's zone.

    Raises:
        UserError: one cannot be read, it ends before it starts or before now, or it is too long.
    """
    starts, ends = _read(typed_from, typed_to, now=now, as_of=now)
    if not now < ends <= starts + LONGEST:  # "8/10" typed in December is next year's
        starts, ends = _read(typed_from, typed_to, now=now, as_of=now + _HALF_YEAR)
    if ends <= max(starts, now):
        raise UserError("absence_ends_early")
    if ends - starts > LONGEST:
        raise UserError("absence_too_long", days=LONGEST.days)
    return starts, ends


def _read(typed_from: str, typed_to: str, *, now: datetime, as_of: datetime) -> tuple[datetime, datetime]:
    starts, _ = _moment(typed_from, now, now, as_of)
    ends, is_day = _moment(typed_to, now, starts, starts)
    return starts, _next_midnight(ends) if is_day else ends  # the day belongs to it


def _moment(typed: str, now: datetime, base: datetime, as_of: datetime) -> tuple[datetime, bool]:
    try:
        return parse_later(typed, now=now, base=max(base, now), as_of=as_of), False
    except UnreadableMoment:
        try:
            return parse_later(f"{typed.strip()} 0:00", now=now, as_of=as_of), True
        except UnreadableMoment:
            raise UnreadableMoment(typed, now=now) from None


def _next_midnight(midnight: datetime) -> datetime:
    following = midnight.replace(tzinfo=None) + timedelta(days=1)
    return following.replace(tzinfo=midnight.tzinfo)
