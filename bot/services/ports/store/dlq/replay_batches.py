"""Batches of replays, and webhooks that are gone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from bot.domain.dlq.batches import BatchEntry, ReplayBatch, ReplayTarget, Skip
from bot.domain.people import Person


class BatchReads(Protocol):
    """Reads batches, each in a statement of its own."""

    async def replay_batch(self, batch_id: int, *, guild_id: int) -> ReplayBatch | None:
        """Return a batch of a guild with its entries; None if there is none."""

    async def ended_webhooks(self, guild_id: int) -> frozenset[int]:
        """Return the ids of the webhooks that Discord does not know any more."""


class BatchWrites(Protocol):
    """The part of a transaction that is about batches of replays."""

    async def insert_batch(
        self, guild_id: int, target: ReplayTarget, entries: Sequence[BatchEntry], *, by: Person
    ) -> int:
        """Store the preview of a batch, and return its number."""

    async def begin_batch(self, batch: ReplayBatch, *, by: Person) -> bool:
        """Start a previewed batch, and reserve the one replay of each of its entries that wait.

        An entry whose replay is taken is skipped.

        Returns:
            False if it was started before.
        """

    async def lock_batch(self, batch_id: int, *, guild_id: int) -> tuple[ReplayBatch, int] | None:
        """Lock a batch; return it with the number of batches that run in its guild."""

    async def move_batch(self, batch_id: int, *, after: timedelta) -> None:
        """Set when the batch's job looks again: *after* this moment."""

    async def queue_entry(self, batch_id: int, entry: BatchEntry) -> None:
        """Mark an entry as handed to its delivery."""

    async def skip_entry(self, batch_id: int, entry: BatchEntry, skip: Skip) -> None:
        """Leave out an entry, and give back the replay that was reserved for it."""

    async def stop_batch(self, batch_id: int, *, guild_id: int, by: Person) -> bool:
        """Stop a running batch: what was not begun goes back, and can be replayed again.

        Returns:
            False if it does not run, or was stopped before.
        """

    async def end_batch(self, batch_id: int) -> bool:
        """End a batch of which nothing is left; False if it was ended before."""

    async def end_webhook(self, guild_id: int, webhook_id: int, *, channel: str) -> None:
        """Record that Discord does not know a webhook any more."""
