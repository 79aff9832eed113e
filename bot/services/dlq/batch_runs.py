"""A running batch of replays: one entry at a time, at the policy's rate, each reserved before it is sent.

Its row says when the next one is due. A job that dies is queued again by the auditor, and one that runs twice
finds the lock, then the row of the other. The deliveries send; this only hands entries to them.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.dlq.batches import BatchEntry, BatchState, ReplayBatch, Skip
from bot.domain.dlq.failures import DlqEntry
from bot.domain.dlq.prepared import prepared
from bot.domain.errors import UserError
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.dlq.replay_batches import progress_key, show_job, told
from bot.services.dlq.replay_checks import CheckedReplay, ReplayChecks
from bot.services.dlq.replay_messages import ReplayRequest, replay_delivery
from bot.services.ports import Discord, DlqStore, Store, Transaction

log = structlog.get_logger(__name__)

#: When to look again at deliveries that are under way; a delivery that ends calls sooner.
_SETTLE: Final = timedelta(seconds=10)

_AT_ONCE: Final = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The entry whose turn it is, as read before the lock; *checked* is None if its row is gone."""

    entry: BatchEntry
    checked: CheckedReplay | None


class BatchRuns:
    """Handler of the queue's jobs about batches; each may run twice without harm."""

    def __init__(
        self, store: Store, failures: DlqStore, discord: Discord, policy: Policy, checks: ReplayChecks
    ) -> None:
        self._store = store
        self._failures = failures
        self._discord = discord
        self._policy = policy
        self._checks = checks

    async def run_job(self, guild_id: int, batch_id: int) -> timedelta | None:
        """Hand the next entry to its delivery, if it is time; end the batch when nothing is left.

        Returns:
            When to look again; None when the batch has ended.

        Raises:
            StorageUnavailable: the DLQ's database is away; the queue tries again.
        """
        seen = await self._store.replay_batch(batch_id, guild_id=guild_id)
        if seen is None or seen.state is not BatchState.RUNNING:
            return None
        turn = await self._turn(seen)
        async with self._store.transaction() as tx:
            locked = await tx.lock_batch(batch_id, guild_id=guild_id)
            if locked is None or locked[0].state is not BatchState.RUNNING:
                return None
            batch, running = locked
            after = await self._go_on(tx, batch, turn, running=running)
            if after is not None:
                await tx.move_batch(batch_id, after=after)
        return after

    async def show(self, guild_id: int, batch_id: int) -> None:
        """Edit the message that shows the progress.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        batch = await self._store.replay_batch(batch_id, guild_id=guild_id)
        if batch is None:
            return
        post = await self._store.delivery_by_key(progress_key(batch))
        if post is not None and post.message_id is not None:
            await self._discord.redraw(post, batch)

    async def _go_on(
        self, tx: Transaction, batch: ReplayBatch, turn: _Turn | None, *, running: int
    ) -> timedelta | None:
        """Do what is due under the lock; return when to look again, None for never."""
        if batch.stopped_at is not None or not batch.to_send:
            return await self._settle(tx, batch)
        assert batch.next_at is not None
        if (wait := batch.next_at - await tx.now()) > timedelta():
            return wait  # another process was quicker
        entry = batch.to_send[0]
        if turn is None or turn.entry.position != entry.position:
            return _AT_ONCE
        await tx.enqueue(show_job(batch.guild_id, batch.id))
        if turn.checked is None or turn.checked.skip is not None:
            skip = Skip.GONE if turn.checked is None else turn.checked.skip or Skip.GONE
            await tx.skip_entry(batch.id, entry, skip)
            return _AT_ONCE
        await self._send(tx, batch, entry, turn.checked)
        return timedelta(minutes=1) / self._policy.dlq.replay_per_minute * max(running, 1)

    async def _send(
        self, tx: Transaction, batch: ReplayBatch, entry: BatchEntry, checked: CheckedReplay
    ) -> None:
        assert entry.delivery_key is not None  # it waits
        asked = ReplayRequest(batch.guild_id, batch.target, batch.requested_by_name, batch.id)
        made = prepared(checked.entry.payload)
        delivery = replay_delivery(
            checked.entry, made, asked, key=entry.delivery_key, incident_id=checked.incident_id
        )
        await tx.insert_deliveries([delivery])
        await tx.queue_entry(batch.id, entry)
        log.info("dlq.entry_replayed", entry_id=entry.entry_id, batch_id=batch.id)

    async def _settle(self, tx: Transaction, batch: ReplayBatch) -> timedelta | None:
        """End the batch if nothing of it is under way any more."""
        if not batch.has_settled:
            return _SETTLE
        await tx.end_batch(batch.id)
        by = Person(id=batch.requested_by_id, name=batch.requested_by_name)
        await tx.audit(guild_id=batch.guild_id, by=by, action="replay_batch_ended", data=told(batch))
        await tx.enqueue(show_job(batch.guild_id, batch.id))
        log.info("dlq.batch_ended", batch_id=batch.id)
        return None

    async def _turn(self, batch: ReplayBatch) -> _Turn | None:
        """Read the entry whose turn it is; None without one."""
        if batch.stopped_at is not None or not batch.to_send:
            return None
        entry = batch.to_send[0]
        found = await self._read(entry.entry_id)
        if found is None:
            return _Turn(entry, None)
        (checked,) = await self._checks.check([found], batch.target, guild_id=batch.guild_id)
        return _Turn(entry, checked)

    async def _read(self, entry_id: str) -> DlqEntry | None:
        try:
            return await self._failures.entry(entry_id)
        except UserError:  # its owner has deleted it
            return None
