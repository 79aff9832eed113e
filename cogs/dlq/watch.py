"""New failures of the highest severity in the DLQ: announced in its channel, a burst as one message.

A row says how far it has looked; the scheduler only calls. While the DLQ's database is away it stays silent,
and afterwards reads on from there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from bot.domain.delivery.delivery import NewDelivery, priority_of
from bot.domain.dlq import DLQ_MARK, Cursor, DlqEntry
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import label_of
from bot.domain.jobs import Job
from bot.domain.severity import Mention
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.ports import Discord, DlqStore
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.transaction import Transaction
from cogs.dlq.entries import DlqReading
from cogs.dlq.policy import DlqRules
from cogs.dlq.rules import DEEP, LISTED, BurstData, DlqBurst, DlqDeliveryKind, SeenFailure
from cogs.dlq.store import Watches

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
            return await self._rest(guild_id)
        watch, now = await Watches(self._store.sql).of(guild_id), await self._store.now()
        start = now - DEEP if watch is None else watch.start(now)
        try:
            found = await self._read(start)
        except StorageUnavailable as error:
            if not self._is_away:  # once, not with every look
                log.warning("dlq.not_watched", reason=str(error))
            self._is_away = True
            return 0
        self._is_away = False
        if watch is None:
            await self._begin(guild_id, found)
            return 0
        news = await self._unseen(found, guild_id=guild_id)
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

    async def _rest(self, guild_id: int) -> int:
        """Forget an earlier watch: when the policy asks for one again, it begins anew."""
        if await Watches(self._store.sql).of(guild_id) is not None:
            async with self._store.transaction() as tx:
                await Watches(tx.sql).end(guild_id)
        return 0

    async def _read(self, start: datetime) -> list[DlqEntry]:
        """Return the failures of the highest severity since *start*, oldest first, without drills."""
        found: list[DlqEntry] = []
        after: Cursor | None = None
        while True:
            page = await self._failures.most_severe_since(start, after=after, limit=_PAGE)
            found += [one for one in page if not (one.title or "").startswith(DLQ_MARK)]
            if len(page) < _PAGE:
                return found
            after = Cursor(page[-1].attempted_at, page[-1].id, is_newer=True)

    async def _begin(self, guild_id: int, found: Sequence[DlqEntry]) -> None:
        async with self._store.transaction() as tx:
            if await Watches(tx.sql).begin(guild_id):
                await Watches(tx.sql).note_seen(guild_id, [_failure(entry, None) for entry in found])
                log.info("dlq.watch_began", guild_id=guild_id, failures=len(found))

    async def _unseen(self, found: Sequence[DlqEntry], *, guild_id: int) -> list[SeenFailure]:
        """Return failures that are new as they are listed; one about an incident of ours by its number.

        Its title stays out: the incident may be private, or become so, and this message would keep it.
        """
        if not found:
            return []
        ids = await Watches(self._store.sql).unseen(guild_id, [entry.id for entry in found])
        news = [entry for entry in found if entry.id in ids]
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
            await tx.enqueue(show_burst_job(guild_id, latest.id))
            return
        burst = await Watches(tx.sql).open_burst(guild_id, count=len(news), shown=news[:LISTED])
        await DeliveryWrites(tx.sql).insert_deliveries([self._delivery(burst)])

    def _delivery(self, burst: DlqBurst) -> NewDelivery:
        severity = self._policy.most_severe
        rings = self._policy.of(DlqRules).watch_mention is Mention.HERE
        return NewDelivery(
            kind=DlqDeliveryKind.DLQ_BURST,
            to=f"channel:{severity.channel}",
            key=_key(burst.guild_id, burst.id),
            guild_id=burst.guild_id,
            data=BurstData(burst=burst.id, rings=rings).to_json(),
            priority=priority_of(severity.rank) - 1,
        )


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
