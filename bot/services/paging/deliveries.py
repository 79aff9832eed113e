"""Deliver pages outside Discord: record them, drop obsolete ones, and try the next way after a failure."""

from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.delivery.attempts import RETRY_DELAYS_S
from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.deliveries import PagingData
from bot.domain.escalation.entries import PagedOutsideEntry
from bot.domain.escalation.outside import OutsidePage, reachable_by
from bot.domain.incident.incident import Incident, Status
from bot.domain.oncall.people import marked
from bot.domain.paging.ways import Way, again_after, next_way
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.escalation.decisions import is_of_earlier_ladder
from bot.services.escalation.step_messages import StepMessages
from bot.services.paging.references import reference_of
from bot.services.paging.sending import OutsideChannels
from bot.services.ports import Job, JobName, Store, Transaction
from bot.services.ports.paging import SyncedSystem
from bot.services.shared.postings import posting_key
from bot.services.shared.roster import OnCall

log = structlog.get_logger(__name__)


class OutsideDeliveries(DeliveryHandler):
    """Pages by ways beside Discord. One that fails is followed by the person's next way."""

    def __init__(self, policy: Policy, oncall: OnCall, channels: OutsideChannels) -> None:
        super().__init__(DeliveryKind.OUTSIDE_PAGE)
        self._oncall = oncall
        self._policy = policy
        self._step_messages = StepMessages(policy)
        self._channels = channels

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True after an acknowledge, under another severity's ladder, or without such a system."""
        incident = await tx.incident(delivery.incident_id or 0)
        return await self._is_past(tx, delivery, incident)

    async def is_obsolete_unlocked(self, store: Store, delivery: Delivery, incident: Incident) -> bool | None:
        """Return True if the page is of no use by now, without locking the incident."""
        return await self._is_past(store, delivery, incident)

    async def _is_past(self, source: Transaction | Store, delivery: Delivery, incident: Incident) -> bool:
        if self._is_useless(delivery, incident) or await is_of_earlier_ladder(source, delivery, incident):
            return True
        return await self._has_email(source, delivery, incident)

    async def _has_email(self, source: Transaction | Store, delivery: Delivery, incident: Incident) -> bool:
        """Return True if an email replaces the step's messages, which Discord refuses."""
        data, place = PagingData.from_json(delivery.data), delivery.to.removeprefix("person:")
        if data.way is not Way.EMAIL:
            return False
        key = delivery.key.removesuffix(f":{data.way}:{place}")
        alert = posting_key(incident.id, DeliveryKind.ALERT, 1)
        told = [await source.delivery_by_key(one) for one in (f"{key}:dm:{place}", f"{key}:channel", alert)]
        backed_up = self._policy.rules(incident.severity).email_backup
        is_first = told[1] is None  # the first step's message in the channel is the alert itself
        messages = told if is_first else told[:2]
        return any(
            one.has_email or (backed_up and one.held_at is not None) for one in messages if one is not None
        )

    def _is_useless(self, delivery: Delivery, incident: Incident) -> bool:
        """Return True if the page is no longer needed, or its way is not configured, which is no failure."""
        way = PagingData.from_json(delivery.data).way
        return incident.status is not Status.TRIGGERED or (way is not None and not self._channels.has(way))

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Put the page on the timeline, and begin to keep it in step with a system that can be asked."""
        way = PagingData.from_json(delivery.data).way
        who = None if delivery.recipient is None else marked(delivery.recipient)
        now = at or await tx.now()
        entry = PagedOutsideEntry(way="" if way is None else way.value, who=who)
        await tx.add_timeline(incident.id, TimelineEntry.of(entry, now))
        reference = posted.reference
        if way is not None and reference and await tx.keep_outside_page(delivery, way, reference):
            await tx.enqueue(keep_job(delivery.id))
        if not await self._is_shown(tx, incident, delivery):
            return incident
        shown = replace(incident, version=incident.version + 1)
        await tx.keep_older_pages(incident.id)
        await tx.save(shown)
        return shown

    async def _is_shown(self, tx: Transaction, incident: Incident, delivery: Delivery) -> bool:
        """Return True if the posts are edited because of it: they say what was tried after the deadline.

        In a storm they are not, since the rate limit is kept for messages that ping.
        """
        if incident.status is not Status.TRIGGERED or await tx.now() < incident.ack_due_at:
            return False
        step = PagingData.from_json(delivery.data).step
        escalation = await tx.delivery_by_key(f"inc:{incident.id}:step:{step}:channel")
        return escalation is None or escalation.bundle_id is None

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Tell the system of the answer here if an attempt has reached it after all."""
        await self._keep_unheard(tx, delivery)

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Record the failed page; queue the person's next way, or the same one later if there is no other.

        Of the tries of a system that stays away, the first one and the last one are recorded.
        """
        incident = await tx.incident(delivery.incident_id or 0, lock=True)
        was_away = delivery.attempts >= len(RETRY_DELAYS_S)  # it has not refused the page
        if was_away:
            await self._keep_unheard(tx, delivery)
        goes_on = False
        if incident.status is Status.TRIGGERED and delivery.to.startswith("person:"):
            await self._try_next_way(tx, delivery, incident)
        elif incident.status is Status.TRIGGERED and was_away:
            goes_on = await self._try_later(tx, delivery, incident)
        if not (goes_on and PagingData.from_json(delivery.data).instead):
            await super().give_up(tx, delivery, reason=reason, code=code)

    async def _try_next_way(self, tx: Transaction, delivery: Delivery, incident: Incident) -> None:
        data, place = PagingData.from_json(delivery.data), delivery.to.removeprefix("person:")
        if data.way is None:
            return
        who = (await self._oncall.holders(incident.guild_id, source=tx)).get(place)
        tried = (*data.instead, data.way)
        reachable = [] if who is None else [way for way in reachable_by(who) if self._channels.has(way)]
        key = delivery.key.removesuffix(f":{data.way}:{place}")
        queued = [way for way in Way if await tx.delivery_by_key(f"{key}:{way}:{place}") is not None]
        following = next_way([*tried, *queued], reachable)
        if following is None:
            return
        page = OutsidePage(following, place)
        new = self._step_messages.outside(incident, page, key=key, data=replace(data, instead=tried))
        await tx.insert_deliveries([new])
        log.info("page.next_way", incident_id=incident.id, delivery_id=delivery.id, way=following)

    async def _try_later(self, tx: Transaction, delivery: Delivery, incident: Incident) -> bool:
        """Queue the page anew for a system that pages by itself, as it may be back before anybody answers.

        Returns:
            False if it has been tried for long enough.
        """
        data = PagingData.from_json(delivery.data)
        wait = again_after(len(data.instead))
        if data.way is None or wait is None:
            return False
        tried = (*data.instead, data.way)
        first = delivery.key.removesuffix(f":{data.way}").partition(":again")[0]
        page, key = OutsidePage(data.way, wait=wait), f"{first}:again{len(tried)}"
        new = self._step_messages.outside(incident, page, key=key, data=replace(data, instead=tried))
        await tx.insert_deliveries([new])
        log.info("page.later", incident_id=incident.id, delivery_id=delivery.id, way=data.way)
        return True

    async def _keep_unheard(self, tx: Transaction, delivery: Delivery) -> None:
        """Keep a page in step that may ring: its process died, or the answer of the system was lost."""
        way = PagingData.from_json(delivery.data).way
        system = None if way is None else self._channels.systems.get(way)
        if way is None or not isinstance(system, SyncedSystem) or delivery.first_sent_at is None:
            return
        incident = await tx.incident(delivery.incident_id or 0)
        known = await reference_of(tx, delivery, incident, way)
        reference = system.reference_unheard(key=delivery.nonce, reference=known)
        if await tx.keep_outside_page(delivery, way, reference):
            await tx.enqueue(keep_job(delivery.id))


def keep_job(delivery_id: int) -> Job:
    """Return the job that asks for an answer to a page outside, and tells of one here."""
    return Job(JobName.KEEP_IN_STEP, str(delivery_id), f"keep_in_step:{delivery_id}")
