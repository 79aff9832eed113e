"""Deliver pages, escalations and bundles: combine, drop, record and pass them on.

A bundle is one message in the place of many escalations: gathered, sent, kept up to date,
acknowledged as one. See docs/internals/delivery.md.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog

from bot.domain.delivery.delivery import Delivery, DeliveryStatus, Posted
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import UNKNOWN_CHANNEL, UpstreamUnavailable
from bot.domain.escalation.pages import Bundle, may_grow, person_of
from bot.domain.escalation.payloads import BundleData, PagingData
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.jobs import Job, JobName
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import DeliveryFailedEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.delivery.handling import DeliveryHandler, email_job, record_job
from bot.services.escalation.decisions import is_of_earlier_ladder
from bot.services.escalation.passing_on import PassingOn
from bot.services.escalation.step_messages import paged
from bot.services.ports import TRY_AGAIN, Discord
from bot.services.shared.postings import posting_key
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleRows, BundleWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryFacts, DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Many acknowledges at once are one edit of the bundle.
_SHOW_AFTER: Final = timedelta(seconds=2)

#: How soon to look again at a bundle that may grow.
_LOOK_AGAIN: Final = timedelta(seconds=0.25)

#: Finds another way for a message whose private thread was deleted.
LostThread: TypeAlias = Callable[[Transaction, Delivery], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class AllAcknowledged:
    """The outcome of an acknowledgement of all incidents in a bundle.

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

    async def gather(self, seen: DeliveryFacts) -> None:
        """Bundle a delivery that is about to be sent with the others for its place, if there are too many."""
        if seen.group is None or not self.is_one_of_many(seen):
            return
        async with self._store.transaction() as tx:
            bundle_id = await BundleWrites(tx.sql).bundle(seen.group, apart=self._meanwhile)
        log.info("escalation.bundled", bundle_id=bundle_id)

    def is_one_of_many(self, seen: DeliveryFacts) -> bool:
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


class _LadderDeliveries(DeliveryHandler):
    """The messages of a ladder: they make sense until someone acknowledges, and a storm combines them."""

    def __init__(self, kind: AnyDeliveryKind, bundles: Bundles) -> None:
        super().__init__(kind)
        self._bundles = bundles

    async def gather(self, seen: DeliveryFacts) -> None:
        """Bundle the delivery with those that wait for the same place."""
        await self._bundles.gather(seen)

    def is_one_of_many(self, seen: DeliveryFacts) -> bool:
        """Return True if the delivery is bundled."""
        return self._bundles.is_one_of_many(seen)

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True after an acknowledgement, or if an outage held it and a later message says the same."""
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        if await _is_past(tx, delivery, incident):
            return True
        return delivery.held_at is not None and await DeliveryAttempts(tx.sql).is_overtaken(delivery.id)

    async def is_obsolete_unlocked(self, store: Store, delivery: Delivery, incident: Incident) -> bool | None:
        """Return True after an acknowledgement."""
        return await _is_past(store, delivery, incident)


class PageDeliveries(_LadderDeliveries):
    """Handles the DMs that page people on call."""

    def __init__(self, bundles: Bundles, passing_on: PassingOn) -> None:
        super().__init__(DeliveryKind.PAGE, bundles)
        self._passing_on = passing_on

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Put the page on the timeline, and its person among those reached."""
        await TimelineWrites(tx.sql).add_timeline(incident.id, paged(delivery, at=at or await tx.now()))
        left = tuple(person for person in incident.unreached if person != person_of(delivery))
        is_late = incident.status is Status.TRIGGERED and await tx.now() >= incident.ack_due_at
        is_passed_on = bool(PagingData.from_json(delivery.data).declined_by)
        # Once it is late, the posts say who had how many DMs; so does the DM of the person who declined.
        if left == incident.unreached and not (is_late or is_passed_on):
            return incident
        told = replace(incident, unreached=left, version=incident.version + 1)
        if left == incident.unreached and not is_passed_on:
            await EscalationWrites(tx.sql).keep_older_pages(incident.id)
        await IncidentWrites(tx.sql).save(told)
        return told

    async def channel_message_of_same_step(
        self, source: Store | Transaction, delivery: Delivery
    ) -> Delivery | None:
        """Return the channel's message of the same step."""
        step = PagingData.from_json(delivery.data).step
        if delivery.incident_id is None or step is None:
            return None
        channels = await DeliveryRows(source.sql).delivery_by_key(
            f"inc:{delivery.incident_id}:step:{step}:channel"
        )
        if channels is None:  # the first page goes out with the alert itself
            return await DeliveryRows(source.sql).delivery_by_key(
                posting_key(delivery.incident_id, DeliveryKind.ALERT, 1)
            )
        return channels

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Give up a page that cannot arrive, and page the next person on call as well."""
        await super().give_up(tx, delivery, reason=reason, code=code)
        await self._passing_on.give_up_page(tx, delivery)


class EscalationDeliveries(_LadderDeliveries):
    """Handles escalations: messages in the alert's channel that no one has acknowledged it."""

    def __init__(self, bundles: Bundles, lost_thread: LostThread) -> None:
        super().__init__(DeliveryKind.ESCALATION, bundles)
        self._lost_thread = lost_thread

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Have the older ones point to it, and queue the email that goes with it.

        One that was sent without the database has had its own email.
        """
        if self.is_mailed(delivery) and at is None:
            await tx.enqueue(email_job(delivery))
        if (newest := incident.escalation.message_id) is not None:
            if newest > posted.message_id:
                return incident
            await EscalationWrites(tx.sql).keep_older_pages(incident.id)
        return await IncidentWrites(tx.sql).set_escalation(
            incident.id, channel_id=posted.channel_id, message_id=posted.message_id
        )

    def is_mailed(self, delivery: Delivery) -> bool:
        """Return True if the ladder's step sends an email, too."""
        return PagingData.from_json(delivery.data).emails

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Return True if the private thread was deleted and the next one has the message as well."""
        return code == UNKNOWN_CHANNEL and await self._lost_thread(tx, delivery)


class BundleDeliveries(DeliveryHandler):
    """Handles messages that report many incidents at once."""

    def __init__(self, store: Store, policy: Policy, passing_on: PassingOn) -> None:
        super().__init__(DeliveryKind.BUNDLE)
        self._store = store
        self._policy = policy
        self._passing_on = passing_on

    async def gather(self, seen: DeliveryFacts) -> timedelta | None:
        """Wait while more deliveries may join it.

        This is asked before the bundle is claimed, which locks its incidents: a sweep would skip them.
        """
        bundle = seen.delivery
        if bundle.status is not DeliveryStatus.PENDING:
            return None
        return _LOOK_AGAIN if may_grow(bundle.created_at, due_since=seen.due_since, now=seen.now) else None

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Close the bundle, and return True if no delivery is left in it."""
        return await BundleWrites(tx.sql).close_bundle(delivery.id) == 0

    async def load(self, delivery: Delivery) -> Bundle:
        """Return the bundle's current content."""
        return await BundleRows(self._store.sql).bundle(delivery.id)

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Record the bundle on its incidents' timelines, and queue an edit for changes made meanwhile."""
        data = BundleData.from_json(delivery.data)
        if data.of == DeliveryKind.PAGE:
            entry = paged(delivery, at=await tx.now())
            await TimelineWrites(tx.sql).add_timelines(
                [(one.incident_id, entry) for one in await BundleRows(tx.sql).bundled(delivery.id)]
            )
        elif self._policy.rules(data.severity).email_after is not None:
            await tx.enqueue(email_job(delivery))
        await tx.enqueue(refresh_bundle_job(delivery.id))

    async def deleted(self, tx: Transaction, delivery: Delivery, *, channel_id: int) -> None:
        """Record the deleted bundle as sent, because it has pinged people."""
        await super().deleted(tx, delivery, channel_id=channel_id)
        await self.sent(tx, delivery)

    async def severity(self, tx: Transaction, delivery: Delivery) -> str | None:
        """Return the severity that all incidents of the bundle share."""
        return BundleData.from_json(delivery.data).severity

    async def mailed_for(self, store: Store, delivery: Delivery) -> Delivery | None:
        """Return the delivery of the first incident that the bundle shows, if its step sends an email.

        None after an outage, which has had it emailed already.
        """
        bundle = await BundleRows(store.sql).bundle(delivery.id)
        first = bundle.shown[0].id if bundle.shown else None
        async with store.transaction() as tx:
            own = [
                one.id for one in await BundleRows(tx.sql).bundled(delivery.id) if one.incident_id == first
            ]
        if not own or delivery.held_at is not None:
            return None
        found = await DeliveryRows(store.sql).delivery(own[0])
        return found if PagingData.from_json(found.data).emails else None

    async def record(self, tx: Transaction, delivery: Delivery) -> None:
        """Queue a DLQ entry for each incident; the first one emails for all of them."""
        members = await BundleRows(tx.sql).bundled(delivery.id)
        await tx.enqueue(*(record_job(one.id, priority=delivery.priority) for one in members))

    async def on_mention_suppressed(self, tx: Transaction, delivery: Delivery) -> None:
        """Record the bundle as failed: it pinged no one."""
        await self.record(tx, delivery)

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Mark each delivery of the bundle as failed, and page the next people."""
        now = await tx.now()
        entries = [
            (
                one.incident_id,
                TimelineEntry.of(DeliveryFailedEntry(of=one.kind.value, to=one.to, reason=reason), now),
            )
            for one in await BundleRows(tx.sql).bundled(delivery.id)
        ]
        await TimelineWrites(tx.sql).add_timelines(entries)
        await self.record(tx, delivery)
        await self._passing_on.give_up_bundle(tx, delivery)


async def _is_past(source: Transaction | Store, paging: Delivery, incident: Incident) -> bool:
    """Return True if the incident is no longer triggered, or if a later ladder escalates instead."""
    is_past_ladder = await is_of_earlier_ladder(source, paging, incident)
    return incident.status is not Status.TRIGGERED or is_past_ladder
