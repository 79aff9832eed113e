"""On call in memory."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.oncall.roster import Book, Content, NewOverride, StoredOverride, Watch
from bot.domain.people import Person
from tests.fakes.base import FakePart
from tests.fakes.oncall_state import KeptSchedule


class FakeOnCall(FakePart):
    """The part of a transaction that is about on-call."""

    _wrote_at: datetime | None = None

    async def oncall_book(self, guild_id: int, *, since: datetime) -> Book:
        return self.state.oncall.book(guild_id, since)

    async def oncall_book_now(self, guild_id: int, *, past: timedelta) -> tuple[Book, datetime]:
        return self.state.oncall.book(guild_id, self._now - past), self._now

    async def add_override(self, guild_id: int, new: NewOverride, *, by: Person) -> int:
        number = next(self._sequences.oncall)
        # PostgreSQL's now() is the transaction's: no two of them begin in one microsecond.
        self._wrote_at = self._wrote_at or self._now + timedelta(microseconds=number)
        stored = StoredOverride(
            number,
            new.place,
            new.who,
            new.starts,
            new.ends,
            new.reason,
            new.is_swap,
            by.id,
            by.name,
            self._wrote_at,
        )
        self.state.oncall.overrides[number] = (guild_id, stored)
        return number

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> list[StoredOverride]:
        own = [one for guild, one in self.state.oncall.overrides.values() if guild == guild_id]
        counting = [one for one in own if one.ended_at is None and one.ends > self._now]
        named = [one for one in counting if one.id == number]
        halves = [one for one in counting if named and one.is_half_with(named[0])]
        ended = [replace(one, ended_at=self._now) for one in named + halves]
        self.state.oncall.overrides |= {one.id: (guild_id, one) for one in ended}
        return ended

    async def add_schedule(
        self, guild_id: int, place: str, content: Content, *, by: Person, draft: bool = False
    ) -> int:
        kept = self.state.oncall.schedules
        for old in [one for one in kept.values() if one.guild_id == guild_id and self._is_stale(one)]:
            del kept[old.id]
        number = next(self._sequences.oncall)
        starts = None if draft else self._now
        kept[number] = KeptSchedule(number, guild_id, place, content, by.name, self._now, starts)
        return number

    async def confirm_schedule(self, guild_id: int, number: int, *, by: Person) -> tuple[str, Content] | None:
        known = self.state.oncall.schedules.get(number)
        if known is None or known.guild_id != guild_id or known.starts is not None or self._is_stale(known):
            return None
        self.state.oncall.schedules[number] = replace(known, starts=self._now, by_name=by.name)
        return known.place, known.content

    async def end_schedules(self, guild_id: int, place: str, *, by: Person) -> int:
        kept = self.state.oncall.schedules
        own = [
            one
            for one in kept.values()
            if (one.guild_id, one.place) == (guild_id, place)
            and one.starts is not None
            and one.ended_at is None
        ]
        for one in own:
            kept[one.id] = replace(one, ended_at=self._now)
        return len(own)

    async def lock_watch(self, guild_id: int) -> Watch | None:
        return self.state.oncall.watches.get(guild_id)

    async def begin_watch(self, watch: Watch) -> bool:
        if watch.guild_id in self.state.oncall.watches:
            return False
        self.state.oncall.watches[watch.guild_id] = replace(watch, told=0, checked=())
        return True

    async def wake_watch(self, guild_id: int) -> None:
        known = self.state.oncall.watches.get(guild_id)
        if known is not None:
            self.state.oncall.watches[guild_id] = replace(known, next_at=min(known.next_at, self._now))

    async def save_watch(self, watch: Watch) -> None:
        self.state.oncall.watches[watch.guild_id] = watch

    def _is_stale(self, one: KeptSchedule) -> bool:
        return one.starts is None and one.at < self._now - timedelta(days=1)
