"""One message in the place of many escalations: gathered, sent, kept up to date, acknowledged as one.

See docs/internals/delivery.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UpstreamUnavailable
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.jobs import Job, JobName
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.ports import TRY_AGAIN, Discord
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleRows, BundleWrites
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites, Prospect
from bot.storage.tables.incidents import IncidentRows

log = structlog.get_logger(__name__)

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
    """Gathers, shows and acknowledges bundles. `BundleDeliveries` delivers them.

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

    async def gather(self, seen: Prospect) -> None:
        """Bundle a delivery that is about to be sent with the others for its place, if there are too many."""
        if seen.group is None or not self.is_one_of_many(seen):
            return
        async with self._store.transaction() as tx:
            bundle_id = await BundleWrites(tx.sql).bundle(seen.group, apart=self._meanwhile)
        log.info("escalation.bundled", bundle_id=bundle_id)

    def is_one_of_many(self, seen: Prospect) -> bool:
        """Return True if so many deliveries wait for its place that one message reports all of them."""
        return seen.group is not None and seen.waiting >= self._policy.storm.bundle_from

    async def refresh(self, bundle_id: int) -> timedelta | None:
        """Update a bundle's message. Handler of the queue's refresh_bundle job.

        Returns:
            When to try again what Discord did not take now, or None.
        """
        delivery = await DeliveryRows(self._store.sql).delivery(bundle_id)
        if delivery.status is not DeliveryStatus.SENT:
            return None
        bundle = await BundleRows(self._store.sql).bundle(bundle_id)
        is_corrected = any(one.details_version is not None for one in bundle.shown)
        if bundle.waiting == bundle.count and delivery.shown_version == 0 and not is_corrected:
            return None  # as it was sent
        try:
            await self._discord.redraw(delivery, bundle)
        except UpstreamUnavailable as away:
            return away.capacity_in or TRY_AGAIN
        async with self._store.transaction() as tx:
            await DeliveryWrites(tx.sql).set_shown([bundle_id], version=1)
        return None

    async def show(self, bundle_id: int) -> Bundle:
        """Return the current content of a bundle."""
        return await BundleRows(self._store.sql).bundle(bundle_id)

    async def acknowledge(self, bundle_id: int, *, by: Person) -> AllAcknowledged:
        """Acknowledge every incident that a bundle lists and that *by* may see.

        Raises:
            NotPermitted: *by* may not acknowledge.
        """
        delivery = await DeliveryRows(self._store.sql).delivery(bundle_id)
        message_id = delivery.message_id or 0
        listed = (await IncidentRows(self._store.sql).incidents_by_messages([message_id])).get(message_id, [])
        outcomes = await self._acknowledger.acknowledge_each(listed, by=by, via=AckVia.BUTTON)
        first = sum(result.outcome is AckOutcome.FIRST for result in outcomes)
        log.info("bundle.acknowledged", bundle_id=bundle_id, first=first, of=len(listed), user_id=by.id)
        return AllAcknowledged(first, len(outcomes) - first)


def refresh_bundle_job(bundle_id: int) -> Job:
    """Return the job that updates a bundle's message, a moment later: acknowledges come in bursts."""
    return Job(JobName.REFRESH_BUNDLE, str(bundle_id), f"refresh_bundle:{bundle_id}", after=_SHOW_AFTER)
