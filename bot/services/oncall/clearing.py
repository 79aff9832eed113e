"""Clearing the schedule of a place, which is asked about first. See docs/internals/oncall.md."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from bot.domain.errors import UserError
from bot.domain.oncall.book import Book, Content, StoredOverride
from bot.domain.oncall.duty import DutyKind
from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.roster import Rosters
from bot.domain.oncall.rotation import Roster
from bot.domain.people import Person
from bot.services.oncall.schedules import OnCallNow, Schedules, holder_at
from bot.services.ports import Store
from bot.services.ports.store.oncall import OnCallReads
from bot.services.shared.roster import OnCall


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
        mark: Changes with anything above: eight hexadecimal digits.
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

    async def clear(self, guild_id: int, place: str, *, seen: str, by: Person) -> ScheduleClearing | None:
        """Return *place* to the policy file by ending all schedules set for it. Overrides stay.

        Args:
            seen: The mark of the preview that was confirmed.

        Returns:
            What went, and what follows; None if the schedule is not what was seen, and nothing changes.

        Raises:
            NotPermitted; UserError: the policy has no such place, or nothing is set for it any more.
        """
        await self._schedules.require(by, guild_id, act="clear_schedule", place=place)
        async with self._store.transaction() as tx:
            numbers, clearing = await self._read(tx, guild_id, place)
            if clearing.mark != seen:
                return None
            if await tx.end_schedules(guild_id, place, by=by) != numbers:
                raise UserError("oncall_changed_meanwhile", place=place)  # by a commit of this very moment
            await self._schedules.done(tx, guild_id, by, "clear_schedule", {"place": place})
        return clearing

    async def _read(
        self, source: OnCallReads, guild_id: int, place: str
    ) -> tuple[set[int], ScheduleClearing]:
        now = await source.now()
        book = await source.oncall_book(guild_id, since=now)
        schedules = book.set_for(place)
        if not schedules:
            raise UserError("oncall_nothing_set", place=place)
        found, after = self._oncall.combined(book), self._oncall.combined(book.without_schedules(place))
        pointless = self._pointless(book, place, now)
        clearing = ScheduleClearing(
            place=place,
            schedules=tuple(_set(found, each.content) for each in reversed(schedules)),
            pointless=tuple((each, found.person(each.who)) for each in pointless),
            holder=holder_at(found, place, now),
            after=holder_at(after, place, now),
            mark=_mark([*(each.id for each in schedules), 0, *(each.id for each in pointless)]),
        )
        if self._is_kept(book, clearing, now):
            following = _following(after, clearing.after)
            clearing = replace(clearing, is_override=True, following=following)
        return {each.id for each in schedules}, clearing

    def _is_kept(self, book: Book, clearing: ScheduleClearing, now: datetime) -> bool:
        """Return True if an override keeps another person on call than the policy file names."""
        bare = self._oncall.combined(replace(book.without_schedules(clearing.place), overrides=()))
        return bare.at(now)[clearing.place].handle != clearing.after.person.handle

    def _pointless(self, book: Book, place: str, now: datetime) -> list[StoredOverride]:
        """Return the overrides of *place* that lose their meaning with its schedules."""
        bare = self._oncall.combined(replace(book.without_schedules(place), overrides=()))
        roster = bare.places[place]
        return [
            each
            for each in book.overrides
            if each.place == place
            and (each.is_swap or _changes_nothing(roster, each, bare.person(each.who), now=now))
        ]


def _following(found: Rosters, holder: OnCallNow) -> OnCallNow | None:
    """Return whom the policy file has on call after *holder*."""
    if holder.until is None:
        return None
    duty = found.places[holder.place].duty_at(holder.until)
    if duty.kind in (DutyKind.OVERRIDE, DutyKind.SWAP):
        return None
    return holder_at(found, holder.place, holder.until)


def _changes_nothing(
    roster: Roster, override: StoredOverride, person: OnCallPerson, *, now: datetime
) -> bool:
    """Return True if *person* has all of the override's shifts anyway."""
    shifts = roster.shifts(max(override.starts, now), override.ends)
    return all(shift.person == person.handle for shift in shifts)


def _set(found: Rosters, content: Content) -> SetSchedule:
    return SetSchedule(content, {handle: found.person(who) for handle, who in content.people.items()})


def _mark(numbers: Sequence[int]) -> str:
    return sha256(repr(numbers).encode()).hexdigest()[:8]
