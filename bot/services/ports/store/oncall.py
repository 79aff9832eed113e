"""On-call: what was written down from chat."""

from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.oncall.book import Book
from bot.domain.oncall.notify import NotifySettings


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
