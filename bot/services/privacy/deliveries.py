"""Membership of private threads: the last request to Discord is not always the last decision."""

from datetime import datetime

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UNKNOWN_CHANNEL
from bot.domain.incident.deliveries import MemberData
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import marked
from bot.domain.privacy import is_overruled, member_of
from bot.domain.privacy_payloads import NotLetInNotice, NotTakenOutNotice
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.incidents.reposting import Reposting
from bot.services.ports import Transaction
from bot.services.ports.store.members import MemberReads
from bot.services.shared.postings import member, notice


class MemberDeliveries(DeliveryHandler):
    """Requests that add a person to a private thread, or remove one."""

    def __init__(self, policy: Policy, reposting: Reposting) -> None:
        super().__init__(DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED)
        self._policy = policy
        self._reposting = reposting

    async def is_obsolete(self, tx: MemberReads, delivery: Delivery) -> bool:
        """Return True if a later decision overrules this request."""
        return is_overruled(delivery, await tx.removed_members(delivery.incident_id or 0))

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Undo the request if the decision changed meanwhile."""
        await _settle(tx, delivery)
        return incident

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Undo the request, because an earlier attempt may have reached Discord."""
        await _settle(tx, delivery)

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """If the thread was deleted, add the person to the next one; a removed person is not added there."""
        if code != UNKNOWN_CHANNEL:
            return False
        if delivery.kind is DeliveryKind.MEMBER:
            return await self._reposting.follows(tx, delivery)
        await self._reposting.lost_its_thread(tx, delivery)
        return True

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Say in the private thread whom a member has to add or remove by hand."""
        incident = await tx.incident(delivery.incident_id or 0)
        kind = NotLetInNotice if delivery.kind is DeliveryKind.MEMBER else NotTakenOutNotice
        who, place = _who(delivery)
        told = kind(who=who, place=place)
        await tx.insert_deliveries([notice(incident, self._policy, told, key=f"{told.name}:{delivery.id}")])


async def _settle(tx: Transaction, delivery: Delivery) -> None:
    """Queue a compensating add or remove if the decision changed while this request was in flight.

    Two workers, or one that died and its successor, may request both at once: their order is unknown.

    Args:
        delivery: Nothing is done unless an attempt at it has begun.
    """
    if delivery.incident_id is None or delivery.first_sent_at is None:
        return
    user_id = member_of(delivery)
    if user_id is None or not is_overruled(delivery, await tx.removed_members(delivery.incident_id)):
        return
    incident = await tx.incident(delivery.incident_id)
    known, asked = MemberData.from_json(delivery.data).name, f"after:{delivery.id}"
    opposite = member(
        incident,
        f"user:{user_id}",
        priority=delivery.priority,
        name=known,
        asked=asked,
        removes=delivery.kind is DeliveryKind.MEMBER,
    )
    await tx.insert_deliveries([opposite])


def _who(delivery: Delivery) -> tuple[str | None, str | None]:
    """Return the recipient of *delivery* by name; or else, for `Wording.on_call`, a place, person or id."""
    if (name := MemberData.from_json(delivery.data).name) is not None:
        return name, None
    kind, _, target = delivery.to.partition(":")
    stood = delivery.recipient
    if kind == "person":
        return None, target if stood is None else marked(stood)
    return None, marked(target)
