"""The last check before a delivery is sent: whether it still makes sense."""

from bot.domain.delivery.delivery import (
    MEMBERSHIP,
    MORNING_POSTS,
    PAGING,
    TRIAGE_POSTS,
    Delivery,
    DeliveryKind,
)
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.posting import ALERT_PARTS, THREAD_PARTS, is_superseded
from bot.domain.privacy import is_overruled
from bot.runbook.model import Policy
from bot.services.delivery.outage import is_overtaken
from bot.services.escalation.decisions import is_of_earlier_ladder
from bot.services.incidents.updates import is_past
from bot.services.morning.mornings import is_past as is_past_morning
from bot.services.ports import Store, Transaction
from bot.services.ports.storms import Prospect
from bot.services.shared.role_notices import still_holds
from bot.services.walks.posts import is_out_of_date

_POSTING = ALERT_PARTS | THREAD_PARTS
_PLAIN = PAGING | _POSTING
_MAY_BE_MOOT = PAGING | _POSTING | MEMBERSHIP | {DeliveryKind.ROLE_DM}


async def is_moot(tx: Transaction, delivery: Delivery, policy: Policy) -> bool:
    """Return True if *delivery* need not be sent any more, for example after an acknowledge.

    A bundle takes in no more deliveries from here on.
    """
    if delivery.kind in TRIAGE_POSTS:
        return await is_out_of_date(tx, delivery)
    if delivery.kind in MORNING_POSTS:
        return await is_past_morning(tx, delivery, policy)
    if delivery.kind is DeliveryKind.BUNDLE:
        return await tx.close_bundle(delivery.id) == 0
    is_reminder = delivery.data.get("notice") == "update_due"
    if delivery.incident_id is None or not (is_reminder or delivery.kind in _MAY_BE_MOOT):
        return False
    return await _has_passed(tx, delivery, await tx.incident(delivery.incident_id))


async def _has_passed(tx: Transaction, delivery: Delivery, incident: Incident) -> bool:
    """The same for what is about one incident."""
    if delivery.data.get("notice") == "update_due":
        return is_past(incident, delivery.data) or await _would_let_in(tx, delivery, incident)
    if delivery.kind is DeliveryKind.ROLE_DM:
        return not still_holds(incident, delivery)
    if delivery.kind in MEMBERSHIP:
        return is_overruled(delivery, await tx.removed_members(incident.id))
    if delivery.kind in _POSTING:
        return is_superseded(delivery, incident)
    return await _has_rung(tx, delivery, incident) or await is_overtaken(tx, delivery)


def is_plain(seen: Prospect) -> bool:
    """Return True if no lock is needed to decide: nothing goes before the delivery or joins it."""
    delivery = seen.delivery
    return delivery.kind in _PLAIN and delivery.held_at is None and not seen.is_behind


async def is_plainly_moot(store: Store, delivery: Delivery, incident: Incident) -> bool:
    """Return `is_moot` for a delivery that `is_plain`."""
    if delivery.kind in _POSTING:
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
