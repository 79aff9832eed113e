"""Deliver pasted output, again if the thread was deleted."""

from collections.abc import Awaitable, Callable

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Transaction


class OutputDeliveries(DeliveryHandler):
    """Messages with output.

    Args:
        move: Posts a line of a thread that is gone or closed once more; returns True if it has.
    """

    def __init__(self, *, move: Callable[[Transaction, Delivery, int], Awaitable[bool]]) -> None:
        super().__init__(DeliveryKind.OUTPUT)
        self._move = move

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Post the output once more: in the next thread, or beside the alert."""
        return await self._move(tx, delivery, code)
