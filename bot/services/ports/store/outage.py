"""The mirror of open work, for the time when the database is away."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from bot.domain.outage.watches import Watch, WatchChange


class OutageMirror(Protocol):
    """Checks that the database works, and reads what a process must send without it."""

    async def beat(self, *, mirror: UUID | None = None) -> datetime:
        """Write a row to see that writing works, and return the database's time.

        Args:
            mirror: The mirror of a process that has no news from a time without the database.

        Raises:
            StorageUnavailable: the write failed or took more than two seconds; the text names the error's
                class.
        """

    async def leave(self, mirror: UUID) -> None:
        """Note that the process that owns *mirror* ends: no other process need wait for its news."""

    async def is_untold(self) -> bool:
        """Return True if another process may have escalated without the database and not recorded it yet."""

    def listen(self, listener: Callable[[WatchChange], None]) -> None:
        """Have *listener*, which must not raise, told of each commit by which a ladder begins or ends."""

    async def watched(self, *, without: Sequence[str], limit: int) -> list[Watch]:
        """Return unacknowledged incidents with their pending steps and unsent deliveries, most urgent first.

        Args:
            without: Names of the severities that are not mirrored.
        """

    async def known_alerts(self, *, without: Sequence[str], since: timedelta, limit: int) -> frozenset[str]:
        """Return the fingerprints of alerts that page nobody when they come again: open ones, and muted ones.

        Args:
            without: Names of the severities that are not mirrored.
            since: How long ago an open one was last seen, at most.
        """
