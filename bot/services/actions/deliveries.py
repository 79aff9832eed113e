"""Deliver DMs about action items: drop obsolete ones, and ask in the thread if a person refuses DMs."""

from bot.domain.actions.deliveries import ActionDm, ActionDmReason
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import IncidentKind
from bot.runbook.model import Policy
from bot.services.actions.messages import action_dm, due_line, due_notice
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Transaction
from bot.services.shared.reminder_recipients import is_reader_removed
from bot.services.shared.roster import OnCall


class ActionDeliveries(DeliveryHandler):
    """Handles the DMs that remind owners of their action items."""

    def __init__(self, policy: Policy, oncall: OnCall) -> None:
        super().__init__(DeliveryKind.ACTION_DM)
        self._policy = policy
        self._oncall = oncall

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the item is closed, moved or another person's by now, or its owner was removed."""
        told = ActionDm.from_json(delivery.data)
        item = await tx.action_item(told.item)
        if not item.is_open or item.owner.id != told.owner_id:
            return True
        is_reminder = told.why in (ActionDmReason.AHEAD, ActionDmReason.TODAY, ActionDmReason.OVERDUE)
        is_moved = is_reminder and item.due_on != told.due_on
        return is_moved or await is_reader_removed(tx, delivery)

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Ask in the incident's thread instead; where there is none, tell the person on call."""
        told = ActionDm.from_json(delivery.data)
        item, now = await tx.action_item(told.item), await tx.now()
        today, is_owners = (
            now.astimezone(self._policy.timezone).date(),
            told.why is not ActionDmReason.OWNER_LEFT,
        )
        incident = None if delivery.incident_id is None else await tx.incident(delivery.incident_id)
        key = f"refused:{delivery.id}"
        if incident is not None and incident.kind is IncidentKind.INCIDENT:
            mentions = is_owners and not incident.is_private  # a mention lets people into a private thread
            line = due_notice(item, today=today, refused=is_owners, mentions=mentions)
            await tx.insert_deliveries([due_line(item, incident, self._policy, told=line, key=key)])
        elif is_owners:
            place = next(iter(await self._oncall.holders(delivery.guild_id, source=tx)))
            dm = action_dm(item, ActionDmReason.OWNER_LEFT, day=today, key=key, to=f"person:{place}")
            await tx.insert_deliveries([dm])
        else:
            await super().report(tx, delivery)
