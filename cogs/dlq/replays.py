"""Sending undelivered notifications again: one after a preview, or all that a filter matches."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.dlq import DlqEntry, DlqFilter
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident.incident import label_of
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import Discord, DlqStore
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.dlq.entries import DlqReading
from cogs.dlq.policy import DlqRules
from cogs.dlq.rules import (
    BatchData,
    BatchEntry,
    BatchState,
    DlqDeliveryKind,
    EntryOrigin,
    EntryState,
    Prepared,
    ReplayBatch,
    ReplayData,
    ReplayRecord,
    ReplayTarget,
    Skip,
    Via,
    prepared,
)
from cogs.dlq.store import Batches, EndedWebhooks, ReplayRecords

log = structlog.get_logger(__name__)

#: The queue's jobs; the payload of both is "guild_id:batch_id".
REPLAY_BATCH: Final = "replay_batch"  # the next entry, or the end
SHOW_BATCH: Final = "show_batch"  # edits its message


@dataclass(frozen=True, slots=True)
class CheckedReplay:
    """An entry, with what a replay of it needs to know.

    Attributes:
        origin: The delivery of ours that it is about.
        is_private: The incident of that delivery is private.
        skip: Why it cannot be replayed; None if it can.
    """

    entry: DlqEntry
    origin: EntryOrigin | None
    is_private: bool
    skip: Skip | None

    @property
    def incident_id(self) -> int | None:
        """Return the incident that it tells of, if that is one of ours."""
        return None if self.origin is None else self.origin.incident_id


class ReplayChecks:
    """Decides for entries that were read already.

    Args:
        webhooks: The ids of the webhooks of the settings, by channel.
    """

    def __init__(self, store: Store, reading: DlqReading, webhooks: Mapping[str, int]) -> None:
        self._store = store
        self._reading = reading
        self._webhooks = webhooks

    async def check(
        self, entries: Sequence[DlqEntry], target: ReplayTarget, *, guild_id: int
    ) -> list[CheckedReplay]:
        """Return each entry with its origin and the reason why it cannot be replayed."""
        origins = await self._reading.origins(entries, guild_id=guild_id)
        numbers = sorted({one.incident_id for one in origins.values() if one.incident_id is not None})
        incidents = [await IncidentRows(self._store.sql).incident(number) for number in numbers]
        private = frozenset(incident.id for incident in incidents if incident.is_private)
        ended = (
            await EndedWebhooks(self._store.sql).ids(guild_id) if target.via is Via.WEBHOOK else frozenset()
        )
        return [self._checked(entry, origins.get(entry.id), private, target, ended) for entry in entries]

    async def replayed(self, entries: Sequence[DlqEntry]) -> frozenset[str]:
        """Return the ids of the entries that were replayed, are being replayed, or perhaps arrived."""
        records = await ReplayRecords(self._store.sql).of_each([entry.id for entry in entries])
        return frozenset(one.entry_id for one in records if one.is_unknown or not one.may_be_repeated)

    def _checked(
        self,
        entry: DlqEntry,
        origin: EntryOrigin | None,
        private: frozenset[int],
        target: ReplayTarget,
        ended: frozenset[int],
    ) -> CheckedReplay:
        is_private = origin is not None and origin.incident_id in private
        if is_private:
            skip: Skip | None = Skip.PRIVATE
        elif origin is not None and origin.delivered is not None:
            skip = Skip.ARRIVED
        elif prepared(entry.payload).is_empty:
            skip = Skip.EMPTY
        else:
            skip = self._no_way(entry, target, ended)
        if skip is None and target.via is Via.WEBHOOK and origin is not None:
            skip = None if origin.incident_id is None else Skip.OURS
        return CheckedReplay(entry, origin, is_private, skip)

    def _no_way(self, entry: DlqEntry, target: ReplayTarget, ended: frozenset[int]) -> Skip | None:
        """Return why the entry cannot go where *target* says."""
        channel = channel_of(entry, target)
        if channel is None:
            return Skip.NO_CHANNEL
        if target.via is Via.BOT:
            return None
        webhook_id = self._webhooks.get(channel)
        if webhook_id is None:
            return Skip.NO_WEBHOOK
        return Skip.WEBHOOK_ENDED if webhook_id in ended else None


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Who asks for a replay, and where it goes.

    Attributes:
        by: The person's name.
        batch: The number of the batch that it belongs to.
    """

    guild_id: int
    target: ReplayTarget
    by: str
    batch: int | None = None


def replay_key(entry_id: str) -> str:
    """Return a new key for a replay of an entry: one that is repeated is another message."""
    return f"replay:{entry_id}:{secrets.token_hex(4)}"


def channel_of(entry: DlqEntry, target: ReplayTarget) -> str | None:
    """Return where the entry goes, without "#": a channel, or the place of a page of ours; None: unknown."""
    channel = target.channel or entry.channel
    return None if channel is None else channel.removeprefix("#")


def replay_delivery(
    entry: DlqEntry, made: Prepared, request: ReplayRequest, *, key: str, incident_id: int | None
) -> NewDelivery:
    """Return the delivery of *entry*, which has a channel.

    Args:
        made: Its message.
        incident_id: What it tells of, if that is an incident of ours.
    """
    channel = channel_of(entry, request.target)
    assert channel is not None
    is_webhook = request.target.via is Via.WEBHOOK
    data = ReplayData(
        body=dict(made.body),
        entry=entry.id,
        by=request.by,
        batch=request.batch,
        keeps_mentions=request.target.keeps_mentions,
        meant_at=entry.attempted_at,
    )
    # A page of ours is stored with its on-call place instead of a channel.
    to = channel if channel.startswith(("person:", "named:")) else f"channel:{channel}"
    return NewDelivery(
        kind=DlqDeliveryKind.REPLAY_WEBHOOK if is_webhook else DlqDeliveryKind.REPLAY,
        to=f"webhook:{channel}" if is_webhook else to,
        key=key,
        guild_id=request.guild_id,
        incident_id=incident_id,
        data=data.to_json(),
    )


@dataclass(frozen=True, slots=True)
class ReplayPreview:
    """What a replay would send.

    Attributes:
        channel: Where it would go: a channel's name or id, or the place of a page of ours.
        made: The message as it would be posted, and what is left out of it.
        replay: An earlier replay: unless that has failed, it cannot be sent again.
        incident_id: What it tells of, if that is an incident of ours.
        may_ping: The reader may let it notify the people that it mentions.
        has_webhook: That channel has a webhook that could send it.
    """

    entry: DlqEntry
    target: ReplayTarget
    channel: str
    made: Prepared
    replay: ReplayRecord | None
    incident_id: int | None = None
    may_ping: bool = False
    has_webhook: bool = False


class Replays:
    """One entry at a time. Every method raises NotPermitted, DlqUnavailable."""

    def __init__(self, store: Store, reading: DlqReading, checks: ReplayChecks) -> None:
        self._store = store
        self._reading = reading
        self._checks = checks

    async def preview(
        self, entry_id: str, *, by: Person, guild_id: int, target: ReplayTarget | None = None
    ) -> ReplayPreview:
        """Return the message that a replay would send.

        Args:
            target: By default it goes to where it was meant for, by the bot, and notifies no one.

        Raises:
            UserError: no such entry, or it cannot be sent there, with the reason.
        """
        target = target or ReplayTarget()
        permission = "replay_mentions" if target.keeps_mentions else "replay"
        await self._reading.admit(by, permission, guild_id=guild_id, act="preview_replay")
        key = await self._reading.key(entry_id)
        entry, _ = await self._reading.entry(key, guild_id=guild_id)
        (checked,) = await self._checks.check([entry], target, guild_id=guild_id)
        if checked.skip is not None:
            raise _refusal(checked.skip, key)
        channel = channel_of(entry, target)
        assert channel is not None
        return ReplayPreview(
            entry=entry,
            target=target,
            channel=channel,
            made=prepared(entry.payload, keeps_mentions=target.keeps_mentions),
            replay=await ReplayRecords(self._store.sql).of(key),
            incident_id=checked.incident_id,
            may_ping=self._reading.allows(by, "replay_mentions"),
            has_webhook=await self._has_webhook(entry, target, guild_id=guild_id),
        )

    async def replay(
        self, entry_id: str, *, by: Person, guild_id: int, target: ReplayTarget | None = None
    ) -> ReplayRecord:
        """Send an entry again, once; a replay that failed may be repeated.

        Raises:
            UserError: as in `preview`; InvalidTransition: it was replayed before.
        """
        preview = await self.preview(entry_id, by=by, guild_id=guild_id, target=target)
        entry = preview.entry
        key = replay_key(entry.id)
        async with self._store.transaction() as tx:
            claimed = await ReplayRecords(tx.sql).claim(
                entry.id, guild_id=guild_id, channel=preview.channel, by=by, key=key
            )
            if claimed:
                request = ReplayRequest(guild_id, preview.target, by.name)
                delivery = replay_delivery(
                    entry, preview.made, request, key=key, incident_id=preview.incident_id
                )
                await DeliveryWrites(tx.sql).insert_deliveries([delivery])
                facts = {
                    "entry": entry.id,
                    "to": preview.channel,
                    "via": preview.target.via.value,
                    "mentions": preview.target.keeps_mentions,
                }
                await AuditWrites(tx.sql).audit(
                    guild_id=guild_id, by=by, action="replay", data=AuditData(facts=facts)
                )
        record = await ReplayRecords(self._store.sql).of(entry.id)
        if record is None or not claimed:
            raise InvalidTransition("dlq_already_replayed", by=record.requested_by_name if record else "?")
        log.info("dlq.entry_replayed", entry_id=entry.id, user_id=by.id)
        return record

    async def _has_webhook(self, entry: DlqEntry, target: ReplayTarget, *, guild_id: int) -> bool:
        by_webhook = replace(target, via=Via.WEBHOOK)
        (checked,) = await self._checks.check([entry], by_webhook, guild_id=guild_id)
        return checked.skip is None


def _refusal(skip: Skip, key: str) -> UserError:
    """Return the error that says why an entry cannot be sent where it is asked to."""
    match skip:
        case Skip.ARRIVED:
            return UserError("dlq_delivered_since")
        case Skip.NO_CHANNEL:
            return UserError("dlq_no_channel")
        case Skip.NO_WEBHOOK:
            return UserError("dlq_no_webhook")
        case Skip.WEBHOOK_ENDED:
            return UserError("dlq_webhook_ended")
        case Skip.OURS:
            return UserError("dlq_bot_only")
        case _:
            return UserError("dlq_nothing_to_replay", entry=key)


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
    """Batches as people ask for them; `BatchRuns` sends them.

    Every method raises NotPermitted, DlqUnavailable.
    """

    def __init__(
        self, store: Store, failures: DlqStore, policy: Policy, reading: DlqReading, checks: ReplayChecks
    ) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._reading = reading
        self._checks = checks

    async def preview(
        self, criteria: DlqFilter, target: ReplayTarget, *, by: Person, guild_id: int
    ) -> BatchPreview:
        """Return what a replay of all that *criteria* admits would send, and keep it for `start`.

        Raises:
            UserError: it admits nothing, or more than the policy allows at once.
        """
        await self._reading.admit(by, "replay", guild_id=guild_id, act="preview_batch")
        most = self._policy.of(DlqRules).replay_at_most
        matching = await self._failures.matching(criteria, limit=most + 1, longest=_LONGEST)
        if not matching:
            raise UserError("dlq_nothing_matches")
        if len(matching) > most:
            raise UserError("dlq_too_many", most=most)
        checked = await self._checks.check(matching, target, guild_id=guild_id)
        replayed = await self._checks.replayed(matching)
        entries = [_entry(position, one, replayed) for position, one in enumerate(checked)]
        async with self._store.transaction() as tx:
            batch_id = await Batches(tx.sql).insert(guild_id, target, entries, by=by)
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
            if begun := await Batches(tx.sql).begin(batch, by=by):
                progress = NewDelivery(
                    kind=DlqDeliveryKind.REPLAY_PROGRESS,
                    to=f"thread:{channel_id}",
                    key=progress_key(batch),
                    guild_id=batch.guild_id,
                    data=BatchData(batch=batch.id).to_json(),
                )
                await DeliveryWrites(tx.sql).insert_deliveries([progress])
                await AuditWrites(tx.sql).audit(
                    guild_id=guild_id, by=by, action="replay_batch", data=counted(batch)
                )
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
            batches = Batches(tx.sql)
            await batches.lock(batch_id, guild_id=guild_id)
            cancelled = await batches.stop(batch_id, guild_id=guild_id, by=by)
            if cancelled is not None:
                await tx.cancel_jobs([f"deliver:{delivery_id}" for delivery_id in cancelled])
                batch, _ = await batches.lock(batch_id, guild_id=guild_id) or (None, 0)
                assert batch is not None
                await AuditWrites(tx.sql).audit(
                    guild_id=guild_id, by=by, action="replay_batch_stopped", data=counted(batch)
                )
                await tx.enqueue(batch_job(guild_id, batch_id, sooner=True), show_job(guild_id, batch_id))
        if cancelled is None:
            await self._batch(batch_id, guild_id=guild_id)
            raise InvalidTransition("dlq_batch_ended")
        log.info("dlq.batch_stopped", batch_id=batch_id, user_id=by.id)
        return await self._batch(batch_id, guild_id=guild_id)

    async def view(self, batch_id: int, *, by: Person, guild_id: int) -> ReplayBatch:
        """Return a batch with the result of each entry. Raises UserError: there is none."""
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="view_batch")
        return await self._batch(batch_id, guild_id=guild_id)

    async def _batch(self, batch_id: int, *, guild_id: int) -> ReplayBatch:
        batch = await Batches(self._store.sql).find(batch_id, guild_id=guild_id)
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
    return Job(REPLAY_BATCH, payload, f"replay_batch:{payload}", sooner=sooner)


def show_job(guild_id: int, batch_id: int) -> Job:
    """Return the job that edits a batch's message: one for all changes of a moment."""
    payload = f"{guild_id}:{batch_id}"
    return Job(SHOW_BATCH, payload, f"show_batch:{payload}", after=SHOW_AFTER)


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


def counted(batch: ReplayBatch) -> AuditData:
    """Return what an audit row says of a batch."""
    counts = {outcome.value: count for outcome, count in batch.counts.items()}
    about = {"batch": batch.id, "via": batch.target.via.value, "to": batch.target.channel}
    return AuditData(facts={**about, **counts})


#: When to look again at deliveries that are under way; a delivery that ends calls sooner.
_SETTLE: Final = timedelta(seconds=10)

_AT_ONCE: Final = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The entry whose turn it is, as read before the lock; *checked* is None if its row is gone."""

    entry: BatchEntry
    checked: CheckedReplay | None


class BatchRuns:
    """Handler of the queue's jobs about batches; each may run twice without harm.

    A running batch is sent one entry at a time, at the policy's rate, each reserved before it is sent. Its
    row says when the next one is due. A job that dies is queued again by the auditor, and one that runs twice
    finds the lock, then the row of the other. The deliveries send; this only hands entries to them.
    """

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
        seen = await Batches(self._store.sql).find(batch_id, guild_id=guild_id)
        if seen is None or seen.state is not BatchState.RUNNING:
            return None
        turn = await self._turn(seen)
        async with self._store.transaction() as tx:
            locked = await Batches(tx.sql).lock(batch_id, guild_id=guild_id)
            if locked is None or locked[0].state is not BatchState.RUNNING:
                return None
            batch, running = locked
            after = await self._go_on(tx, batch, turn, running=running)
            if after is not None:
                await Batches(tx.sql).move(batch_id, after=after)
        return after

    async def show(self, guild_id: int, batch_id: int) -> None:
        """Edit the message that shows the progress.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        batch = await Batches(self._store.sql).find(batch_id, guild_id=guild_id)
        if batch is None:
            return
        post = await DeliveryRows(self._store.sql).delivery_by_key(progress_key(batch))
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
            await Batches(tx.sql).skip_entry(batch.id, entry, skip)
            return _AT_ONCE
        await self._send(tx, batch, entry, turn.checked)
        return timedelta(minutes=1) / self._policy.of(DlqRules).replay_per_minute * max(running, 1)

    async def _send(
        self, tx: Transaction, batch: ReplayBatch, entry: BatchEntry, checked: CheckedReplay
    ) -> None:
        assert entry.delivery_key is not None  # it waits
        request = ReplayRequest(batch.guild_id, batch.target, batch.requested_by_name, batch.id)
        made = prepared(checked.entry.payload)
        delivery = replay_delivery(
            checked.entry, made, request, key=entry.delivery_key, incident_id=checked.incident_id
        )
        await DeliveryWrites(tx.sql).insert_deliveries([delivery])
        await Batches(tx.sql).queue_entry(batch.id, entry)
        log.info("dlq.entry_replayed", entry_id=entry.entry_id, batch_id=batch.id)

    async def _settle(self, tx: Transaction, batch: ReplayBatch) -> timedelta | None:
        """End the batch if nothing of it is under way any more."""
        if not batch.has_settled:
            return _SETTLE
        await Batches(tx.sql).end(batch.id)
        by = Person(id=batch.requested_by_id, name=batch.requested_by_name)
        await AuditWrites(tx.sql).audit(
            guild_id=batch.guild_id, by=by, action="replay_batch_ended", data=counted(batch)
        )
        await tx.enqueue(show_job(batch.guild_id, batch.id))
        log.info("dlq.batch_ended", batch_id=batch.id)
        return None

    async def _turn(self, batch: ReplayBatch) -> _Turn | None:
        """Read the entry whose turn it is; None without one."""
        if batch.stopped_at is not None or not batch.to_send:
            return None
        entry = batch.to_send[0]
        try:
            failure = await self._failures.entry(entry.entry_id)
        except UserError:  # its owner has deleted it
            return _Turn(entry, None)
        (checked,) = await self._checks.check([failure], batch.target, guild_id=batch.guild_id)
        return _Turn(entry, checked)
