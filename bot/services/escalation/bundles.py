"""One message in the place of many escalations: gathered, sent, kept true, acknowledged as one.

See docs/internals/delivery.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, DeliveryKind, DeliveryStatus
from bot.domain.errors import UpstreamUnavailable
from bot.domain.escalation.bundle import Bundle, Bundled, may_grow
from bot.domain.escalation.deliveries import BundleData
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.of_deliveries import DeliveryFailedEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.delivery.handling import email_job, record_job_of
from bot.services.escalation.step_messages import paged
from bot.services.ports import TRY_AGAIN, Discord, Job, JobName, Store, Transaction
from bot.services.ports.store.deliveries import Prospect

log = structlog.get_logger(__name__)

#: How soon a bundle is looked at again that may grow.
_LOOK_AGAIN: Final = timedelta(seconds=0.25)

#: Many acknowledges at once are one edit of the bundle.
_SHOW_AFTER: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class AllAcknowledged:
    """The outcome of an acknowledge of all incidents in a bundle.

    Attributes:
        first: Incidents that were unacknowledged before.
        others: Incidents that were acknowledged already, or have ended.
    """

    first: int
    others: int


class Bundles:
    """The part of sending that is special to bundles; the rest is `Deliveries`.

    Args:
        meanwhile: Posts sent while the database was away, by key: they need not be sent again.
    """

    def __init__(
        self,
        store: Store,
        discord: Discord,
        policy: Policy,
        acknowledger: Acknowledger,
        *,
        meanwhile: Collection[str],
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._acknowledger = acknowledger
        self._meanwhile = meanwhile

    # -- sending
    async def gather(self, seen: Prospect) -> timedelta | None:
        """A delivery is about to be sent; if too many wait for the same place, one tells of all.

        Returns:
            None: the delivery may be claimed.
        """
        if seen.group is None or not self.is_one_of_many(seen):
            return None
        async with self._store.transaction() as tx:
            bundle_id = await tx.bundle(seen.group, apart=self._meanwhile)
        log.info("escalation.bundled", bundle_id=bundle_id)
        return None

    def is_one_of_many(self, seen: Prospect) -> bool:
        """Whether so many wait for its place that one message tells of all."""
        return seen.group is not None and seen.waiting >= self._policy.storm.bundle_from

    async def told(self, tx: Transaction, delivery: Delivery) -> None:
        """Record a sent bundle on the incidents' timelines, and queue an edit for changes made meanwhile."""
        data = BundleData.from_json(delivery.data)
        if data.of == DeliveryKind.PAGE:
            entry = paged(delivery, at=await tx.now())
            await tx.add_timelines([(one.incident_id, entry) for one in await tx.bundled(delivery.id)])
        elif self._policy.rules(data.severity).email_after is not None:
            await tx.enqueue(email_job(delivery))
        await tx.enqueue(refresh_bundle_job(delivery.id))

    async def failed(self, tx: Transaction, delivery: Delivery, *, reason: str) -> None:
        """Record a given-up bundle on its incidents' timelines; each goes on to layers two and three."""
        now, members = await tx.now(), await tx.bundled(delivery.id)
        await tx.add_timelines([(one.incident_id, _failed(one, reason, now=now)) for one in members])
        await self.record(tx, delivery)

    async def record(self, tx: Transaction, delivery: Delivery) -> None:
        """Queue a DLQ entry for each delivery in a bundle, and one email for all if the policy asks."""
        members = await tx.bundled(delivery.id)
        await tx.enqueue(*(record_job_of(one.id, priority=delivery.priority) for one in members))

    # -- afterwards
    async def refresh(self, bundle_id: int) -> timedelta | None:
        """Make a bundle say what is true now. Handler of the queue's refresh_bundle job.

        Returns:
            When to try again what Discord did not take now, or None.
        """
        delivery = await self._store.delivery(bundle_id)
        if delivery.status is not DeliveryStatus.SENT:
            return None
        bundle = await self._store.bundle(bundle_id)
        is_corrected = any(one.details_version is not None for one in bundle.shown)
        if bundle.waiting == bundle.count and delivery.shown_version == 0 and not is_corrected:
            return None  # as it was sent
        try:
            await self._discord.refresh_bundle(delivery, bundle)
        except UpstreamUnavailable as away:
            return away.room_in or TRY_AGAIN
        async with self._store.transaction() as tx:
            await tx.set_shown([bundle_id], version=1)
        return None

    async def show(self, bundle_id: int) -> Bundle:
        """Return the current content of a bundle."""
        return await self._store.bundle(bundle_id)

    async def acknowledge(self, bundle_id: int, *, by: Person) -> AllAcknowledged:
        """Be on everything that a bundle lists and that *by* may see.

        Raises:
            NotPermitted: *by* may not acknowledge.
        """
        delivery = await self._store.delivery(bundle_id)
        message_id = delivery.message_id or 0
        listed = (await self._store.incidents_by_messages([message_id])).get(message_id, [])
        outcomes = await self._acknowledger.acknowledge_each(listed, by=by, via=AckVia.BUTTON)
        first = sum(result.outcome is AckOutcome.FIRST for result in outcomes)
        log.info("bundle.acknowledged", bundle_id=bundle_id, first=first, of=len(listed), user_id=by.id)
        return AllAcknowledged(first, len(outcomes) - first)


def wait_for_more(seen: Prospect) -> timedelta | None:
    """Return when to look again at a bundle that more may join in a moment; None when it may go.

    This is asked before the bundle is claimed, which locks its incidents: a sweep would pass them over.
    """
    bundle = seen.delivery
    if bundle.status is not DeliveryStatus.PENDING:
        return None
    return _LOOK_AGAIN if may_grow(bundle.created_at, due_since=seen.due_since, now=seen.now) else None


def refresh_bundle_job(bundle_id: int) -> Job:
    """The job that makes a bundle say what is true now, a moment later: acknowledges come in bursts."""
    return Job(JobName.REFRESH_BUNDLE, str(bundle_id), f"refresh_bundle:{bundle_id}", after=_SHOW_AFTER)


def _failed(one: Bundled, reason: str, *, now: datetime) -> TimelineEntry:
    return TimelineEntry.of(DeliveryFailedEntry(of=one.kind.value, to=one.to, reason=reason), now)
