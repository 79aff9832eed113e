"""Hooks as they came, until they are processed."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.hooks.hook import NewHook, ProcessedHook, StoredHook


class HookReads(Protocol):
    """Reads and finishes hooks, each in a statement of its own."""

    async def waiting_hooks(self, *, most: int) -> int:
        """Count the hooks of all guilds that wait to be processed, up to *most*."""

    async def next_hooks(self, guild_id: int, source: str, *, limit: int) -> list[StoredHook]:
        """Return the hooks of a source that wait to be processed, oldest first."""

    async def known_hooks(self, guild_id: int, source: str, delivery_ids: Sequence[str]) -> set[str]:
        """Return which of *delivery_ids* are stored."""

    async def finish_hooks(self, done: Sequence[ProcessedHook]) -> None:
        """Record that hooks have been processed."""

    async def forget_hooks(self) -> None:
        """Delete hooks and unimportant events that are too old to be of use."""


class HookWrites(Protocol):
    """The part of a transaction that stores hooks."""

    async def add_hooks(self, hooks: Sequence[NewHook]) -> list[bool]:
        """Store hooks, and return for each if it is new: a source's known delivery id is not stored again."""
