"""The last check before a delivery is sent: whether it still makes sense."""

from bot.domain.delivery.delivery import (
    Delivery,
    DeliveryKind,
)
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.posting import is_superseded
from bot.domain.privacy import is_overruled
from bot.runbook.model import Policy
from bot.services.delivery.outage import is_overtaken
from bot.services.escalation.decisions import is_of_earlier_ladder
from bot.services.incidents.updates import is_past
from bot.services.morning.mornings import is_past as is_past_morning
from bot.services.ports import Store, Transaction
from bot.services.ports.store.deliveries import Prospect
from bot.services.shared.role_notices import still_holds
from bot.services.walks.posts import is_out_of_date


async def is_moot(tx: Transaction, delivery: Delivery, policy: Policy) -> bool:
    """Return True if *delivery* need not be sent any more, for example after an acknowledge.

    A bundle takes in no more deliveries from here on.
    """
    if delivery.kind.spec.shows_triage:
        return await is_out_of_date(tx, delivery)
    if delivery.kind in (DeliveryKind.MORNING, DeliveryKind.MORNING_NAG):
        return await is_past_morning(tx, delivery, policy)
    if delivery.kind is DeliveryKind.BUNDLE:
        return await tx.close_bundle(delivery.id) == 0
    is_reminder = delivery.data.get("notice") == "update_due"
    if delivery.incident_id is None or not (is_reminder or _may_be_moot(delivery.kind)):
        return False
    return await _has_passed(tx, delivery, await tx.incident(delivery.incident_id))


async def _has_passed(tx: Transaction, delivery: Delivery, incident: Incident) -> bool:
    """The same for what is about one incident."""
    if delivery.data.get("notice") == "update_due":
        return is_past(incident, delivery.data) or await _would_let_in(tx, delivery, incident)
    if delivery.kind is DeliveryKind.ROLE_DM:
        return not still_holds(incident, delivery)
    if delivery.kind.spec.is_membership:
        return is_overruled(delivery, await tx.removed_members(incident.id))
    if delivery.kind.spec.part is not None:
        return is_superseded(delivery, incident)
    return await _has_rung(tx, delivery, incident) or await is_overtaken(tx, delivery)


def _is_plain(kind: DeliveryKind) -> bool:
    return kind.spec.is_paging or kind.spec.part is not None


def _may_be_moot(kind: DeliveryKind) -> bool:
    return _is_plain(kind) or kind.spec.is_membership or kind is DeliveryKind.ROLE_DM


def is_plain(seen: Prospect) -> bool:
    """Return True if no lock is needed to decide: nothing goes before the delivery or joins it."""
    delivery = seen.delivery
    return _is_plain(delivery.kind) and delivery.held_at is None and not seen.is_behind


async def is_plainly_moot(store: Store, delivery: Delivery, incident: Incident) -> bool:
    """Return `is_moot` for a delivery that `is_plain`."""
    if delivery.kind.spec.part is not None:
        return is_superseded(delivery, incident)
    return await _has_rung(store, delivery, incident)


async def _has_rung(source: Transaction | Store, paging: Delivery, incident: Incident) -> bool:
    """Return True if the incident is no longer triggered, or if a later ladder escalates instead."""
    is_past_ladder = await is_of_earlier_ladder(source, paging, incident)
    return incident.status is not Status.TRIGGERED or is_past_ladder


async def _would_let_in(tx: Transaction, reminder: Delivery, incident: Incident) -> bool:
    """Return True if *reminder* mentions, in a private thread, a person removed since it was queued."""
    lead_id = reminder.data.get("lead_id")
    return incident.is_private and lead_id in {one.id for one in await tx.removed_members(incident.id)}
