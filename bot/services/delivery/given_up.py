"""Deliveries that Discord has refused for good, and where the bot reports them."""

from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryKind, NewDelivery
from bot.domain.oncall.roster import marked
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.delivery.outage import record_job
from bot.services.oncall.readiness import warn_refused
from bot.services.ports import Transaction
from bot.services.shared.postings import notice
from bot.services.shared.role_notices import say_undelivered
from bot.services.shared.roster import OnCall
from bot.services.triage.unfinished import tell_team

#: Facts of a delivery that its entry keeps, where it has them.
_KEPT: Final = ("name",)


async def tell_given_up(
    tx: Transaction, delivery: Delivery, *, reason: str, policy: Policy, oncall: OnCall
) -> None:
    """Report that *delivery* will not arrive, and put that on its incident's timeline.

    A failure that is reported in the thread at once makes no row in the DLQ: as a failed P0 it would mislead.
    """
    match delivery.kind:
        case DeliveryKind.ROLE_DM:
            await say_undelivered(tx, delivery, policy=policy)
        case DeliveryKind.MEMBER:
            await tx.insert_deliveries([await _not_done(tx, delivery, "not_let_in", policy=policy)])
        case DeliveryKind.MEMBER_REMOVED:
            await tx.insert_deliveries([await _not_done(tx, delivery, "not_taken_out", policy=policy)])
        case DeliveryKind.UNFINISHED_DM:
            await tell_team(tx, delivery, policy=policy)
        case DeliveryKind.ON_DUTY_SOON:
            await warn_refused(tx, delivery, policy=policy, oncall=oncall)
        case _:
            await tx.enqueue(record_job(delivery))
    if delivery.incident_id is not None:
        kept = {key: delivery.data[key] for key in _KEPT if key in delivery.data}
        data = {"kind": delivery.kind.value, "to": delivery.to, "reason": reason, **kept}
        entry = TimelineEntry(TimelineKind.DELIVERY_FAILED, await tx.now(), data=data)
        await tx.add_timeline(delivery.incident_id, entry)


async def _not_done(tx: Transaction, delivery: Delivery, line: str, *, policy: Policy) -> NewDelivery:
    """Return a line for the private thread, so that a member can add or remove the person by hand."""
    assert delivery.incident_id is not None
    incident = await tx.incident(delivery.incident_id)
    facts = {"notice": line, **_who(delivery)}
    return notice(incident, policy, key=f"{line}:{delivery.id}", data=facts)


def _who(delivery: Delivery) -> dict[str, object]:
    """Return the recipient of *delivery* by name, or else, for `Wording.on_call`, a place, person or id."""
    if (name := delivery.data.get("name")) is not None:
        return {"name": name}
    kind, _, target = delivery.to.partition(":")
    stood = None if delivery.request is None else delivery.request.recipient
    if kind == "person":
        return {"place": target if stood is None else marked(stood)}
    return {"place": marked(target)}
