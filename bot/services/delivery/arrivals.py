"""The effects of a sent message on its incident, and of a message that was posted twice."""

from datetime import datetime

import structlog

from bot.domain.delivery.delivery import Delivery, DeliveryStatus, NewDelivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryKinds
from bot.services.shared.jobs import refresh_job
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


class Arrivals:
    """Records on incidents that their messages are posted."""

    def __init__(self, policy: Policy, kinds: DeliveryKinds) -> None:
        self._policy = policy
        self._kinds = kinds

    async def arrived(
        self, tx: Transaction, delivery: Delivery, posted: Posted, *, at: datetime | None = None
    ) -> None:
        """Record *delivery* on its incident, and queue a refresh if it shows less than is true now.

        Args:
            at: When it was posted; None for now.
        """
        if delivery.incident_id is None:
            return
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id, lock=True)
        incident = await self._kinds.of(delivery).placed(tx, incident, delivery, posted, at=at)
        if delivery.shown_version < incident.version:
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))

    async def adopt(self, tx: Transaction, key: str, posted: Posted, *, at: datetime | None = None) -> None:
        """Record a message that was posted before its delivery could be written down.

        If the delivery is recorded at another place already, this message belongs to the incident as well.

        Args:
            at: When it was posted; None: about when its delivery was stored.
        """
        delivery = await DeliveryRows(tx.sql).delivery_by_key(key)
        if delivery is None:
            return
        if delivery.status is DeliveryStatus.SENT:
            await self._keep_second(tx, delivery, posted)
            return
        await DeliveryAttempts(tx.sql).finish_sent(delivery.id, posted)
        await self.arrived(tx, delivery, posted, at=at or delivery.created_at)

    async def _keep_second(self, tx: Transaction, first: Delivery, posted: Posted) -> None:
        """Keep the second copy of a message: a 👀 counts on either, and the copy points to the alert.

        There are two if a process gets no answer to its COMMIT and cannot look whether that worked: it then
        posts what another process posts, too.
        """
        if first.incident_id is None or posted.message_id in (None, first.message_id):
            return
        key = f"{first.key}:second:{posted.message_id}"
        if await DeliveryRows(tx.sql).delivery_by_key(key) is not None:
            return
        second = NewDelivery(DeliveryKind.SECOND, first.to, key, first.guild_id, first.incident_id)
        await DeliveryWrites(tx.sql).insert_deliveries([second])
        stored = await DeliveryRows(tx.sql).delivery_by_key(key)
        assert stored is not None, "it was stored a moment ago"
        await DeliveryAttempts(tx.sql).finish_sent(stored.id, posted)
        incident = await IncidentWrites(tx.sql).incident(first.incident_id, lock=True)
        await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))
        log.warning("delivery.told_twice", incident_id=first.incident_id, kind=first.kind)
