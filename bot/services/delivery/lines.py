"""The lines of a thread come one after the other, as what they tell of happened."""

from datetime import timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.services.ports.store.deliveries import DeliveryAttempts

_LOOK_AGAIN: Final = timedelta(milliseconds=200)

#: How long a line waits at most for those before it, counted from when it was owed.
PATIENCE: Final = timedelta(seconds=20)


async def wait_in_line(tx: DeliveryAttempts, delivery: Delivery) -> timedelta | None:
    """When to look again at a line while an earlier one of the thread is on its way; None: it may go.

    Two workers send two lines of one moment at once, and Discord shows them as they arrive. Nothing else
    waits: what rings passes every line.
    """
    if not delivery.kind.spec.waits_in_line:
        return None
    return _LOOK_AGAIN if await tx.is_in_line(delivery.id, patience=PATIENCE) else None
