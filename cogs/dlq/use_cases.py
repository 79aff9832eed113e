"""The use cases of undelivered notifications, put together; their deliveries and their watch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery, Posted, priority_of
from bot.domain.dlq import DLQ_MARK, Cursor, DlqEntry
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import Incident, label_of
from bot.domain.jobs import Job
from bot.domain.severity import Mention
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Discord, DlqStore
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.transaction import Transaction
from cogs.dlq.entries import Dlq, DlqConsole, DlqReading
from cogs.dlq.policy import DlqRules
from cogs.dlq.replays import BatchRuns, ReplayBatches, ReplayChecks, Replays, batch_job, show_job
from cogs.dlq.rules import (
    DEEP,
    LISTED,
    BatchData,
    BurstData,
    DlqBurst,
    DlqDeliveryKind,
    ReplayBatch,
    ReplayData,
    SeenFailure,
)
from cogs.dlq.store import Batches, EndedWebhooks, Watches

log = structlog.get_logger(__name__)

#: The queue's job; its payload is "guild_id:burst_id".
SHOW_BURST: Final = "show_burst"

#: How often it looks, seconds.
WATCH_S: Final = 15

_PAGE: Final = 200
_TITLE_LIMIT: Final = 120
_ERROR_LIMIT: Final = 80


class DlqWatching:
    """Finds failures that were not announced yet, and announces them."""

    def __init__(
        self, store: Store, failures: DlqStore, discord: Discord, policy: Policy, reading: DlqReading
    ) -> None:
        self._store = store
        self._failures = failures
        self._discord = discord
        self._policy = policy
        self._reading = reading
        self._is_away = False

    async def tick(self, guild_id: int) -> int:
        """Announce what has failed since the last look; return how many failures that are.

        The first look announces nothing: what is there already is only recorded as seen.

        Raises:
            StorageUnavailable: our own database is away. The DLQ's may be; then it returns 0.
        """
        if not (self._policy.sees_dlq and self._policy.of(DlqRules).watch):
            if await Watches(self._store.sql).of(guild_id) is not None:  # a later one begins anew
                async with self._store.transaction() as tx:
                    await Watches(tx.sql).end(guild_id)
            return 0
        await self._follow(guild_id)
        watch, now = await Watches(self._store.sql).of(guild_id), await self._store.now()
        start = now - DEEP if watch is None else watch.start(now)
        try:
            failures = await self._read(start)
        except StorageUnavailable as error:
            if not self._is_away:  # once, not with every look
                log.warning("dlq.not_watched", reason=str(error))
            self._is_away = True
            return 0
        self._is_away = False
        if watch is None:
            async with self._store.transaction() as tx:
                if await Watches(tx.sql).begin(guild_id):
                    await Watches(tx.sql).note_seen(guild_id, [_failure(entry, None) for entry in failures])
                    log.info("dlq.watch_began", guild_id=guild_id, failures=len(failures))
            return 0
        news = await self._unseen(failures, guild_id=guild_id)
        return await self._tell(guild_id, news, at=now, is_deep=watch.looks_deep(now))

    async def show(self, guild_id: int, burst_id: int) -> None:
        """Edit the message of a burst that has grown.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        burst = await Watches(self._store.sql).burst(burst_id)
        post = await DeliveryRows(self._store.sql).delivery_by_key(_key(guild_id, burst_id))
        if burst is not None and post is not None and post.message_id is not None:
            await self._discord.redraw(post, burst)

    async def _follow(self, guild_id: int) -> None:
        """Let the messages of bursts say which of their failures have arrived since."""
        for burst, failures in await Watches(self._store.sql).unfinished_bursts(guild_id):
            arrived = await self._reading.arrived(failures, guild_id=guild_id)
            if arrived == burst.arrived:
                continue
            async with self._store.transaction() as tx:
                if await Watches(tx.sql).note_arrived(burst.id, arrived):
                    await tx.enqueue(show_burst_job(guild_id, burst.id))

    async def _read(self, start: datetime) -> list[DlqEntry]:
        """Return the failures of the highest severity since *start*, oldest first, without drills."""
        failures: list[DlqEntry] = []
        after: Cursor | None = None
        while True:
            page = await self._failures.most_severe_since(start, after=after, limit=_PAGE)
            failures += [one for one in page if not (one.title or "").startswith(DLQ_MARK)]
            if len(page) < _PAGE:
                return failures
            after = Cursor(page[-1].attempted_at, page[-1].id, is_newer=True)

    async def _unseen(self, failures: Sequence[DlqEntry], *, guild_id: int) -> list[SeenFailure]:
        """Return failures that are new as they are listed; one about an incident of ours by its number.

        Its title stays out: the incident may be private, or become so, and this message would keep it.
        """
        if not failures:
            return []
        ids = await Watches(self._store.sql).unseen(guild_id, [entry.id for entry in failures])
        news = [entry for entry in failures if entry.id in ids]
        origins = await self._reading.origins(news, guild_id=guild_id) if news else {}
        return [
            _failure(entry, None if (origin := origins.get(entry.id)) is None else origin.incident_id)
            for entry in news
        ]

    async def _tell(
        self, guild_id: int, failures: Sequence[SeenFailure], *, at: datetime, is_deep: bool
    ) -> int:
        """Announce those of *failures* that were not seen, and record that all until *at* were."""
        async with self._store.transaction() as tx:
            if not await Watches(tx.sql).lock(guild_id):
                return 0
            new = await Watches(tx.sql).note_seen(guild_id, failures) if failures else frozenset()
            news = [one for one in failures if one.id in new]
            if news:
                await self._announce(tx, guild_id, news)
            await Watches(tx.sql).move(guild_id, at=at, is_deep=is_deep)
        if news:
            log.info("dlq.failures_announced", guild_id=guild_id, failures=len(news))
        return len(news)

    async def _announce(self, tx: Transaction, guild_id: int, news: Sequence[SeenFailure]) -> None:
        """Add *news* to the burst that is going on, or open one with a message of its own."""
        latest = await Watches(tx.sql).latest_burst(guild_id)
        if latest is not None and latest.takes(await tx.now()):
            shown = (*latest.shown, *news)[:LISTED]
            await Watches(tx.sql).grow_burst(latest.id, count=latest.count + len(news), shown=shown)
            await Watches(tx.sql).count_in(latest.id, news, guild_id=guild_id)
            await tx.enqueue(show_burst_job(guild_id, latest.id))
            return
        burst = await Watches(tx.sql).open_burst(guild_id, count=len(news), shown=news[:LISTED])
        await Watches(tx.sql).count_in(burst.id, news, guild_id=guild_id)
        severity = self._policy.most_severe
        rings = self._policy.of(DlqRules).watch_mention is Mention.HERE
        warning = NewDelivery(
            kind=DlqDeliveryKind.DLQ_BURST,
            to=f"channel:{severity.channel}",
            key=_key(burst.guild_id, burst.id),
            guild_id=burst.guild_id,
            data=BurstData(burst=burst.id, rings=rings).to_json(),
            priority=priority_of(severity.rank) - 1,
        )
        await DeliveryWrites(tx.sql).insert_deliveries([warning])


def show_burst_job(guild_id: int, burst_id: int) -> Job:
    """Return the job that edits the message of a burst."""
    payload = f"{guild_id}:{burst_id}"
    return Job(SHOW_BURST, payload, f"show_burst:{payload}")


def _key(guild_id: int, burst_id: int) -> str:
    return f"dlq_burst:{guild_id}:{burst_id}"


def _failure(entry: DlqEntry, incident_id: int | None) -> SeenFailure:
    title = entry.title if incident_id is None else label_of(incident_id)
    is_told = incident_id is None and entry.error_message is not None
    return SeenFailure(
        id=entry.id,
        attempted_at=entry.attempted_at,
        channel=entry.channel,
        title=None if title is None else one_line(title, limit=_TITLE_LIMIT),
        http_status=entry.http_status,
        error=one_line(entry.error_message or "", limit=_ERROR_LIMIT) if is_told else None,
    )


#: Discord's JSON error code Unknown Webhook.
UNKNOWN_WEBHOOK: Final = 10015


class ReplayDeliveries(DeliveryHandler):
    """An entry that is sent again, by the bot or by a webhook; its batch learns how it ended.

    A replay that fails has no entry of its own in the DLQ: the one that it was about says why, and a filter
    must not match both.

    Args:
        webhooks: The ids of the webhooks of the settings, by channel.
    """

    def __init__(self, webhooks: Mapping[str, int]) -> None:
        super().__init__(DlqDeliveryKind.REPLAY, DlqDeliveryKind.REPLAY_WEBHOOK)
        self._webhooks = webhooks

    async def placed(
        self,
        tx: Transaction,
        incident: Incident,
        delivery: Delivery,
        posted: Posted,  # noqa: ARG002  # an override takes what its base takes
        *,
        at: datetime | None,  # noqa: ARG002
    ) -> Incident:
        """Tell the batch that the entry is posted; the incident does not change."""
        await _tell_batch(tx, delivery)
        return incident

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Tell the batch that the entry is posted."""
        await _tell_batch(tx, delivery)

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Tell the batch that the entry is not sent."""
        await _tell_batch(tx, delivery)

    async def deleted(self, tx: Transaction, delivery: Delivery, *, channel_id: int) -> None:
        """Tell the batch that the entry was posted, and deleted at once."""
        await super().deleted(tx, delivery, channel_id=channel_id)
        await _tell_batch(tx, delivery)

    async def record(self, tx: Transaction, delivery: Delivery) -> None:
        """Write no DLQ row: the failed replay is of an entry that has one."""

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Tell the batch why the replay failed, and end a webhook that Discord does not know any more."""
        await super().give_up(tx, delivery, reason=reason, code=code)
        channel = delivery.to.removeprefix("webhook:")
        if code == UNKNOWN_WEBHOOK and channel in self._webhooks:
            await EndedWebhooks(tx.sql).add(delivery.guild_id, self._webhooks[channel], channel=channel)
        await _tell_batch(tx, delivery)


class ProgressDeliveries(DeliveryHandler):
    """The message that shows a batch's progress."""

    def __init__(self, store: Store) -> None:
        super().__init__(DlqDeliveryKind.REPLAY_PROGRESS)
        self._store = store

    async def load(self, delivery: Delivery) -> ReplayBatch:
        """Read the batch that a progress post is about, as it is now."""
        number = BatchData.from_json(delivery.data).batch
        batch = await Batches(self._store.sql).find(number, guild_id=delivery.guild_id)
        assert batch is not None  # a batch that was started is never deleted
        return batch

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Edit the progress message once more: an entry may have been sent meanwhile."""
        await tx.enqueue(show_job(delivery.guild_id, BatchData.from_json(delivery.data).batch))


class BurstDeliveries(DeliveryHandler):
    """The message about new failures.

    Its own failure has no severity in the DLQ, so the watch never announces it.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(DlqDeliveryKind.DLQ_BURST)
        self._store = store

    async def load(self, delivery: Delivery) -> DlqBurst:
        """Read the burst that a warning is about, as it is now."""
        burst = await Watches(self._store.sql).burst(BurstData.from_json(delivery.data).burst)
        assert burst is not None  # it is stored with its delivery
        return burst

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Edit the burst's message once more: it may have grown meanwhile."""
        burst_id = BurstData.from_json(delivery.data).burst
        await tx.enqueue(show_burst_job(delivery.guild_id, burst_id))


async def _tell_batch(tx: Transaction, delivery: Delivery) -> None:
    batch = ReplayData.from_json(delivery.data).batch
    if batch is not None:
        where = delivery.guild_id, batch
        await tx.enqueue(batch_job(*where, sooner=True), show_job(*where))


@dataclass(frozen=True, slots=True)
class DlqUseCases:
    """The use cases of one guild."""

    guild_id: int
    entries: Dlq
    console: DlqConsole
    replays: Replays
    batches: ReplayBatches
    runs: BatchRuns
    watch: DlqWatching


def build(core: Core) -> DlqUseCases:
    """Put the use cases of one guild together."""
    store, failures, policy = core.store, core.dlq, core.policy
    reading = DlqReading(store, failures, policy, core.access)
    checks = ReplayChecks(store, reading, core.webhooks)
    return DlqUseCases(
        guild_id=core.guild_id,
        entries=Dlq(store, reading),
        console=DlqConsole(store, failures, policy, reading),
        replays=Replays(store, reading, checks),
        batches=ReplayBatches(store, failures, policy, reading, checks),
        runs=BatchRuns(store, failures, core.discord, policy, checks),
        watch=DlqWatching(store, failures, core.discord, policy, reading),
    )


def deliveries(_dlq: DlqUseCases, core: Core) -> Sequence[DeliveryHandler]:
    """Return the handlers of the kinds of delivery."""
    return ReplayDeliveries(core.webhooks), ProgressDeliveries(core.store), BurstDeliveries(core.store)


async def run_batch(dlq: DlqUseCases, payload: str) -> timedelta | None:
    """Run the job that sends a batch's next entry, or ends it."""
    return await dlq.runs.run_job(*_numbers(payload))


async def show_batch(dlq: DlqUseCases, payload: str) -> timedelta | None:
    """Run the job that edits a batch's message."""
    await dlq.runs.show(*_numbers(payload))
    return None


async def show_burst(dlq: DlqUseCases, payload: str) -> timedelta | None:
    """Run the job that edits the message of a burst."""
    await dlq.watch.show(*_numbers(payload))
    return None


async def watch(dlq: DlqUseCases) -> int:
    """Announce the failures that are new."""
    return await dlq.watch.tick(dlq.guild_id)


def _numbers(payload: str) -> tuple[int, int]:
    """Return the guild and the number of a job's payload."""
    guild_id, _, number = payload.partition(":")
    return int(guild_id), int(number)
