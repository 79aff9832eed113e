"""Deliver the message that shows the state of every system."""

from datetime import datetime

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Transaction
from bot.services.systems.rounds import check_job


class CheckDeliveries(DeliveryHandler):
    """Handles the message in which the results of live checks come in."""

    def __init__(self) -> None:
        super().__init__(DeliveryKind.CHECKS)

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Queue an edit that shows the results found before the message existed.

        If a round runs, that happens after it.
        """
        await tx.enqueue(check_job(incident.id))
        return incident
