"""The effects of a sent message on its incident: places to link to, and timeline entries."""

from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.delivery.delivery import Delivery, DeliveryKind, DeliveryStatus, NewDelivery, Posted
from bot.domain.incident.incident import Incident
from bot.domain.incident.paging import person_of
from bot.domain.incident.posting import is_current
from bot.domain.oncall.roster import marked
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.delivery.outage import email_job
from bot.services.ports import Transaction
from bot.services.privacy.membership import settle
from bot.services.shared.postings import refresh_job

log = structlog.get_logger(__name__)


async def tell_incident(
    tx: Transaction, policy: Policy, delivery: Delivery, posted: Posted, *, at: datetime | None = None
) -> None:
    """Note in its incident that *delivery* is there, and ask for a refresh if it shows less than is true now.

    Args:
        at: When it was posted; None for now.
    """
    if delivery.incident_id is None:
        return
    incident_id, now = delivery.incident_id, at or await tx.now()
    incident = await tx.incident(incident_id, lock=True)
    match delivery.kind:
        case DeliveryKind.ALERT:
            incident = await _set_places(tx, incident, delivery, posted)
            where = {"where": [delivery.guild_id, posted.channel_id, posted.message_id]}
            await tx.add_timeline(incident_id, TimelineEntry(TimelineKind.ALERT_POSTED, now, data=where))
        case DeliveryKind.THREAD | DeliveryKind.PRIVATE_THREAD:
            incident = await _set_places(tx, incident, delivery, posted)
            where = {"where": [delivery.guild_id, posted.message_id]}
            await tx.add_timeline(incident_id, TimelineEntry(TimelineKind.THREAD_OPENED, now, data=where))
        case DeliveryKind.MEMBER | DeliveryKind.MEMBER_REMOVED:
            await settle(tx, delivery)
        case DeliveryKind.PAGE:
            await tx.add_timeline(incident_id, paged(delivery, at=now))
            incident = await _reached(tx, incident, delivery)
        case DeliveryKind.ESCALATION if delivery.data.get("emails") and at is None:
            await tx.enqueue(email_job(delivery))
        case _:
            pass
    if delivery.shown_version < incident.version:
        await tx.enqueue(refresh_job(incident, severity=policy.rules(incident.severity)))


def paged(delivery: Delivery, *, at: datetime) -> TimelineEntry:
    """Return the timeline entry of a page that has arrived: its on-call place and person."""
    data: dict[str, object] = {"place": delivery.to.removeprefix("person:")}
    if delivery.request is not None and delivery.request.recipient is not None:
        data["who"] = marked(delivery.request.recipient)
    return TimelineEntry(TimelineKind.PAGED, at, data=data)


async def _reached(tx: Transaction, incident: Incident, page: Delivery) -> Incident:
    """Remove the person of *page* from the incident's unreached people: a DM has reached them after all."""
    left = tuple(person for person in incident.unreached if person != person_of(page))
    if left == incident.unreached:
        return incident
    told = replace(incident, unreached=left, version=incident.version + 1)
    await tx.save(told)
    return told


async def adopt(
    tx: Transaction, policy: Policy, key: str, posted: Posted, *, at: datetime | None = None
) -> None:
    """The message of that key is there, before its delivery could be written down.

    Where the delivery is known to stand elsewhere, this one belongs to the incident as well.

    Args:
        at: When it was posted; None: about when it was owed.
    """
    delivery = await tx.delivery_by_key(key)
    if delivery is None:
        return
    if delivery.status is DeliveryStatus.SENT:
        await _keep_second(tx, policy, delivery, posted)
        return
    await tx.finish_sent(delivery.id, posted)
    await tell_incident(tx, policy, delivery, posted, at=at or delivery.created_at)


async def _keep_second(tx: Transaction, policy: Policy, first: Delivery, posted: Posted) -> None:
    """A 👀 on a message that was posted twice counts on either, and the second one says that it is one.

    A process that hears no answer to its COMMIT, and cannot look, tells of what another tells of, too.
    """
    if first.incident_id is None or posted.message_id in (None, first.message_id):
        return
    key = f"{first.key}:second:{posted.message_id}"
    if await tx.delivery_by_key(key) is not None:
        return
    second = NewDelivery(DeliveryKind.SECOND, first.to, key, first.guild_id, first.incident_id)
    await tx.insert_deliveries([second])
    stored = await tx.delivery_by_key(key)
    assert stored is not None, "it was stored a moment ago"
    await tx.finish_sent(stored.id, posted)
    incident = await tx.incident(first.incident_id, lock=True)
    await tx.enqueue(refresh_job(incident, severity=policy.rules(incident.severity)))
    log.warning("delivery.told_twice", incident_id=first.incident_id, kind=first.kind)


async def _set_places(tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted) -> Incident:
    if not is_current(delivery, incident):  # a late one must not take the newer one's place
        return incident
    if delivery.kind is DeliveryKind.ALERT:
        return await tx.set_places(incident.id, alert=(posted.channel_id, posted.message_id))
    return await tx.set_places(incident.id, thread_id=posted.message_id)
