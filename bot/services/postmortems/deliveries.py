"""Deliver the draft of a postmortem, and record which version the thread shows."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.document import PostmortemData
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Transaction
from bot.services.postmortems.attaching import DraftAttaching


class DocumentDeliveries(DeliveryHandler):
    """The message that carries the draft.

    Args:
        move: Posts a line of a thread that is gone or closed once more; returns True if it has.
    """

    def __init__(
        self, attaching: DraftAttaching, *, move: Callable[[Transaction, Delivery, int], Awaitable[bool]]
    ) -> None:
        super().__init__(DeliveryKind.POSTMORTEM_FILE)
        self._attaching = attaching
        self._move = move

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Record which version of the postmortem the thread now shows."""
        await self._attaching.note_shown(tx, incident, PostmortemData.from_json(delivery.data).version)
        return incident

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Post the draft once more: in the next thread, or beside the alert."""
        return await self._move(tx, delivery, code)
