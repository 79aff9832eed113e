"""The watch over new failures of the highest severity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.dlq.watch import DlqBurst, DlqWatch, SeenFailure


class DlqWatchReads(Protocol):
    """Reads the watch, each in a statement of its own."""

    async def dlq_watch(self, guild_id: int) -> DlqWatch | None:
        """Return how far the guild's watch has looked; None before its first look."""

    async def unseen_failures(self, guild_id: int, entry_ids: Sequence[str]) -> frozenset[str]:
        """Return those of the entries that the watch has not seen."""

    async def dlq_burst(self, burst_id: int) -> DlqBurst | None:
        """Return a burst of failures."""


class DlqWatchWrites(Protocol):
    """The part of a transaction that is about the watch."""

    async def begin_dlq_watch(self, guild_id: int) -> bool:
        """Begin to watch from now on; False if it has begun before."""

    async def lock_dlq_watch(self, guild_id: int) -> bool:
        """Lock the guild's watch, so that no two processes announce the same failures; False without one."""

    async def end_dlq_watch(self, guild_id: int) -> None:
        """Forget the watch, because the policy does not ask for it: what fails meanwhile stays untold."""

    async def note_seen(self, guild_id: int, failures: Sequence[SeenFailure]) -> frozenset[str]:
        """Record that failures were seen; return the ids of those that had not been."""

    async def move_dlq_watch(self, guild_id: int, *, at: datetime, is_deep: bool) -> None:
        """Record that everything until *at* was looked at; a deep look forgets what it cannot meet again."""

    async def latest_burst(self, guild_id: int) -> DlqBurst | None:
        """Return the burst that was opened last."""

    async def open_burst(self, guild_id: int, *, count: int, shown: Sequence[SeenFailure]) -> DlqBurst:
        """Open a burst of *count* failures."""

    async def grow_burst(self, burst_id: int, *, count: int, shown: Sequence[SeenFailure]) -> None:
        """Set how many failures a burst has, and which it lists."""
