"""Reminders of owed postmortems: DMs to the owner, then a line in the thread. The row says when.

See docs/internals/postmortems.md.
"""

from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.aftermath import Postmortem, PostmortemReminderStage
from bot.domain.incident.incident import Incident, PersonRef, Status
from bot.domain.postmortem import owing, reminders
from bot.domain.postmortem.deliveries import PostmortemDm
from bot.domain.postmortem.entries import PostmortemRemindedEntry
from bot.domain.postmortem.notices import PostmortemDueNotice, PostmortemOccasion
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Store, Transaction
from bot.services.postmortems.owed import owner_dm, put
from bot.services.shared.access import MaySeeLess, require_as_seen
from bot.services.shared.postings import notice
from bot.services.shared.reminder_recipients import (
    Presence,
    ReminderRecipients,
    StandIn,
    is_reader_removed,
)

log = structlog.get_logger(__name__)

#: Why the line in the thread asks instead of a DM to an owner who is away.
_AWAY: Final = {Presence.GONE: PostmortemOccasion.GONE, Presence.HIDDEN: PostmortemOccasion.HIDDEN}


@dataclass(frozen=True, slots=True)
class _Owner:
    """The owner of a postmortem as Discord knows them before anything is locked.

    Attributes:
        instead: Who is asked in their place; None while they are here.
    """

    who: PersonRef
    presence: Presence = Presence.HERE
    instead: StandIn | None = None


class PostmortemReminders:
    """Handler of the queue's postmortem job; may run twice, or too early, without harm."""

    def __init__(self, store: Store, policy: Policy, recipients: ReminderRecipients) -> None:
        self._store = store
        self._policy = policy
        self._hours = policy.business_hours
        self._recipients = recipients

    async def run_job(self, incident_id: int) -> None:
        """Send the reminder of a postmortem if one is due: each stage once, and only in business hours."""
        while True:
            seen, owed = await self._store.incident(incident_id), await self._store.postmortem(incident_id)
            if owed is None or not owed.is_owed:
                return
            owner = await self._look(seen, owed)
            try:
                async with self._store.transaction() as tx:
                    stage = await self._remind_if_due(tx, seen, owner)
            except MaySeeLess:  # nothing is written yet: look once more whom it may ask
                log.info("postmortem.reminder_retried", incident_id=incident_id)
                continue
            if stage is not None:
                log.info("postmortem.reminded", incident_id=incident_id, stage=stage.value)
            return

    async def _look(self, incident: Incident, owed: Postmortem) -> _Owner:
        """Look for the owner, if a reminder may be due; in a private incident in any case."""
        owner = PersonRef(owed.owner_id, owed.owner_name)
        is_due = reminders.due(owed, self._hours, now=await self._store.now()) is not None
        if not (is_due or incident.is_private):
            return _Owner(owner)
        guild_id, presence = incident.guild_id, Presence.GONE
        if owner.id > 0:
            presence = await self._recipients.presence(owner, incident, guild_id=guild_id)
        if presence is Presence.HERE:
            return _Owner(owner)
        stand_in = await self._recipients.stand_in(owner, incident, guild_id=guild_id)
        return _Owner(owner, presence, stand_in)

    async def _remind_if_due(
        self, tx: Transaction, seen: Incident, owner: _Owner
    ) -> PostmortemReminderStage | None:
        """Send the reminder if it is due, and return which one it was; else queue the job for later."""
        incident = await tx.incident(seen.id, lock=True)
        owed, now = await tx.postmortem(seen.id), await tx.now()
        if owed is None or not owed.is_owed:
            return None
        if incident.status is not Status.RESOLVED:  # an older version has reopened it
            await put(tx, incident, owing.not_owed(owed) or owed, now=now)
            return None
        reminder = reminders.due(owed, self._hours, now=now)
        if reminder is None:  # the job came too early
            await put(tx, incident, owing.scheduled(owed, self._hours, now=now), now=now)
            return None
        if not self._hours.is_open(now):  # it comes late, after an outage
            await put(tx, incident, replace(owed, remind_at=self._hours.opening(now)), now=now)
            return None
        require_as_seen(incident, seen)
        if owed.owner_id != owner.who.id:  # it was handed over meanwhile
            raise MaySeeLess
        await self._remind(tx, incident, replace(owed, reminded=reminder.stage), owner)
        return reminder.stage

    async def _remind(self, tx: Transaction, incident: Incident, owed: Postmortem, owner: _Owner) -> None:
        """Send the reminder that *owed* has just recorded, and store when the next one is due."""
        now = await tx.now()
        await put(tx, incident, owing.scheduled(owed, self._hours, now=now), now=now)
        entry = PostmortemRemindedEntry(
            stage=owed.reminded,
            owner=owed.owner_name,
            is_away=owner.presence is not Presence.HERE,
        )
        await tx.add_timeline(incident.id, TimelineEntry.of(entry, now))
        await tx.insert_deliveries([self._message(incident, owed, owner)])

    def _message(self, incident: Incident, owed: Postmortem, owner: _Owner) -> NewDelivery:
        """Return the DM; or the line in the thread, at the last stage and if the owner is away."""
        key = f"postmortem:{owed.due_on}:{owed.reminded}"
        if owner.instead is None and owed.reminded is not PostmortemReminderStage.THREAD:
            data = PostmortemDm(
                owner_id=owed.owner_id, owner=owed.owner_name, due_on=owed.due_on, stage=owed.reminded
            )
            return owner_dm(incident, data, key=f"{key}:dm")
        instead = owner.instead or StandIn(None, None)
        told = PostmortemDueNotice(
            why=_AWAY.get(owner.presence, PostmortemOccasion.OVERDUE),
            owner=owner.who,
            due_on=owed.due_on,
            lead=instead.lead,
            asks=instead.place,
        )
        return notice(incident, self._policy, told, key=key)


class PostmortemDeliveries(DeliveryHandler):
    """Handles the DMs that remind the owner of a postmortem."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(DeliveryKind.POSTMORTEM_DM)
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the postmortem is done, has another owner or date, or its owner was removed."""
        told, owed = (
            PostmortemDm.from_json(delivery.data),
            await tx.postmortem(delivery.incident_id or 0),
        )
        if owed is None or not owed.is_owed:
            return True
        is_moved = (owed.owner_id, owed.due_on) != (told.owner_id, told.due_on)
        return is_moved or await is_reader_removed(tx, delivery)

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Queue a line for the thread instead, which mentions the owner unless that would let them in."""
        incident = await tx.incident(delivery.incident_id or 0)
        dm = PostmortemDm.from_json(delivery.data)
        removed = {one.id for one in await tx.removed_members(incident.id)}
        told = PostmortemDueNotice(
            why=PostmortemOccasion.HIDDEN
            if incident.is_private and dm.owner_id in removed
            else PostmortemOccasion.UNDELIVERED,
            owner=PersonRef(dm.owner_id, dm.owner),
            due_on=dm.due_on,
        )
        line = notice(incident, self._policy, told, key=f"postmortem_undelivered:{delivery.id}")
        await tx.insert_deliveries([line])
