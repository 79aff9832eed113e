"""What a capability does for its kinds of delivery, and the table of the handlers of every kind."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.capability import delivery_kinds
from bot.domain.delivery.delivery import Delivery, Named, Posted
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.jobs import Job, JobName
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import DeliveryFailedEntry
from bot.services.ports import Subject
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryFacts
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction


class DeliveryHandler:
    """Decides how deliveries of some kinds behave. A capability overrides what its kinds do differently.

    The properties of a kind that need no behaviour are in `bot.domain.delivery.kinds.DeliveryKindSpec`.
    """

    def __init__(self, *kinds: AnyDeliveryKind) -> None:
        self.kinds = kinds

    # -- before it is sent
    async def gather(self, seen: DeliveryFacts) -> timedelta | None:
        """Combine the delivery with others for the same place; return when to look again, None: go on."""
        return None

    def is_one_of_many(self, seen: DeliveryFacts) -> bool:
        """Return True if so many deliveries wait for the same place that one message reports all of them."""
        return False

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the delivery need not be sent any more, for example after an acknowledgement."""
        return False

    async def is_obsolete_unlocked(self, store: Store, delivery: Delivery, incident: Incident) -> bool | None:
        """Return `is_obsolete` where no lock is needed to decide it; None: it has to be locked first."""
        return None

    async def load(self, delivery: Delivery) -> Subject:
        """Return the subject to render, for a delivery that is about no incident."""
        return None

    async def stays_quiet(self, store: Store, delivery: Delivery) -> bool:
        """Return True if the delivery must not mention people, because a later message has done so."""
        return False

    # -- afterwards
    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Record on the locked *incident* that its delivery was sent, and return it as saved.

        Args:
            at: When it was posted, for one that was sent without the database; None for now.
        """
        return incident

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Follow up a sent delivery that is about no incident."""

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Follow up a delivery that was cancelled as obsolete."""

    async def deleted(self, tx: Transaction, delivery: Delivery, *, channel_id: int) -> None:
        """Finish a delivery whose message was posted and deleted before the bot knew of it."""
        await DeliveryAttempts(tx.sql).finish_deleted(delivery.id, channel_id=channel_id)

    # -- when Discord does not take it
    async def severity(self, tx: Transaction, delivery: Delivery) -> str | None:
        """Return the severity that decides about an email in its place; None: there is never one."""
        if not delivery.kind.spec.goes_by_email or delivery.incident_id is None:
            return None
        return (await IncidentRows(tx.sql).incident(delivery.incident_id)).severity

    def is_mailed(self, delivery: Delivery) -> bool:
        """Return True if an email goes out with the delivery, even if Discord takes it."""
        return False

    async def mailed_for(self, store: Store, delivery: Delivery) -> Delivery | None:
        """Return the delivery that the email which goes out with *delivery* is about; None: there is none."""
        return delivery if self.is_mailed(delivery) else None

    async def channel_message_of_same_step(
        self, source: Transaction | Store, delivery: Delivery
    ) -> Delivery | None:
        """Return the channel's message of the same step as this page, if there is one."""
        return None

    async def record(self, tx: Transaction, delivery: Delivery) -> None:
        """Queue the delivery's DLQ entry, with the email where the policy asks for one."""
        await tx.enqueue(record_job(delivery.id, priority=delivery.priority))

    async def on_mention_suppressed(self, tx: Transaction, delivery: Delivery) -> None:
        """Follow up a message that Discord posted without notifying the people it mentions."""
        if delivery.incident_id is not None:
            await self.record(tx, delivery)

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Replace a delivery that Discord refused for good by another one; return True if one was queued."""
        return False

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Report a delivery that will not arrive: in the DLQ, or in a line for the people concerned.

        A failure that is reported in the thread at once needs no DLQ entry: as a failed P0 it would mislead.
        """
        await self.record(tx, delivery)

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Follow up a delivery that has failed for good, in the commit that marks it as failed."""
        if delivery.kind.spec.is_dispensable or await self.reroute(tx, delivery, code=code):
            return
        await self.report(tx, delivery)
        if delivery.incident_id is not None:
            reader = Named.from_json(delivery.data).name
            data = DeliveryFailedEntry(of=delivery.kind.value, to=delivery.to, reason=reason, name=reader)
            entry = TimelineEntry.of(data, await tx.now())
            await TimelineWrites(tx.sql).add_timeline(delivery.incident_id, entry)


class SwitchedOff(DeliveryHandler):
    """The kinds of a capability that the guild has switched off: what is left of them is not sent."""

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True."""
        return True


class DeliveryKinds:
    """The handler of each kind, and the incidents that most deliveries are about.

    Raises:
        ValueError: a kind has no handler, or two.
    """

    def __init__(self, incidents: ShownIncidents, handlers: Sequence[DeliveryHandler]) -> None:
        self.incidents = incidents
        self._handlers = {kind: handler for handler in handlers for kind in handler.kinds}
        registered = [kind for handler in handlers for kind in handler.kinds]
        if sorted(registered) != sorted(delivery_kinds().values()):
            wrong = [kind.value for kind in delivery_kinds().values() if registered.count(kind) != 1]
            raise ValueError(f"not one handler each: {', '.join(wrong)}")

    def of(self, delivery: Delivery) -> DeliveryHandler:
        """Return the handler of the delivery's kind."""
        return self._handlers[delivery.kind]

    async def load(self, delivery: Delivery) -> Subject:
        """Return what *delivery* is about, as it is now."""
        if delivery.incident_id is not None:
            return await self.incidents.read(delivery.incident_id)
        return await self.of(delivery).load(delivery)


def record_job(delivery_id: int, *, priority: int) -> Job:
    """Return the job that records a delivery in the DLQ, and emails the people on call."""
    return Job(JobName.RECORD_FAILURE, str(delivery_id), f"record:{delivery_id}", priority=priority)


def email_job(delivery: Delivery) -> Job:
    """Return the job that emails a delivery that Discord took; a bundle gets one email for everything."""
    return Job(JobName.EMAIL, str(delivery.id), f"email:{delivery.id}", priority=delivery.priority)
