"""Membership of private threads: the last request to Discord is not always the last decision."""

from bot.domain.delivery.delivery import Delivery, DeliveryKind
from bot.domain.privacy import is_overruled, member_of
from bot.services.ports import Transaction
from bot.services.shared.postings import member, member_removed


async def settle(tx: Transaction, delivery: Delivery) -> None:
    """Queue a compensating add or remove if the decision changed while this request was in flight.

    Two workers, or one that died and its successor, may request both at once: their order is unknown.

    Args:
        delivery: One with an attempt begun. Kinds that change no membership need nothing.
    """
    if not delivery.kind.spec.is_membership or delivery.incident_id is None or delivery.first_sent_at is None:
        return
    user_id = member_of(delivery)
    if user_id is None or not is_overruled(delivery, await tx.removed_members(delivery.incident_id)):
        return
    incident = await tx.incident(delivery.incident_id)
    name = delivery.data.get("name")
    known, asked = None if name is None else str(name), f"after:{delivery.id}"
    if delivery.kind is DeliveryKind.MEMBER:
        owed = member_removed(incident, user_id, priority=delivery.priority, name=known, asked=asked)
    else:
        owed = member(incident, f"user:{user_id}", priority=delivery.priority, name=known, asked=asked)
    await tx.insert_deliveries([owed])
