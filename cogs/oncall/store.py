"""What is written down from chat of who is on call, which the core reads, and the watch over handovers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.domain.oncall.book import Content, NewOverride, StoredOverride
from bot.domain.oncall.people import NotifySettings, Who
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.oncall.rules import RosterWatch

#: The places of the overrides (True) and schedules (False) in force, by their numbers.
InForce: TypeAlias = Mapping[tuple[bool, int], str]


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change of who is on call, as it is kept for a day."""

    id: int
    action: str
    places: list[str]
    by_name: str
    at: datetime
    undone_at: datetime | None = None
    undone_by_name: str | None = None


class OnCallEntries:
    """Overrides, schedules and people's own settings, within a transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add_override(self, guild_id: int, new: NewOverride, *, by: Person) -> int:
        """Store an override and return its number."""
        row = await self._sql.one(
            "add_oncall_override",
            new,
            guild_id=guild_id,
            user_id=new.who.user_id,
            username=new.who.username,
            name=new.who.name,
            starts_at=new.starts,
            ends_at=new.ends,
            by_id=by.id,
            by_name=by.name,
        )
        number: int = row["id"]
        return number

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> list[StoredOverride]:
        """End an override now, and the other half of a swap with it unless that is over.

        Returns:
            It, then the other half; empty when there is none of that number, or it is over.
        """
        rows = await self._sql.all(
            "end_oncall_override", guild_id=guild_id, override_id=number, by_id=by.id, by_name=by.name
        )
        return sorted(map(_override, rows), key=lambda one: one.id != number)

    async def add_schedule(
        self, guild_id: int, place: str, content: Content, *, by: Person, draft: bool = False
    ) -> int:
        """Put a schedule into force from now on, or keep it as a draft for a day; its number."""
        await self._sql.all("forget_oncall_drafts", guild_id=guild_id)
        row = await self._sql.one(
            "add_oncall_schedule",
            guild_id=guild_id,
            place=place,
            content=content.to_json(),
            by_id=by.id,
            by_name=by.name,
            is_draft=draft,
        )
        number: int = row["id"]
        return number

    async def confirm_schedule(self, guild_id: int, number: int, *, by: Person) -> tuple[str, Content] | None:
        """Put a draft into force from now on; its place, or None when it is gone or was confirmed before."""
        row = await self._sql.first(
            "confirm_oncall_schedule", guild_id=guild_id, schedule_id=number, by_id=by.id, by_name=by.name
        )
        return None if row is None else (row["place"], Content.from_json(row["content"]))

    async def draft(self, guild_id: int, place: str, number: int) -> Content | None:
        """Lock and return a draft of the last day; None when it is gone or was confirmed before."""
        row = await self._sql.first("lock_oncall_draft", guild_id=guild_id, place=place, schedule_id=number)
        return None if row is None else Content.from_json(row["content"])

    async def end_schedules(self, guild_id: int, place: str, *, by: Person) -> set[int]:
        """End the schedules that are in force at a place, and return their numbers."""
        rows = await self._sql.all(
            "end_oncall_schedules", guild_id=guild_id, place=place, by_id=by.id, by_name=by.name
        )
        return {row["id"] for row in rows}

    async def in_force(self, guild_id: int) -> InForce:
        """Return the overrides and schedules that are not over."""
        rows = await self._sql.all("oncall_in_force", guild_id=guild_id)
        return {(row["is_override"], row["id"]): row["place"] for row in rows}

    async def add_change(
        self, guild_id: int, action: str, *, before: InForce, after: InForce, by: Person
    ) -> int:
        """Record a change by what was in force *before* and is *after* it; its number."""
        await self._sql.all("forget_oncall_changes", guild_id=guild_id)
        changed = before.keys() ^ after.keys()
        added, ended = after.keys() & changed, before.keys() & changed
        row = await self._sql.one(
            "add_oncall_change",
            guild_id=guild_id,
            action=action,
            places=list(dict.fromkeys({**before, **after}[entry] for entry in sorted(changed))),
            overrides_added=[number for is_override, number in added if is_override],
            overrides_ended=[number for is_override, number in ended if is_override],
            schedules_added=[number for is_override, number in added if not is_override],
            schedules_ended=[number for is_override, number in ended if not is_override],
            by_id=by.id,
            by_name=by.name,
        )
        number: int = row["id"]
        return number

    async def change(self, guild_id: int, number: int) -> RecordedChange | None:
        """Lock and return a change of the last day; None if there is none of that number."""
        row = await self._sql.first("lock_oncall_change", guild_id=guild_id, change_id=number)
        return None if row is None else from_row(RecordedChange, row)

    async def last_change(self, guild_id: int, *, within: timedelta) -> RecordedChange | None:
        """Return the last change that was not undone; None if it is older than *within*."""
        row = await self._sql.first("last_oncall_change", guild_id=guild_id, within=within)
        return None if row is None else from_row(RecordedChange, row)

    async def later_change(self, guild_id: int, change: RecordedChange) -> RecordedChange | None:
        """Return the last change of the same places after *change* that was not undone."""
        row = await self._sql.first(
            "later_oncall_change", guild_id=guild_id, change_id=change.id, places=change.places
        )
        return None if row is None else from_row(RecordedChange, row)

    async def undo(self, guild_id: int, number: int, *, by: Person) -> None:
        """End what a change added, and continue what it ended."""
        await self._sql.all(
            "undo_oncall_change", guild_id=guild_id, change_id=number, by_id=by.id, by_name=by.name
        )

    async def save_notify_settings(self, guild_id: int, new: NotifySettings) -> None:
        """Store a person's settings in place of their earlier ones; empty ones are deleted."""
        if new.is_empty:
            await self._sql.all("forget_notify_settings", guild_id=guild_id, user_id=new.user_id)
            return
        await self._sql.all(
            "save_notify_settings",
            new,
            guild_id=guild_id,
            ways=list(new.ways),
            quiet_start=None if new.quiet is None else new.quiet.start,
            quiet_end=None if new.quiet is None else new.quiet.end,
        )


class RosterWatches:
    """The watch over a guild's handovers, within a transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def lock(self, guild_id: int) -> RosterWatch | None:
        """Lock and return the guild's watch; None if there is none."""
        row = await self._sql.first("lock_oncall_watch", guild_id=guild_id)
        if row is None:
            return None
        return from_row(
            RosterWatch,
            row,
            checked=tuple(row["checked"]),
            lacking={handle: tuple(marks) for handle, marks in row["lacking"].items()},
        )

    async def begin(self, watch: RosterWatch) -> bool:
        """Store a guild's first watch; False when there is one."""
        return await self._sql.has("begin_oncall_watch", watch, standing=dict(watch.standing))

    async def wake(self, guild_id: int) -> None:
        """Make the guild's watch due at once, because something has changed. Does nothing without a watch."""
        await self._sql.all("wake_oncall_watch", guild_id=guild_id)

    async def save(self, watch: RosterWatch) -> None:
        """Store who was announced as on call, and when to look again. The row must be locked."""
        await self._sql.all(
            "save_oncall_watch",
            watch,
            standing=dict(watch.standing),
            checked=list(watch.checked),
            lacking={handle: list(marks) for handle, marks in watch.lacking.items()},
        )


def _override(row: Row) -> StoredOverride:
    return from_row(
        StoredOverride,
        row,
        who=Who(row["user_id"], row["username"], row["name"]),
        starts=row["starts_at"],
        ends=row["ends_at"],
    )
