"""Find what the answer to a change of the schedule should warn of. See docs/internals/oncall.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.domain.errors import UpstreamUnavailable
from bot.domain.oncall.book import Content, NewOverride, StoredSchedule
from bot.domain.oncall.double_duty import DoubleDuty, double_duties
from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.roster import Rosters
from bot.services.ports import Store
from bot.services.ports.oncall import Reachability, ReadinessFinding
from bot.services.shared.roster import OnCall

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

    def __init__(self, store: Store, oncall: OnCall, reach: Reachability) -> None:
        self._store = store
        self._oncall = oncall
        self._reach = reach

    async def of_places(self, guild_id: int, *places: str) -> list[Doubled]:
        """Return when one person is at one of *places* and elsewhere within `AHEAD`, the first of each."""
        found, now = await self._oncall.rosters(guild_id)
        duties = [duty for place in places for duty in double_duties(found, place, now, now + AHEAD)]
        return _first_of_each(found, duties)

    async def of_import(self, guild_id: int, drafts: Iterable[tuple[str, Content]]) -> list[Doubled]:
        """Return the double duties at each draft's place, as if the drafts were in force."""
        book, now = await self._store.oncall_book_now(guild_id, past=timedelta())
        contents = list(drafts)
        added = [StoredSchedule(0, place, content, "", now) for place, content in contents]
        found = self._oncall.combined(replace(book, schedules=[*book.schedules, *added]))
        duties = [
            duty
            for place, content in contents
            for duty in double_duties(found, place, now, now + AHEAD)
            if duty.handle in {found.person(who).handle for who in content.people.values()}
        ]
        return _first_of_each(found, duties)

    async def of_override(self, guild_id: int, made: NewOverride) -> OverrideCheck:
        """Return whether the substitute can be reached, and whether they are on call elsewhere as well."""
        found, _ = await self._oncall.rosters(guild_id)
        person = found.person(made.who)
        duties = double_duties(found, made.place, made.starts, made.ends)
        own = [duty for duty in duties if duty.handle == person.handle]
        return OverrideCheck(person, await self._gaps(guild_id, person), _first_of_each(found, own))

    async def _gaps(self, guild_id: int, person: OnCallPerson) -> Sequence[ReadinessFinding] | None:
        try:
            return await self._reach.gaps(guild_id, person)
        except UpstreamUnavailable:
            return None


def _first_of_each(found: Rosters, duties: Iterable[DoubleDuty]) -> list[Doubled]:
    """Return the first stretch of each person and pair of places, in order."""
    first: dict[tuple[str, frozenset[str]], DoubleDuty] = {}
    for duty in sorted(duties, key=lambda each: each.starts):
        first.setdefault((duty.handle, frozenset((duty.place, duty.other))), duty)
    return [(duty, found.people[duty.handle]) for duty in first.values()]
