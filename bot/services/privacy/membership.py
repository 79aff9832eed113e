"""Who is in a private thread: what Discord was asked for last is not always what was decided last."""

from bot.domain.delivery.delivery import MEMBERSHIP, Delivery, DeliveryKind
from bot.domain.privacy import is_overruled, member_of
from bot.services.ports import Transaction
from bot.services.shared.postings import member, member_removed


async def settle(tx: Transaction, delivery: Delivery) -> None:
    """Owe the opposite of what Discord may have done just now, if it was decided otherwise meanwhile.

    Two workers, or one that died and one after it, may ask for both at once: nobody knows which came first.

    Args:
        delivery: An attempt at it was begun. Of any kind: others need nothing.
    """
    if delivery.kind not in MEMBERSHIP or delivery.incident_id is None or delivery.first_sent_at is None:
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
