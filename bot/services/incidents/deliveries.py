"""Deliver an incident's posting, the lines in its thread, and DMs about roles."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from bot.capability import IncidentEvent, installed
from bot.domain.delivery.delivery import REPOST_SUFFIX, Delivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from bot.domain.escalation.ladder import StepStatus
from bot.domain.escalation.payloads import OfferDm, is_due
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import RoleDm, is_current, is_superseded
from bot.domain.incident.records import (
    AlertPostedEntry,
    RoleUndeliveredNotice,
    ThreadOpenedEntry,
    UpdateDueNotice,
)
from bot.domain.people import Person
from bot.domain.privacy import is_told
from bot.domain.severity import Mention
from bot.domain.timeline.entries import EntryData, TimelineEntry
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.incidents.posts import Reposting
from bot.services.incidents.updates import is_past
from bot.services.shared.changes import Change
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

#: Discord's codes for a thread that takes no message, because it is archived and locked, or locked.
_CLOSED: Final = frozenset({50083, 160005})


class PostingDeliveries(DeliveryHandler):
    """The parts of a posting: the alert, the bot's own 👀, the thread with its first messages, and copies.

    Args:
        card_posted: What the capabilities do once the thread's card is there.
    """

    def __init__(
        self,
        policy: Policy,
        reposting: Reposting,
        card_posted: Sequence[Callable[[Transaction, Incident], Awaitable[None]]],
    ) -> None:
        super().__init__(
            DeliveryKind.ALERT,
            DeliveryKind.SEED_ACK,
            DeliveryKind.THREAD_ROOT,
            DeliveryKind.THREAD,
            DeliveryKind.PRIVATE_THREAD,
            DeliveryKind.THREAD_START,
            DeliveryKind.THREAD_CARD,
            DeliveryKind.THREAD_SHEET,
            DeliveryKind.SECOND,
        )
        self._reposting = reposting
        self._card_posted = card_posted
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if a later posting says the same."""
        return is_superseded(delivery, await IncidentRows(tx.sql).incident(delivery.incident_id or 0))

    async def is_obsolete_unlocked(self, store: Store, delivery: Delivery, incident: Incident) -> bool | None:
        """Return True if a later posting says the same, without locking the incident."""
        return is_superseded(delivery, incident)

    async def stays_quiet(self, store: Store, delivery: Delivery) -> bool:
        """Return True for an alert that an escalation overtook in an outage: that has pinged people."""
        if delivery.kind is not DeliveryKind.ALERT or delivery.held_at is None or not delivery.incident_id:
            return False
        steps = await EscalationRows(store.sql).steps(delivery.incident_id)
        return any(step.status is StepStatus.DONE and step.rung.mention is not Mention.NONE for step in steps)

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Store where the alert or the thread is, and put it on the timeline.

        What follows comes once the alert is out: nothing waits for it.
        """
        if delivery.kind is DeliveryKind.ALERT:
            entry: EntryData = AlertPostedEntry(
                where=(delivery.guild_id, posted.channel_id, posted.message_id)
            )
        elif delivery.kind.spec.opens_thread:
            entry = ThreadOpenedEntry(where=(delivery.guild_id, posted.message_id))
        else:
            if delivery.kind is DeliveryKind.THREAD_CARD:
                for follow in self._card_posted:
                    await follow(tx, incident)
            return incident
        changed, now = await _with_place(tx, incident, delivery, posted), await tx.now()
        if delivery.kind is DeliveryKind.ALERT:
            by = Person(incident.reported_by.id, incident.reported_by.name)
            change = Change(tx, self._policy, changed, by, now, is_by_clock=True)
            await change.then(IncidentEvent.ALERT_POSTED)
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, at or now))
        return changed

    async def deleted(self, tx: Transaction, delivery: Delivery, *, channel_id: int) -> None:
        """Post an alert or a thread's root again after a person deleted it."""
        if not await self._reposting.deleted_unseen(tx, delivery):
            await super().deleted(tx, delivery, channel_id=channel_id)

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Make anew the thread or the message that it was for and that was deleted."""
        match delivery.kind, code:
            case DeliveryKind.ALERT | DeliveryKind.SEED_ACK, code if code == UNKNOWN_CHANNEL:
                return await self._reposting.lost_its_private_thread(tx, delivery)
            case (
                DeliveryKind.THREAD_START | DeliveryKind.THREAD_CARD | DeliveryKind.THREAD_SHEET,
                code,
            ) if code == UNKNOWN_CHANNEL:
                return await self._reposting.lost_its_thread(tx, delivery)
            case DeliveryKind.SEED_ACK | DeliveryKind.THREAD, code if code == UNKNOWN_MESSAGE:
                return await self._reposting.lost_its_root(tx, delivery)
        return False


class NoticeDeliveries(DeliveryHandler):
    """Handles the lines that the bot writes into an incident's thread."""

    def __init__(self, policy: Policy, reposting: Reposting) -> None:
        super().__init__(DeliveryKind.NOTICE)
        self._reposting = reposting
        off = (one for one in installed() if one.name in policy.off)
        self._off = frozenset(look.type.name for one in off for look in one.notices)

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True for a reminder that was heeded, or that would let a removed person in.

        The same for a line of a capability that was switched off.
        """
        name = UpdateDueNotice.name_in(delivery.data)
        if name in self._off:
            return True
        is_reminder, lead_id = name == UpdateDueNotice.name, delivery.data.get("lead_id")
        if lead_id is None and not is_reminder:
            return False
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        if is_reminder and is_past(incident, UpdateDueNotice.from_json(delivery.data)):
            return True
        # In a private thread, a mention would let in a person who was removed since the line was queued.
        return incident.is_private and lead_id in {
            one.id for one in await MemberRows(tx.sql).removed_members(incident.id)
        }

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Move a line to the incident's new thread after Discord refused the old one."""
        return await self.move(tx, delivery, code)

    async def move(self, tx: Transaction, delivery: Delivery, code: int) -> bool:
        """Post the message once more: in the next thread, or beside the alert if the thread is closed."""
        if delivery.key.endswith(REPOST_SUFFIX):
            return False
        if code == UNKNOWN_CHANNEL:
            is_mended = await self._reposting.lost_its_thread(tx, delivery)
            return is_mended and await self._reposting.repost_line(tx, delivery)
        return code in _CLOSED and await self._reposting.repost_line(tx, delivery, in_thread=False)


class RoleDeliveries(DeliveryHandler):
    """DMs about a role that another person gave or took over, or about the incident that another let go."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(DeliveryKind.ROLE_DM, DeliveryKind.OFFER)
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if role or incident has changed hands again, or the incident has ended.

        The same for an offer to a person who may not see it any more; a role is taken from them.
        """
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        if delivery.kind is DeliveryKind.OFFER:
            gone = await MemberRows(tx.sql).removed_members(incident.id)
            return not (is_due(OfferDm.from_json(delivery.data), incident) and is_told(delivery, gone))
        told = RoleDm.from_json(delivery.data)
        holder = incident.roles.get(told.role)
        is_theirs = holder is not None and holder.id == told.holder_id
        return not incident.is_open or is_theirs is told.taken_over

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Queue a line for the thread, so that a responder tells the person. It pages no one."""
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        told = RoleUndeliveredNotice.from_json(delivery.data)
        line = notice(incident, self._policy, told, key=f"role_undelivered:{delivery.id}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])


async def _with_place(tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted) -> Incident:
    if not is_current(delivery, incident):  # a late one must not take the newer one's place
        return incident
    if delivery.kind is DeliveryKind.ALERT:
        return await IncidentWrites(tx.sql).set_places(
            incident.id, alert=(posted.channel_id, posted.message_id)
        )
    return await IncidentWrites(tx.sql).set_places(incident.id, thread_id=posted.message_id)
