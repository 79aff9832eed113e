"""Replaying everything that a filter matches: preview, start, stop. `batch_runs` sends it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq.batches import (
    BatchData,
    BatchEntry,
    EntryState,
    ReplayBatch,
    ReplayTarget,
    Skip,
)
from bot.domain.dlq.failures import DlqEntry
from bot.domain.dlq.views import DlqFilter
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident.incident import label_of
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.dlq.reading import DlqReading
from bot.services.dlq.replay_checks import CheckedReplay, ReplayChecks
from bot.services.dlq.replay_messages import replay_key
from bot.services.ports import DlqStore, Job, JobName, Store

log = structlog.get_logger(__name__)

#: Bytes of a payload that can be a message: Discord takes no longer one.
_LONGEST: Final = 100_000

#: How long changes of a batch are gathered before its message is edited.
SHOW_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class BatchPreview:
    """What a batch would send.

    Attributes:
        entries: The failures that it is about, oldest first, without their payloads; private ones have no
            words.
    """

    batch: ReplayBatch
    entries: tuple[DlqEntry, ...]


class ReplayBatches:
    """Batches as people ask for them. Every method raises NotPermitted, DlqUnavailable."""

    def __init__(
        self, store: Store, failures: DlqStore, policy: Policy, reading: DlqReading, checks: ReplayChecks
    ) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._reading = reading
        self._checks = checks

    async def preview(
        self, asked: DlqFilter, target: ReplayTarget, *, by: Person, guild_id: int
    ) -> BatchPreview:
        """Return what a replay of all that *asked* admits would send, and keep it for `start`.

        Raises:
            UserError: it admits nothing, or more than the policy allows at once.
        """
        await self._reading.admit(by, "replay", guild_id=guild_id, act="preview_batch")
        most = self._policy.dlq.replay_at_most
        found = await self._failures.matching(asked, limit=most + 1, longest=_LONGEST)
        if not found:
            raise UserError("dlq_nothing_matches")
        if len(found) > most:
            raise UserError("dlq_too_many", most=most)
        checked = await self._checks.check(found, target, guild_id=guild_id)
        replayed = await self._checks.replayed(found)
        entries = [_entry(position, one, replayed) for position, one in enumerate(checked)]
        async with self._store.transaction() as tx:
            batch_id = await tx.insert_batch(guild_id, target, entries, by=by)
        batch = await self._batch(batch_id, guild_id=guild_id)
        return BatchPreview(batch, tuple(self._shown(one) for one in checked))

    async def start(self, batch_id: int, *, by: Person, guild_id: int, channel_id: int) -> ReplayBatch:
        """Reserve the entries of a previewed batch and begin to send them; a second start changes nothing.

        Args:
            channel_id: Where its progress is posted.

        Raises:
            UserError: there is no such batch any more.
        """
        await self._reading.admit(by, "replay", guild_id=guild_id, act="start_batch")
        batch = await self._batch(batch_id, guild_id=guild_id)
        async with self._store.transaction() as tx:
            if begun := await tx.begin_batch(batch, by=by):
                await tx.insert_deliveries([_progress(batch, channel_id=channel_id)])
                await tx.audit(guild_id=guild_id, by=by, action="replay_batch", data=told(batch))
                await tx.enqueue(batch_job(guild_id, batch_id))
        if begun:
            log.info("dlq.batch_started", batch_id=batch_id, entries=len(batch.to_send), user_id=by.id)
        return await self._batch(batch_id, guild_id=guild_id)

    async def stop(self, batch_id: int, *, by: Person, guild_id: int) -> ReplayBatch:
        """Stop a running batch: what was not begun goes back, and can be replayed again.

        Raises:
            InvalidTransition: it has ended, or was stopped before. UserError: there is none.
        """
        await self._reading.admit(by, "replay", guild_id=guild_id, act="stop_batch")
        async with self._store.transaction() as tx:
            await tx.lock_batch(batch_id, guild_id=guild_id)
            stopped = await tx.stop_batch(batch_id, guild_id=guild_id, by=by)
            if stopped:
                batch, _ = await tx.lock_batch(batch_id, guild_id=guild_id) or (None, 0)
                assert batch is not None
                await tx.audit(guild_id=guild_id, by=by, action="replay_batch_stopped", data=told(batch))
                await tx.enqueue(batch_job(guild_id, batch_id, sooner=True), show_job(guild_id, batch_id))
        if not stopped:
            await self._batch(batch_id, guild_id=guild_id)
            raise InvalidTransition("dlq_batch_ended")
        log.info("dlq.batch_stopped", batch_id=batch_id, user_id=by.id)
        return await self._batch(batch_id, guild_id=guild_id)

    async def view(self, batch_id: int, *, by: Person, guild_id: int) -> ReplayBatch:
        """Return a batch with the result of each entry. Raises UserError: there is none."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="view_batch")
        return await self._batch(batch_id, guild_id=guild_id)

    async def _batch(self, batch_id: int, *, guild_id: int) -> ReplayBatch:
        batch = await self._store.replay_batch(batch_id, guild_id=guild_id)
        if batch is None:
            raise UserError("dlq_batch_gone")
        return batch

    @staticmethod
    def _shown(checked: CheckedReplay) -> DlqEntry:
        """Return the entry for a list: without its payload, and without words if it is private."""
        entry, number = checked.entry, checked.incident_id
        return entry.without_words(label_of(number)) if checked.is_private and number is not None else entry


def progress_key(batch: ReplayBatch) -> str:
    """Return the key of the message that shows a batch's progress."""
    return f"replay_progress:{batch.id}"


def batch_job(guild_id: int, batch_id: int, *, sooner: bool = False) -> Job:
    """Return the job that sends a batch's next entry, or ends it."""
    payload = f"{guild_id}:{batch_id}"
    return Job(JobName.REPLAY_BATCH, payload, f"replay_batch:{payload}", sooner=sooner)


def show_job(guild_id: int, batch_id: int) -> Job:
    """Return the job that edits a batch's message: one for all changes of a moment."""
    payload = f"{guild_id}:{batch_id}"
    return Job(JobName.SHOW_BATCH, payload, f"show_batch:{payload}", after=SHOW_AFTER)


def _entry(position: int, checked: CheckedReplay, replayed: frozenset[str]) -> BatchEntry:
    entry = checked.entry
    skip = Skip.REPLAYED if entry.id in replayed else checked.skip
    return BatchEntry(
        position=position,
        entry_id=entry.id,
        channel=entry.channel or "",
        state=EntryState.WAITING if skip is None else EntryState.SKIPPED,
        skip=skip,
        delivery_key=None if skip is not None else replay_key(entry.id),
    )


def _progress(batch: ReplayBatch, *, channel_id: int) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.REPLAY_PROGRESS,
        to=f"thread:{channel_id}",
        key=progress_key(batch),
        guild_id=batch.guild_id,
        data=BatchData(batch=batch.id).to_json(),
    )


def told(batch: ReplayBatch) -> AuditData:
    """Return what an audit row says of a batch."""
    counts = {outcome.value: count for outcome, count in batch.counts.items()}
    about = {"batch": batch.id, "via": batch.target.via.value, "to": batch.target.channel}
    return AuditData(facts={**about, **counts})
