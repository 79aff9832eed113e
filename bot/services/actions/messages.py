"""The deliveries about action items: DMs, and the thread's line for an item that waits."""

from datetime import date

from bot.domain.actions.deliveries import ActionDm, ActionDmReason
from bot.domain.actions.item import ActionItem
from bot.domain.actions.notices import ActionDueNotice
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.runbook.model import Policy
from bot.services.shared.postings import notice


def action_dm(
    item: ActionItem, why: ActionDmReason, *, day: date, key: str, by: str = "", to: str | None = None
) -> NewDelivery:
    """Return a DM about *item*.

    Args:
        day: The local day.
        key: What makes it unique among the DMs about the item, besides *why*.
        by: The name of the person who gave the item to the reader.
        to: As `NewDelivery.to`; None for the owner.
    """
    return NewDelivery(
        kind=DeliveryKind.ACTION_DM,
        to=to or f"user:{item.owner.id}",
        key=f"action:{item.id}:{why}:{key}",
        guild_id=item.guild_id,
        incident_id=item.incident_id,
        data=ActionDm.about(item, why, day=day, by=by).to_json(),
    )


def due_line(
    item: ActionItem, incident: Incident, policy: Policy, *, told: ActionDueNotice, key: str
) -> NewDelivery:
    """Return the line in the thread of *incident* that asks for *item*.

    Args:
        told: What it says.
        key: What makes it unique among the lines about the item.
    """
    return notice(incident, policy, told, key=f"action:{item.id}:due:{key}")


def due_notice(
    item: ActionItem, *, today: date, refused: bool = False, mentions: bool = True
) -> ActionDueNotice:
    """Return what the thread says of an item that waits.

    Args:
        refused: The owner takes no DM.
        mentions: The owner is on the server and may see the incident.
    """
    return ActionDueNotice(
        item=item.id,
        what=item.what,
        owner=item.owner.name,
        due_on=item.due_on,
        lead_id=item.owner.id if mentions else None,
        is_overdue=item.is_overdue(today),
        refused=refused,
    )
