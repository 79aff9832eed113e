"""What a use case left behind: entries of the timeline, lines in the thread, steps of the ladder."""

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import StepStatus
from bot.domain.timeline.entries import EntryKind
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import Desk


async def kinds(desk: Desk, incident_id: int) -> list[EntryKind]:
    """Return the kinds of the incident's timeline entries, oldest first."""
    return [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident_id)]


async def notices(desk: Desk) -> list[object]:
    """Return the names of the notices that were sent, in order."""
    deliveries = await desk.database.deliveries()
    sent = [one for one in deliveries if one.status is DeliveryStatus.SENT]
    return [one.data["notice"] for one in sent if one.kind is DeliveryKind.NOTICE]


async def pending(desk: Desk, incident_id: int) -> int:
    """Return the number of the ladder's steps that are still to come."""
    steps = await EscalationRows(desk.store.sql).steps(incident_id)
    return sum(step.status is StepStatus.PENDING for step in steps)
