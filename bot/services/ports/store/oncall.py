"""On-call: overrides, schedules, and the watch over handovers."""

from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.oncall.book import Book, Content, NewOverride, StoredOverride
from bot.domain.oncall.notify import NotifySettings
from bot.domain.oncall.roster import RosterWatch
from bot.domain.people import Person


class OnCallReads(Protocol):
    """Reads on-call, within a transaction or without one."""

    async def now(self) -> datetime:
        """Return the database's time, aware."""

    async def oncall_book(self, guild_id: int, *, since: datetime) -> Book:
        """Return the entries made in chat that count at *since* or later, in order of writing."""

    async def oncall_book_now(self, guild_id: int, *, past: timedelta) -> tuple[Book, datetime]:
        """Return the entries that count since *past* ago or later, and the database's time."""

    async def notify_settings(self, guild_id: int, user_id: int) -> NotifySettings | None:
        """Return how a person wants to be paged outside Discord; None if they have set nothing."""


class OnCallWrites(OnCallReads, Protocol):
    """The part of a transaction that is about on-call."""

    async def add_override(self, guild_id: int, new: NewOverride, *, by: Person) -> int:
        """Store an override and return its number."""

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> list[StoredOverride]:
        """End an override now, and the other half of a swap with it unless that is over.

        Returns:
            It, then the other half; empty when there is none of that number, or it is over.
        """

    async def add_schedule(
        self, guild_id: int, place: str, content: Content, *, by: Person, draft: bool = False
    ) -> int:
        """Put a schedule into force from now on, or keep it as a draft for a day; its number."""

    async def confirm_schedule(self, guild_id: int, number: int, *, by: Person) -> tuple[str, Content] | None:
        """Put a draft into force from now on; its place, or None when it is gone or was confirmed before."""

    async def end_schedules(self, guild_id: int, place: str, *, by: Person) -> set[int]:
        """End the schedules that are in force at a place, and return their numbers."""

    async def save_notify_settings(self, guild_id: int, new: NotifySettings) -> None:
        """Store a person's settings in place of their earlier ones; empty ones are deleted."""

    async def lock_watch(self, guild_id: int) -> RosterWatch | None:
        """Lock and return the guild's watch; None if there is none."""

    async def begin_watch(self, watch: RosterWatch) -> bool:
        """Store a guild's first watch; False when there is one."""

    async def wake_watch(self, guild_id: int) -> None:
        """Make the guild's watch due at once, because something has changed. Does nothing without a watch."""

    async def save_watch(self, watch: RosterWatch) -> None:
        """Store who was announced as on call, and when to look again. The row must be locked."""
