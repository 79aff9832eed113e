"""Changing who is on call from chat, and looking at it. See docs/internals/oncall.md."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.errors import UserError
from bot.domain.oncall.book import Content, NewOverride, StoredOverride
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.roster import Rosters
from bot.domain.oncall.rotation import Rotation, Shift
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.oncall.handovers import wake
from bot.services.ports import Store, Transaction
from bot.services.shared.access import Access
from bot.services.shared.roster import PAST, OnCall

log = structlog.get_logger(__name__)

#: How far `/oncall show` looks ahead, and the longest override.
SHOWN: Final = timedelta(days=14)
LONGEST: Final = timedelta(days=90)

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
    """

    now: datetime
    holders: tuple[OnCallNow, ...]
    ahead: tuple[Turn, ...]
    overrides: tuple[tuple[StoredOverride, OnCallPerson], ...]

    def ended_by(self, number: int) -> list[tuple[StoredOverride, OnCallPerson]]:
        """Return the overrides that `Schedules.end_override` would end; for a swap both halves, it first."""
        named = [each for each in self.overrides if each[0].id == number]
        return named + [each for each in self.overrides if named and each[0].is_half_with(named[0][0])]


@dataclass(frozen=True, slots=True)
class Swapped:
    """The two shifts whose people have changed places."""

    first: Turn
    second: Turn


class Schedules:
    """The use cases of `/oncall` but for files, which `bot.services.oncall.calendars` sees to."""

    def __init__(self, store: Store, policy: Policy, access: Access, oncall: OnCall) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._oncall = oncall

    async def now(self) -> datetime:
        """Return the database's time, aware: the times that people type count from it."""
        return await self._store.now()

    async def view(self, guild_id: int) -> DutyView:
        """Return who is on call now, who comes on within two weeks, and the overrides."""
        found, now = await self._oncall.rosters(guild_id)
        book = await self._store.oncall_book(guild_id, since=now)
        known = [one for one in book.overrides if one.place in self._policy.oncall]
        ahead = [
            Turn(place, found.people[shift.person], shift)
            for place, roster in found.places.items()
            for shift in roster.shifts(now, now + FAR)[1:]
            if shift.starts < now + SHOWN
        ]
        return DutyView(
            now=now,
            holders=tuple(holder_at(found, place, now) for place in found.places),
            ahead=tuple(sorted(ahead, key=lambda turn: turn.shift.starts)),
            overrides=tuple((one, found.person(one.who)) for one in known),
        )

    async def turns(self, guild_id: int) -> list[Turn]:
        """Return the shifts that may be swapped: those that go on now or begin within 60 days, in order."""
        found, now = await self._oncall.rosters(guild_id)
        turns = [
            Turn(place, found.people[shift.person], shift)
            for place, roster in found.places.items()
            for shift in roster.shifts(now, now + PAST)
        ]
        return sorted(turns, key=lambda turn: turn.shift.starts)

    async def set_person(self, guild_id: int, place: str, who: Who, *, by: Person) -> OnCallNow:
        """Put *who* on call at *place* from now on, until further notice.

        Raises:
            NotPermitted; UserError: the policy has no such place.
        """
        content = Content({who.handle: who}, person=who.handle)
        return await self._put(guild_id, place, content, by=by, drops=True)

    async def rotate(
        self, guild_id: int, place: str, content: Content, *, by: Person, drops: bool = False
    ) -> OnCallNow:
        """Let the people of *content*, a rotation, take turns at *place* from now on, until further notice.

        Args:
            drops: People who take turns there now may be missing in it.

        Raises:
            NotPermitted; UserError: the policy has no such place, or people would drop out unasked.
        """
        return await self._put(guild_id, place, content, by=by, drops=drops)

    async def rotation_at(self, guild_id: int, place: str) -> Rotation | None:
        """Return the rotation by which people take turns at *place* now, if there is one."""
        found, now = await self._oncall.rosters(guild_id)
        return found.places[place].turns_at(now)[1] if place in found.places else None

    async def override(self, guild_id: int, new: NewOverride, *, by: Person) -> NewOverride:
        """Store an override of one place. A part that lies in the past is left out.

        Raises:
            NotPermitted; UserError: the policy has no such place, it ends before it begins or before now, or
                it is longer than `LONGEST`.
        """
        await self.require(by, guild_id, act="override", place=new.place)
        async with self._store.transaction() as tx:
            now = await tx.now()
            new = replace(new, starts=max(new.starts, now))
            if new.ends <= new.starts:
                raise UserError("oncall_ends_early")
            if new.ends - new.starts > LONGEST:
                raise UserError("oncall_too_long", days=LONGEST.days)
            number = await tx.add_override(guild_id, new, by=by)
            facts = {"place": new.place, "override": number, "who": new.who.handle}
            await self.done(tx, guild_id, by, "override", {**facts, **_times(new.starts, new.ends)})
        return new

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> list[StoredOverride]:
        """End an override now; for a swap end both halves, so that no person is left with two shifts.

        Returns:
            The override, then the other half unless that is over.

        Raises:
            NotPermitted; UserError: it is over already.
        """
        await self._access.require(by, "oncall", guild_id=guild_id, act="end_override", override=number)
        async with self._store.transaction() as tx:
            ended = await tx.end_override(guild_id, number, by=by)
            if not ended:
                raise UserError("oncall_override_over")
            facts = [{"place": one.place, "override": one.id} for one in ended]
            other = {"other_half": facts[1]} if facts[1:] else {}
            await self.done(tx, guild_id, by, "end_override", {**facts[0], **other})
        return ended

    async def swap(
        self, guild_id: int, first: tuple[str, datetime], second: tuple[str, datetime], *, by: Person
    ) -> Swapped:
        """Two people exchange two shifts, or what is left of them, in one commit.

        Args:
            first, second: Place, and a moment within the shift.

        Raises:
            NotPermitted; UserError: one of them is over or has no planned end, or both are one person's.
        """
        await self.require(by, guild_id, act="swap", place=first[0])
        async with self._store.transaction() as tx:
            found, now = await self._oncall.rosters(guild_id, source=tx)
            one, other = (_turn(found, place, at, now) for place, at in (first, second))
            if one.person.handle == other.person.handle:
                raise UserError("oncall_same_person", who=one.person.name)
            for turn, stands_in in ((one, other.person), (other, one.person)):
                new = NewOverride(turn.place, stands_in.who, turn.shift.starts, turn.shift.ends, is_swap=True)
                await tx.add_override(guild_id, new, by=by)
            facts = {
                "first": {"place": one.place, **_times(one.shift.starts, one.shift.ends)},
                "second": {"place": other.place, **_times(other.shift.starts, other.shift.ends)},
            }
            await self.done(tx, guild_id, by, "swap", facts)
        return Swapped(one, other)

    async def require(self, by: Person, guild_id: int, *, act: str, place: str) -> None:
        """Check that *by* may change who is on call at *place*.

        Raises:
            NotPermitted; UserError: the policy has no such place.
        """
        await self._access.require(by, "oncall", guild_id=guild_id, act=act, place=place)
        if place not in self._policy.oncall:
            raise UserError("oncall_no_place", place=place, places=list(self._policy.oncall))

    async def require_look(self, by: Person, guild_id: int, *, act: str) -> None:
        """Check that *by* may take away who is on call when, as a file.

        Raises:
            NotPermitted: *by* may not respond.
        """
        await self._access.require(by, "acknowledge", guild_id=guild_id, act=act)

    async def _put(
        self, guild_id: int, place: str, content: Content, *, by: Person, drops: bool
    ) -> OnCallNow:
        action = "set_on_call" if content.rotation is None else "set_rotation"
        await self.require(by, guild_id, act=action, place=place)
        async with self._store.transaction() as tx:
            if not drops:
                found, now = await self._oncall.rosters(guild_id, source=tx)
                _require_all(found, place, content, now)
            number = await tx.add_schedule(guild_id, place, content, by=by)
            facts = {"place": place, "schedule": number, "people": list(content.people)}
            await self.done(tx, guild_id, by, action, facts)
        return await self._now(guild_id, place)

    async def done(
        self, tx: Transaction, guild_id: int, by: Person, action: str, facts: Mapping[str, object]
    ) -> None:
        """Record a change of the schedule, and let the watch look at it at once."""
        await tx.audit(guild_id=guild_id, by=by, action=action, data=AuditData(facts=facts))
        await wake(tx, guild_id)
        log.info("oncall.changed", guild_id=guild_id, action=action, user_id=by.id)

    async def _now(self, guild_id: int, place: str) -> OnCallNow:
        found, now = await self._oncall.rosters(guild_id)
        return holder_at(found, place, now)


def holder_at(found: Rosters, place: str, now: datetime) -> OnCallNow:
    """Return the holder of *place* at *now*, and until when."""
    shift = found.places[place].shifts(now, now + FAR)[0]
    return OnCallNow(place, found.people[shift.person], None if shift.ends >= now + FAR else shift.ends)


def _require_all(found: Rosters, place: str, content: Content, now: datetime) -> None:
    """Check that *content* leaves out no one who takes turns at *place* now.

    Raises:
        UserError.
    """
    kept = {found.person(who).handle for who in content.people.values()}
    dropped = [handle for handle in found.places[place].turns_at(now)[0] if handle not in kept]
    if dropped:
        who = [found.people[handle].name for handle in dropped]
        raise UserError("oncall_would_drop", who=who, place=place)


def _turn(found: Rosters, place: str, at: datetime, now: datetime) -> Turn:
    """Return the part of the shift around *at* that is still to come."""
    if place not in found.places or at < now - PAST:
        raise UserError("oncall_shift_unknown")
    at = max(at, now)
    for shift in found.places[place].shifts(now, max(at, now) + FAR):
        if shift.starts <= at < shift.ends:
            if shift.ends >= at + FAR:
                raise UserError("oncall_shift_endless", who=found.people[shift.person].name)
            return Turn(place, found.people[shift.person], shift)
    raise UserError("oncall_shift_unknown")


def _times(starts: datetime, ends: datetime) -> dict[str, object]:
    return {"starts": starts.isoformat(), "ends": ends.isoformat()}
