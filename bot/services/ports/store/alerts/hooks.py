"""Hooks as they came, until they are processed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.changes import RecentChange
from bot.domain.hooks.hook import NewHook, ProcessedHook, StoredHook


class HookReads(Protocol):
    """Reads and finishes hooks, each in a statement of its own."""

    async def waiting_hooks(self, *, most: int) -> int:
        """Count the hooks of all guilds that wait to be processed, up to *most*."""

    async def next_hooks(self, guild_id: int, source: str, *, limit: int) -> list[StoredHook]:
        """Return the hooks of a source that wait to be processed, oldest first; at least one, if any waits.

        Fewer than *limit* come back if their bodies are large.
        """

    async def known_hooks(self, guild_id: int, source: str, delivery_ids: Sequence[str]) -> set[str]:
        """Return which of *delivery_ids* are stored."""

    async def finish_hooks(self, done: Sequence[ProcessedHook]) -> None:
        """Record that hooks have been processed, or a part of one."""

    async def note_changes(self, guild_id: int, changes: Sequence[RecentChange], *, said_id: int) -> None:
        """Store deployments that a source has reported, in the place of what it said of them before.

        Args:
            changes: Each with a key.
            said_id: Of what it has sent (`bot.domain.alerts.events.event_id`): the last word counts.
        """

    async def reported_changes(
        self, guild_id: int, *, since: datetime, until: datetime
    ) -> list[RecentChange]:
        """Return the deployments that sources have reported and that were begun in that time."""

    async def forget_hooks(self) -> int:
        """Delete hooks, unimportant events and deployments that are too old to be of use, a thousand of each.

        Returns:
            How many were deleted of the kind with the most.
        """


class HookWrites(Protocol):
    """The part of a transaction that stores hooks."""

    async def add_hooks(self, hooks: Sequence[NewHook]) -> list[bool]:
        """Store hooks, and return for each if it is new: a source's known delivery id is not stored again."""
