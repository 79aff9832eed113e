"""Changing who is on call from chat, looking at it, and people's own notification settings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.calendar.business_time import local_moment
from bot.domain.errors import UpstreamUnavailable, UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import Content, NewOverride, Rosters, StoredOverride, StoredSchedule
from bot.domain.oncall.people import DutyKind, NotifySettings, OnCallPerson, Who
from bot.domain.oncall.rotation import Roster, Rotation, Shift
from bot.domain.paging import Way
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports.discord import Reachability, ReadinessFinding
from bot.services.shared.access import Access
from bot.services.shared.roster import PAST, OnCall
from bot.storage.store import Store
from bot.storage.tables.oncall import OnCallRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.oncall.changes import UNDONE_WITHIN, Changed, ScheduleChanges, add_override
from cogs.oncall.rules import (
    FAR,
    DoubleDuty,
    MonthShift,
    OnCallNow,
    Stretch,
    WantedTurns,
    compared,
    double_duties,
    holder_at,
    month_shifts,
    months_later,
)
from cogs.oncall.store import OnCallEntries, RecordedChange

log = structlog.get_logger(__name__)

#: How far `/oncall show` looks ahead, and the longest override.
SHOWN: Final = timedelta(days=14)
LONGEST: Final = timedelta(days=90)

#: Places of which a month is shown unless one is named: a picture each.
MONTHS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """A shift with its place; `shift.person` is a handle."""

    place: str
    person: OnCallPerson
    shift: Shift


@dataclass(frozen=True, slots=True)
class DutyView:
    """The data of `/oncall show`.

    Attributes:
        ahead: The shifts that begin within `SHOWN`, in order.
        overrides: Those that count now or later, with the substitute.
        undoable: The last change, while it can be undone.
    """

    now: datetime
    holders: tuple[OnCallNow, ...]
    ahead: tuple[Turn, ...]
    overrides: tuple[tuple[StoredOverride, OnCallPerson], ...]
    undoable: RecordedChange | None = None

    def ended_by(self, number: int) -> list[tuple[StoredOverride, OnCallPerson]]:
        """Return the overrides that `Schedules.end_override` would end; for a swap both halves, it first."""
        named = [each for each in self.overrides if each[0].id == number]
        return named + [each for each in self.overrides if named and each[0].is_half_with(named[0][0])]


@dataclass(frozen=True, slots=True)
class PlaceMonth:
    """Who has which day of a month at a place.

    Attributes:
        month: Its first day.
        people: By handle.
        shifts: In order and without gaps, from the first midnight to the last.
    """

    place: str
    month: date
    today: date
    people: Mapping[str, OnCallPerson]
    shifts: tuple[MonthShift, ...]


@dataclass(frozen=True, slots=True)
class Swapped:
    """The two shifts whose people have changed places."""

    first: Turn
    second: Turn


class Schedules:
    """The use cases of `/oncall` but for files, which `cogs.oncall.calendars` sees to."""

    def __init__(
        self, store: Store, policy: Policy, access: Access, oncall: OnCall, changes: ScheduleChanges
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._oncall = oncall
        self.changes = changes

    async def now(self) -> datetime:
        """Return the database's time, aware: the times that people type count from it."""
        return await self._store.now()

    async def view(self, guild_id: int) -> DutyView:
        """Return who is on call now, who comes on within two weeks, and the overrides."""
        rosters, now = await self._oncall.rosters(guild_id)
        book = await OnCallRows(self._store.sql).oncall_book(guild_id, since=now)
        known = [one for one in book.overrides if one.place in self._policy.oncall]
        ahead = [
            Turn(place, rosters.people[shift.person], shift)
            for place, roster in rosters.places.items()
            for shift in roster.shifts(now, now + FAR)[1:]
            if shift.starts < now + SHOWN
        ]
        return DutyView(
            now=now,
            holders=tuple(holder_at(rosters, place, now) for place in rosters.places),
            ahead=tuple(sorted(ahead, key=lambda turn: turn.shift.starts)),
            overrides=tuple((one, rosters.person(one.who)) for one in known),
            undoable=await OnCallEntries(self._store.sql).last_change(guild_id, within=UNDONE_WITHIN),
        )

    async def month(self, guild_id: int, month: date, place: str | None) -> list[PlaceMonth]:
        """Return who has which day of a month, at *place* or at the first places.

        Args:
            month: Its first day.

        Raises:
            UserError: the policy has no such place.
        """
        self._require_place(place)
        zone = self._policy.timezone
        start, end = (local_moment(day, time(), timezone=zone) for day in (month, months_later(month, 1)))
        now = await self._store.now()
        rosters, now = await self._oncall.rosters(guild_id, past=max(now - start, timedelta()))
        shown = list(self._policy.oncall)[:MONTHS_SHOWN] if place is None else [place]
        return [
            PlaceMonth(
                place=each,
                month=month,
                today=now.astimezone(zone).date(),
                people=rosters.people,
                shifts=tuple(month_shifts(rosters.places[each], start, end)),
            )
            for each in shown
        ]

    async def turns(self, guild_id: int) -> list[Turn]:
        """Return the shifts that may be swapped: those that go on now or begin within 60 days, in order."""
        rosters, now = await self._oncall.rosters(guild_id)
        turns = [
            Turn(place, rosters.people[shift.person], shift)
            for place, roster in rosters.places.items()
            for shift in roster.shifts(now, now + PAST)
        ]
        return sorted(turns, key=lambda turn: turn.shift.starts)

    async def set_person(self, guild_id: int, place: str, who: Who, *, by: Person) -> Changed[OnCallNow]:
        """Put *who* on call at *place* from now on, until further notice.

        Raises:
            NotPermitted; UserError: the policy has no such place.
        """
        await self.require(by, guild_id, act="set_on_call", place=place)
        content = Content({who.handle: who}, person=who.handle)
        async with self.changes.begin(guild_id, "set_on_call", by=by) as change:
            number = await OnCallEntries(change.tx.sql).add_schedule(guild_id, place, content, by=by)
            change.facts = {"place": place, "schedule": number, "people": list(content.people)}
        rosters, now = await self._oncall.rosters(guild_id)
        return Changed(holder_at(rosters, place, now), change.number)

    async def override(self, guild_id: int, new: NewOverride, *, by: Person) -> Changed[NewOverride]:
        """Store an override of one place. A part that lies in the past is left out.

        Raises:
            NotPermitted; UserError: the policy has no such place, it ends before it begins or before now, or
                it is longer than `LONGEST`.
        """
        await self.require(by, guild_id, act="override", place=new.place)
        async with self.changes.begin(guild_id, "override", by=by) as change:
            now = await change.tx.now()
            new = replace(new, starts=max(new.starts, now))
            if new.ends <= new.starts:
                raise UserError("oncall_ends_early")
            if new.ends - new.starts > LONGEST:
                raise UserError("oncall_too_long", days=LONGEST.days)
            await add_override(change, guild_id, new, by=by)
        return Changed(new, change.number)

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> Changed[list[StoredOverride]]:
        """End an override now; for a swap end both halves, so that no person is left with two shifts.

        Returns:
            The override, then the other half unless that is over.

        Raises:
            NotPermitted; UserError: it is over already.
        """
        await self._access.require(by, "oncall", guild_id=guild_id, act="end_override", override=number)
        async with self.changes.begin(guild_id, "end_override", by=by) as change:
            ended = await OnCallEntries(change.tx.sql).end_override(guild_id, number, by=by)
            if not ended:
                raise UserError("oncall_override_over")
            facts = [{"place": one.place, "override": one.id} for one in ended]
            other = {"other_half": facts[1]} if facts[1:] else {}
            change.facts = {**facts[0], **other}
        return Changed(ended, change.number)

    async def swap(
        self, guild_id: int, first: tuple[str, datetime], second: tuple[str, datetime], *, by: Person
    ) -> Changed[Swapped]:
        """Two people exchange two shifts, or what is left of them, in one commit.

        Args:
            first, second: Place, and a moment within the shift.

        Raises:
            NotPermitted; UserError: one of them is over or has no planned end, or both are one person's.
        """
        await self.require(by, guild_id, act="swap", place=first[0])
        async with self.changes.begin(guild_id, "swap", by=by) as change:
            rosters, now = await self._oncall.rosters(guild_id, source=change.tx)
            one, other = (_turn(rosters, place, at, now) for place, at in (first, second))
            if one.person.handle == other.person.handle:
                raise UserError("oncall_same_person", who=one.person.name)
            for turn, stands_in in ((one, other.person), (other, one.person)):
                new = NewOverride(turn.place, stands_in.who, turn.shift.starts, turn.shift.ends, is_swap=True)
                await OnCallEntries(change.tx.sql).add_override(guild_id, new, by=by)
            change.facts = {
                "first": {"place": one.place, **_times(one.shift.starts, one.shift.ends)},
                "second": {"place": other.place, **_times(other.shift.starts, other.shift.ends)},
            }
        return Changed(Swapped(one, other), change.number)

    async def require(self, by: Person, guild_id: int, *, act: str, place: str) -> None:
        """Check that *by* may change who is on call at *place*.

        Raises:
            NotPermitted; UserError: the policy has no such place.
        """
        await self._access.require(by, "oncall", guild_id=guild_id, act=act, place=place)
        self._require_place(place)

    def _require_place(self, place: str | None) -> None:
        if place is not None and place not in self._policy.oncall:
            raise UserError("oncall_no_place", place=place, places=list(self._policy.oncall))

    async def require_look(self, by: Person, guild_id: int, *, act: str) -> None:
        """Check that *by* may take away who is on call when, as a file.

        Raises:
            NotPermitted: *by* may not respond.
        """
        await self._access.require(by, "acknowledge", guild_id=guild_id, act=act)


def _turn(rosters: Rosters, place: str, at: datetime, now: datetime) -> Turn:
    """Return the part of the shift around *at* that is still to come."""
    if place not in rosters.places or at < now - PAST:
        raise UserError("oncall_shift_unknown")
    at = max(at, now)
    for shift in rosters.places[place].shifts(now, max(at, now) + FAR):
        if shift.starts <= at < shift.ends:
            if shift.ends >= at + FAR:
                raise UserError("oncall_shift_endless", who=rosters.people[shift.person].name)
            return Turn(place, rosters.people[shift.person], shift)
    raise UserError("oncall_shift_unknown")


def _times(starts: datetime, ends: datetime) -> dict[str, object]:
    return {"starts": starts.isoformat(), "ends": ends.isoformat()}


@dataclass(frozen=True, slots=True)
class SetSchedule:
    """A schedule that would go.

    Attributes:
        content: Its people are named by `Who.handle`.
        people: By these handles.
    """

    content: Content
    people: dict[str, OnCallPerson]


@dataclass(frozen=True, slots=True)
class ScheduleClearing:
    """What clearing a place would remove, and what follows.

    Attributes:
        schedules: The latest first; a later one is used before an earlier one.
        pointless: Overrides that change nothing without the schedules, and halves of swaps of their shifts.
        holder: The person on call now.
        after: The person on call once it is cleared: by the policy file, or by an override.
        is_override: `after` is on call only by an override, which stays.
        following: The person on call by the policy file once that override is over; None if it has no end,
            or another override comes next.
        mark: Eight hexadecimal digits; they change with anything above.
    """

    place: str
    schedules: tuple[SetSchedule, ...]
    pointless: tuple[tuple[StoredOverride, OnCallPerson], ...]
    holder: OnCallNow
    after: OnCallNow
    mark: str
    is_override: bool = False
    following: OnCallNow | None = None


class Clearing:
    """The use cases of `/oncall schedule clear`."""

    def __init__(self, store: Store, oncall: OnCall, schedules: Schedules) -> None:
        self._store = store
        self._oncall = oncall
        self._schedules = schedules

    async def preview(self, guild_id: int, place: str, *, by: Person) -> ScheduleClearing:
        """Return what would go; nothing changes yet.

        Raises:
            NotPermitted; UserError: the policy has no such place, or nothing was set for it.
        """
        await self._schedules.require(by, guild_id, act="clear_schedule", place=place)
        _, clearing = await self._read(self._store, guild_id, place)
        return clearing

    async def clear(
        self, guild_id: int, place: str, *, seen: str, by: Person
    ) -> Changed[ScheduleClearing] | None:
        """Return *place* to the policy file by ending all schedules set for it. Overrides stay.

        Args:
            seen: The mark of the preview that was confirmed.

        Returns:
            What went, and what follows; None if the schedule is not what was seen, and nothing changes.

        Raises:
            NotPermitted; UserError: the policy has no such place, or nothing is set for it any more.
        """
        await self._schedules.require(by, guild_id, act="clear_schedule", place=place)
        async with self._schedules.changes.begin(guild_id, "clear_schedule", by=by) as change:
            numbers, clearing = await self._read(change.tx, guild_id, place)
            if clearing.mark != seen:
                return None
            if await OnCallEntries(change.tx.sql).end_schedules(guild_id, place, by=by) != numbers:
                raise UserError("oncall_changed_meanwhile", place=place)  # by a commit of this very moment
            change.facts = {"place": place}
        return Changed(clearing, change.number)

    async def _read(
        self, source: Store | Transaction, guild_id: int, place: str
    ) -> tuple[set[int], ScheduleClearing]:
        now = await source.now()
        book = await OnCallRows(source.sql).oncall_book(guild_id, since=now)
        schedules = book.set_for(place)
        if not schedules:
            raise UserError("oncall_nothing_set", place=place)
        rosters, after = self._oncall.combined(book), self._oncall.combined(book.without_schedules(place))
        bare = self._oncall.combined(replace(book.without_schedules(place), overrides=()))
        pointless = [  # overrides that lose their meaning with the schedules
            each
            for each in book.overrides
            if each.place == place
            and (each.is_swap or _changes_nothing(bare.places[place], each, bare.person(each.who), now=now))
        ]
        numbers = [*(each.id for each in schedules), 0, *(each.id for each in pointless)]
        clearing = ScheduleClearing(
            place=place,
            schedules=tuple(
                SetSchedule(
                    each.content, {handle: rosters.person(who) for handle, who in each.content.people.items()}
                )
                for each in reversed(schedules)
            ),
            pointless=tuple((each, rosters.person(each.who)) for each in pointless),
            holder=holder_at(rosters, place, now),
            after=holder_at(after, place, now),
            mark=_mark(numbers),
        )
        # An override may keep another person on call than the policy file names.
        if bare.at(now)[place].handle != clearing.after.person.handle:
            following = _following(after, clearing.after)
            clearing = replace(clearing, is_override=True, following=following)
        return {each.id for each in schedules}, clearing


def _mark(shown: Sequence[object]) -> str:
    """Return eight hexadecimal digits that change with what was *shown*."""
    return sha256(repr(shown).encode()).hexdigest()[:8]


def _following(rosters: Rosters, holder: OnCallNow) -> OnCallNow | None:
    """Return whom the policy file has on call after *holder*."""
    if holder.until is None:
        return None
    duty = rosters.places[holder.place].duty_at(holder.until)
    if duty.kind in (DutyKind.OVERRIDE, DutyKind.SWAP):
        return None
    return holder_at(rosters, holder.place, holder.until)


def _changes_nothing(
    roster: Roster, override: StoredOverride, person: OnCallPerson, *, now: datetime
) -> bool:
    """Return True if *person* has all of the override's shifts anyway."""
    shifts = roster.shifts(max(override.starts, now), override.ends)
    return all(shift.person == person.handle for shift in shifts)


#: How far a new rotation is compared with the schedule that it replaces.
COMPARED: Final = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class RotationPreview:
    """What a rotation would change.

    Attributes:
        number: Of the draft, which names it when it is confirmed.
        people: By handle, all of the rotation and of the stretches.
        stretches: Within `COMPARED`, in order and without gaps.
        dropped: People who take turns now, and would not any more.
        mark: Eight hexadecimal digits; they change if another change comes first.
    """

    number: int
    place: str
    rotation: Rotation
    people: Mapping[str, OnCallPerson]
    stretches: tuple[Stretch, ...]
    dropped: tuple[OnCallPerson, ...]
    doubled: tuple["Doubled", ...]
    mark: str


@dataclass(frozen=True, slots=True)
class RotationSet:
    """A rotation as it was stored.

    Attributes:
        people: By handle.
        holder: The person on call now, perhaps by an override.
        following: The next shift of another person; None if none is in sight.
    """

    rotation: Rotation
    people: Mapping[str, OnCallPerson]
    holder: OnCallNow
    following: Turn | None


class Rotating:
    """The use cases of `/oncall schedule rotate`."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall, schedules: Schedules) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall
        self._schedules = schedules

    async def preview(self, guild_id: int, place: str, turns: WantedTurns, *, by: Person) -> RotationPreview:
        """Return who would be on call if people took *turns* at *place* from now on; nothing changes yet.

        Raises:
            NotPermitted; UserError: the policy has no such place, or there are no such turns.
        """
        await self._schedules.require(by, guild_id, act="set_rotation", place=place)
        async with self._store.transaction() as tx:
            rosters, now = await self._oncall.rosters(guild_id, source=tx)
            current = rosters.places[place].turns_at(now)[1]
            rotation = turns.rotation(current, now=now, zone=self._policy.timezone)
            content = Content({who.handle: who for who in turns.people}, rotation=rotation)
            number = await OnCallEntries(tx.sql).add_schedule(guild_id, place, content, by=by, draft=True)
            return await self._read(tx, guild_id, number, place, content)

    async def confirm(
        self, guild_id: int, place: str, number: int, *, seen: str, by: Person
    ) -> Changed[RotationSet] | RotationPreview:
        """Put a previewed rotation into force, until further notice.

        Args:
            seen: The mark of the preview that was confirmed.

        Returns:
            What was set; the new preview if the schedule has changed since the one that was seen. Then
            nothing changes.

        Raises:
            NotPermitted; UserError: the policy has no such place, or the rotation is in force already, or its
                preview is older than a day.
        """
        await self._schedules.require(by, guild_id, act="set_rotation", place=place)
        async with self._schedules.changes.begin(guild_id, "set_rotation", by=by) as change:
            entries = OnCallEntries(change.tx.sql)
            content = await entries.draft(guild_id, place, number)
            if content is None:
                raise UserError("oncall_rotation_gone")
            shown = await self._read(change.tx, guild_id, number, place, content)
            if shown.mark != seen:
                return shown
            await entries.confirm_schedule(guild_id, number, by=by)
            change.facts = {
                "place": place,
                "schedule": number,
                "people": list(content.people),
                "dropped": [person.handle for person in shown.dropped],
            }
        rosters, now = await self._oncall.rosters(guild_id)
        ahead = rosters.places[place].shifts(now, now + FAR)[1:2]
        following = next((Turn(place, rosters.people[shift.person], shift) for shift in ahead), None)
        done = RotationSet(shown.rotation, shown.people, holder_at(rosters, place, now), following)
        return Changed(done, change.number)

    async def _read(
        self, tx: Transaction, guild_id: int, number: int, place: str, content: Content
    ) -> RotationPreview:
        assert content.rotation is not None
        now = await tx.now()
        book = await OnCallRows(tx.sql).oncall_book(guild_id, since=now)
        before = self._oncall.combined(book)
        added = StoredSchedule(number, place, content, "", now)
        after = self._oncall.combined(replace(book, schedules=[*book.schedules, added]))
        own = {handle: after.person(who) for handle, who in content.people.items()}
        turning = before.places[place].turns_at(now)[0]
        kept = {person.handle for person in own.values()}
        duties = double_duties(after, place, now, now + AHEAD)
        entries = [
            *(each.id for each in book.set_for(place)),
            0,
            *(each.id for each in book.overrides if each.place == place),
        ]
        return RotationPreview(
            number=number,
            place=place,
            rotation=content.rotation,
            people={**after.people, **own},
            stretches=tuple(compared(place, before, after, start=now, end=now + COMPARED)),
            dropped=tuple(before.people[handle] for handle in turning if handle not in kept),
            doubled=tuple(_first_of_each(after, (duty for duty in duties if duty.handle in kept))),
            mark=_mark([*entries, *turning]),
        )


#: How far ahead of a change without an end is looked at: two months, so that longer rotations come round.
AHEAD: Final = timedelta(days=60)

#: A person at two places, and the stretch of time in which they are.
Doubled = tuple[DoubleDuty, OnCallPerson]


@dataclass(frozen=True, slots=True)
class OverrideCheck:
    """What is to be said of an override.

    Attributes:
        person: The substitute.
        gaps: What they lack; None if Discord could not be asked.
        doubled: When they are on call at another place as well.
    """

    person: OnCallPerson
    gaps: Sequence[ReadinessFinding] | None
    doubled: Sequence[Doubled]


class ChangeChecks:
    """Looks at what was changed, or would be: nothing here refuses a change."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall, reach: Reachability) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall
        self._reach = reach

    async def away(
        self, guild_id: int, *shifts: tuple[Who, datetime, datetime]
    ) -> list[tuple[OnCallPerson, TimeAway]]:
        """Return the people who are away in the time that they are to be on call, each with the absence.

        Args:
            shifts: Who is to be on call, from when to when.
        """
        reads = [one.absences for one in self._policy.capabilities if one.absences]
        absences = [each for read in reads for each in await read(self._store.sql, guild_id)]
        if not absences:
            return []
        rosters, _ = await self._oncall.rosters(guild_id)
        return [
            (person, absence)
            for who, starts, ends in shifts
            for absence in absences
            if absence.overlaps(starts, ends)
            and (person := rosters.person(who)).handle == rosters.person(absence.who).handle
        ]

    async def of_places(self, guild_id: int, *places: str) -> list[Doubled]:
        """Return when one person is at one of *places* and elsewhere within `AHEAD`, the first of each."""
        rosters, now = await self._oncall.rosters(guild_id)
        duties = [duty for place in places for duty in double_duties(rosters, place, now, now + AHEAD)]
        return _first_of_each(rosters, duties)

    async def of_import(self, guild_id: int, drafts: Iterable[tuple[str, Content]]) -> list[Doubled]:
        """Return the double duties at each draft's place, as if the drafts were in force."""
        book, now = await OnCallRows(self._store.sql).oncall_book_now(guild_id, past=timedelta())
        contents = list(drafts)
        added = [StoredSchedule(0, place, content, "", now) for place, content in contents]
        rosters = self._oncall.combined(replace(book, schedules=[*book.schedules, *added]))
        duties = [
            duty
            for place, content in contents
            for duty in double_duties(rosters, place, now, now + AHEAD)
            if duty.handle in {rosters.person(who).handle for who in content.people.values()}
        ]
        return _first_of_each(rosters, duties)

    async def of_override(self, guild_id: int, made: NewOverride) -> OverrideCheck:
        """Return whether the substitute can be reached, and whether they are on call elsewhere as well."""
        rosters, _ = await self._oncall.rosters(guild_id)
        person = rosters.person(made.who)
        duties = double_duties(rosters, made.place, made.starts, made.ends)
        own = [duty for duty in duties if duty.handle == person.handle]
        gaps: Sequence[ReadinessFinding] | None = None
        with suppress(UpstreamUnavailable):
            gaps = await self._reach.gaps(guild_id, person, (made.place,))
        return OverrideCheck(person, gaps, _first_of_each(rosters, own))


def _first_of_each(rosters: Rosters, duties: Iterable[DoubleDuty]) -> list[Doubled]:
    """Return the first stretch of each person and pair of places, in order."""
    first: dict[tuple[str, frozenset[str]], DoubleDuty] = {}
    for duty in sorted(duties, key=lambda each: each.starts):
        first.setdefault((duty.handle, frozenset((duty.place, duty.other))), duty)
    return [(duty, rosters.people[duty.handle]) for duty in first.values()]


class Notifying:
    """Reads and changes the notification settings of the person who asks, never another person's.

    Args:
        ways: Those that the bot is set up for.
    """

    def __init__(self, store: Store, access: Access, *, ways: Collection[Way]) -> None:
        self._store = store
        self._access = access
        self._ways = ways

    def unusable(self, own: NotifySettings) -> list[Way]:
        """Return the push services that have an address although the bot is not set up for them."""
        given = {Way.NTFY: own.ntfy, Way.PUSHOVER: own.pushover}
        return [way for way, address in given.items() if address is not None and way not in self._ways]

    async def settings(self, guild_id: int, *, by: Person) -> NotifySettings:
        """Return the settings of *by*; empty ones if they have set nothing."""
        stored = await OnCallRows(self._store.sql).notify_settings(guild_id, by.id)
        return stored or NotifySettings(by.id, by.username)

    async def save(self, guild_id: int, new: NotifySettings, *, by: Person) -> None:
        """Store the settings of *by* in place of the earlier ones. They count from the next page on.

        Raises:
            NotPermitted: *by* may not respond, so they are never paged.
        """
        await self._access.require(by, "acknowledge", guild_id=guild_id, act="set_notify")
        async with self._store.transaction() as tx:
            await OnCallEntries(tx.sql).save_notify_settings(guild_id, new)
            # Not the addresses: others may read the audit log.
            facts = {"ways": [way.value for way in new.ways], "wait_s": new.wait.total_seconds()}
            await AuditWrites(tx.sql).audit(
                guild_id=guild_id, by=by, action="set_notify", data=AuditData(facts=facts)
            )
        log.info("oncall.notify_set", guild_id=guild_id, user_id=by.id, is_removed=new.is_empty)
