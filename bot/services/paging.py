"""Pages that leave Discord: sent by another system, delivered, and kept in step with it.

See docs/internals/paging.md.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog
from cachetools import LRUCache

from bot.domain.delivery.delivery import RETRY_DELAYS_S, Attachment, Delivery, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.delivery.limits import Allowance
from bot.domain.errors import (
    BotError,
    Crowded,
    DeliveryRefused,
    NewerVersion,
    OutboundFailed,
    UpstreamUnavailable,
)
from bot.domain.escalation.pages import OutsidePage, reachable_by
from bot.domain.escalation.payloads import PagedOutsideEntry, PagingData
from bot.domain.incident.incident import Incident, Status, label_of
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import Job, JobName
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.paging import (
    SyncedPage,
    SyncedState,
    Way,
    again_after,
    is_given_up,
    next_look,
    next_way,
    pause_after,
)
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.privacy import is_out
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.email_links import stand_in
from bot.services.delivery.emails import DeliveryEmails, Links
from bot.services.delivery.handling import DeliveryHandler
from bot.services.escalation.decisions import is_of_earlier_ladder
from bot.services.escalation.step_messages import StepMessages
from bot.services.ports import Subject
from bot.services.ports.discord import DiscordMembers, DiscordSending
from bot.services.ports.paging import OutsideAnswer, OutsideWriter, SyncedSystem, Systems
from bot.services.shared.postings import posting_key
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationWrites, SyncedPageRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Pushes and emails to one person by one way, a minute: a storm must not make a phone useless. Others wait.
_A_MINUTE: Final = 6

#: Pages that a process sends outside at once: a slow system must not keep the queue's workers from a DM.
_AT_ONCE: Final = 6
_SOON_S: Final = 0.5
_MOST_PEOPLE: Final = 500


@dataclass(frozen=True, slots=True)
class OutsideChannels:
    """The channels by which a page leaves Discord, and what writes its text.

    Attributes:
        systems: The configured paging systems, by their way.
        emails: The bot's own mail.
        links: Makes the link to acknowledge by.
        writer: Writes a page in the team's language.
    """

    systems: Systems
    emails: DeliveryEmails
    links: Links
    writer: OutsideWriter

    def has(self, way: Way) -> bool:
        """Return True if a page can go out by *way*."""
        return self.emails.can_send if way is Way.EMAIL else way in self.systems


class PageRequest(Payload):
    """The body of the request that sends a page outside Discord.

    Attributes:
        delivery: The number of the page's delivery, from which each attempt is written anew.
    """

    way: Way
    delivery: int


class OutsideSending:
    """Sends pages outside. What is stored of a request names no address: each attempt looks it up."""

    def __init__(
        self,
        store: Store,
        oncall: OnCall,
        channels: OutsideChannels,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._oncall = oncall
        self._channels = channels
        self._clock = clock
        self._under_way = 0
        self._allowances: LRUCache[tuple[str, Way], Allowance] = LRUCache(_MOST_PEOPLE)

    async def compose(self, delivery: Delivery) -> Request:
        """Return the request, with the person who is on call at its place now.

        Raises:
            DeliveryRefused: the way is not configured, or the person has no address for it.
        """
        way, who = _way(delivery), await self._reader(delivery)
        if not self._channels.has(way):
            raise DeliveryRefused(f"{way}: not configured", http_status=HTTPStatus.NOT_IMPLEMENTED)
        if delivery.to.startswith("person:") and (who is None or who.address(way) is None):
            raise DeliveryRefused(f"{way}: no address", http_status=HTTPStatus.NOT_FOUND)
        body = PageRequest(way=way, delivery=delivery.id).to_json()
        return Request(Action.OUTSIDE, 0, None, body, None if who is None else who.handle)

    def require_capacity(self, request: Request) -> None:
        """Raise Crowded if too many pages are on their way, or went to the person within a minute."""
        if self._under_way >= _AT_ONCE:
            raise Crowded(_SOON_S)
        if request.recipient is None:
            return
        key, now = (request.recipient, PageRequest.from_json(request.body).way), self._clock()
        allowance = self._allowances.setdefault(key, Allowance(per_s=_A_MINUTE / 60, burst=_A_MINUTE))
        if (wait_s := allowance.wait_s(now)) > 0:
            raise Crowded(wait_s)
        allowance.take(now)

    async def send(self, request: Request) -> Posted:
        """Send a page.

        Raises:
            DeliveryRefused: it will never be taken. UpstreamUnavailable: it may be, later.
        """
        delivery = await DeliveryRows(self._store.sql).delivery(PageRequest.from_json(request.body).delivery)
        incident = await IncidentRows(self._store.sql).incident(delivery.incident_id or 0)
        self._under_way += 1
        try:
            reference = await self._page(delivery, incident, await self._reader(delivery))
        except OutboundFailed as failed:
            if failed.problem.is_final:
                said = f"{_way(delivery)}: {failed.reason}"
                raise DeliveryRefused(said, http_status=failed.http_status or 0) from None
            raise
        finally:
            self._under_way -= 1
        return Posted(channel_id=0, message_id=0, reference=reference)

    async def _reader(self, delivery: Delivery) -> OnCallPerson | None:
        """Return the person on call at the delivery's place; None: it is for no person."""
        kind, _, place = delivery.to.partition(":")
        if kind != "person":
            return None
        return (await self._oncall.holders(delivery.guild_id)).get(place)

    async def _page(self, delivery: Delivery, incident: Incident, who: OnCallPerson | None) -> str | None:
        way = _way(delivery)
        if way is Way.EMAIL:
            if who is None or not await self._channels.emails.send(delivery, incident, to=[who]):
                raise UpstreamUnavailable("email: not accepted")
            return None
        link = None
        if who is not None:
            link = (await self._channels.links.urls(delivery, [incident.id], who)).get(incident.id)
        reference = await reference_of(self._store, delivery, incident, way)
        message = self._channels.writer.write(delivery, incident, reference=reference, ack_link=link)
        return await self._channels.systems[way].page(message, to=None if who is None else who.address(way))


class SendingByKind:
    """A `bot.services.ports.discord.DiscordSending` that lets pages outside go their own way."""

    def __init__(self, discord: DiscordSending, outside: OutsideSending) -> None:
        self._discord = discord
        self._outside = outside

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        if delivery.kind.spec.is_outside:
            return await self._outside.compose(delivery)
        return await self._discord.compose(delivery, subject)

    def draft(self, delivery: Delivery, subject: Incident) -> Mapping[str, object]:
        if delivery.kind.spec.is_outside:
            return {"way": _way(delivery).value}
        return self._discord.draft(delivery, subject)

    async def send(self, request: Request, *, nonce: str, files: Sequence[Attachment] = ()) -> Posted:
        if request.action is Action.OUTSIDE:
            return await self._outside.send(request)
        return await self._discord.send(request, nonce=nonce, files=files)

    def require_capacity(self, request: Request) -> None:
        if request.action is Action.OUTSIDE:
            self._outside.require_capacity(request)
        else:
            self._discord.require_capacity(request)

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        if request.action is Action.OUTSIDE:
            return None  # it is sent again: its key says that it is the same
        return await self._discord.find(request, since=since)


def _way(delivery: Delivery) -> Way:
    """Return the way of a page outside.

    Raises:
        NewerVersion: only a newer version knows it; a process of that version sends the page.
    """
    way = PagingData.from_json(delivery.data).way
    if way is None:
        raise NewerVersion("a way of paging")
    return way


class OutsideDeliveries(DeliveryHandler):
    """Pages by ways beside Discord. One that fails is followed by the person's next way."""

    def __init__(self, policy: Policy, oncall: OnCall, channels: OutsideChannels) -> None:
        super().__init__(DeliveryKind.OUTSIDE_PAGE)
        self._oncall = oncall
        self._policy = policy
        self._step_messages = StepMessages(policy)
        self._channels = channels

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True after an acknowledgement, under another severity's ladder, or without such a system."""
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        return await self._is_past(tx, delivery, incident)

    async def is_obsolete_unlocked(self, store: Store, delivery: Delivery, incident: Incident) -> bool | None:
        """Return True if the page is of no use by now, without locking the incident."""
        return await self._is_past(store, delivery, incident)

    async def _is_past(self, source: Transaction | Store, delivery: Delivery, incident: Incident) -> bool:
        way = PagingData.from_json(delivery.data).way
        is_unconfigured = way is not None and not self._channels.has(way)  # which is no failure
        if incident.status is not Status.TRIGGERED or is_unconfigured:
            return True
        if await is_of_earlier_ladder(source, delivery, incident):
            return True
        return await self._has_email(source, delivery, incident)

    async def _has_email(self, source: Transaction | Store, delivery: Delivery, incident: Incident) -> bool:
        """Return True if an email replaces the step's messages, which Discord refuses."""
        data, place = PagingData.from_json(delivery.data), delivery.to.removeprefix("person:")
        if data.way is not Way.EMAIL:
            return False
        key = delivery.key.removesuffix(f":{data.way}:{place}")
        alert = posting_key(incident.id, DeliveryKind.ALERT, 1)
        told = [
            await DeliveryRows(source.sql).delivery_by_key(one)
            for one in (f"{key}:dm:{place}", f"{key}:channel", alert)
        ]
        backed_up = self._policy.rules_of(incident).email_backup
        is_first = told[1] is None  # the first step's message in the channel is the alert itself
        messages = told if is_first else told[:2]
        return any(
            one.has_email or (backed_up and one.held_at is not None) for one in messages if one is not None
        )

    async def placed(
        self, tx: Transaction, incident: Incident, delivery: Delivery, posted: Posted, *, at: datetime | None
    ) -> Incident:
        """Put the page on the timeline, and begin to keep it in step with a system that can be asked."""
        way = PagingData.from_json(delivery.data).way
        who = None if delivery.recipient is None else marked(delivery.recipient)
        now = at or await tx.now()
        entry = PagedOutsideEntry(way="" if way is None else way.value, who=who)
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, now))
        reference = posted.reference
        if (
            way is not None
            and reference
            and await SyncedPageRows(tx.sql).keep_outside_page(delivery, way, reference)
        ):
            await tx.enqueue(keep_job(delivery.id))
        if not await self._is_shown(tx, incident, delivery):
            return incident
        shown = replace(incident, version=incident.version + 1)
        await EscalationWrites(tx.sql).keep_older_pages(incident.id)
        await IncidentWrites(tx.sql).save(shown)
        return shown

    async def _is_shown(self, tx: Transaction, incident: Incident, delivery: Delivery) -> bool:
        """Return True if the posts are edited because of it: they say what was tried after the deadline.

        In a storm they are not, since the rate limit is kept for messages that ping.
        """
        if incident.status is not Status.TRIGGERED or await tx.now() < incident.ack_due_at:
            return False
        step = PagingData.from_json(delivery.data).step
        escalation = await DeliveryRows(tx.sql).delivery_by_key(f"inc:{incident.id}:step:{step}:channel")
        return escalation is None or escalation.bundle_id is None

    async def cancelled(self, tx: Transaction, delivery: Delivery) -> None:
        """Tell the system of the answer here if an attempt has reached it after all."""
        await self._keep_unheard(tx, delivery)

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Record the failed page; queue the person's next way, or the same one later if there is no other.

        Of the tries of a system that stays away, the first one and the last one are recorded.
        """
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id or 0, lock=True)
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
        queued = [
            way
            for way in Way
            if await DeliveryRows(tx.sql).delivery_by_key(f"{key}:{way}:{place}") is not None
        ]
        following = next_way([*tried, *queued], reachable)
        if following is None:
            return
        page = OutsidePage(following, place)
        new = self._step_messages.outside(incident, page, key=key, data=replace(data, instead=tried))
        await DeliveryWrites(tx.sql).insert_deliveries([new])
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
        await DeliveryWrites(tx.sql).insert_deliveries([new])
        log.info("page.later", incident_id=incident.id, delivery_id=delivery.id, way=data.way)
        return True

    async def _keep_unheard(self, tx: Transaction, delivery: Delivery) -> None:
        """Keep a page in step that may ring: its process died, or the answer of the system was lost."""
        way = PagingData.from_json(delivery.data).way
        system = None if way is None else self._channels.systems.get(way)
        if way is None or not isinstance(system, SyncedSystem) or delivery.first_sent_at is None:
            return
        incident = await IncidentRows(tx.sql).incident(delivery.incident_id or 0)
        known = await reference_of(tx, delivery, incident, way)
        reference = system.reference_unheard(key=delivery.nonce, reference=known)
        if await SyncedPageRows(tx.sql).keep_outside_page(delivery, way, reference):
            await tx.enqueue(keep_job(delivery.id))


def keep_job(delivery_id: int) -> Job:
    """Return the job that asks for an answer to a page outside, and tells of one here."""
    return Job(JobName.KEEP_IN_STEP, str(delivery_id), f"keep_in_step:{delivery_id}")


_VIA = {Way.PUSHOVER: AckVia.PUSHOVER, Way.PAGERDUTY: AckVia.PAGERDUTY}
_NAMES = {Way.PUSHOVER: "Pushover", Way.PAGERDUTY: "PagerDuty"}


class PageSync:
    """Passes answers between a paging system and the incident here.

    Handler of the queue's keep_in_step job; may run twice without harm.
    """

    def __init__(
        self,
        store: Store,
        discord: DiscordMembers,
        acknowledger: Acknowledger,
        oncall: OnCall,
        *,
        systems: dict[Way, SyncedSystem],
    ) -> None:
        self._store = store
        self._discord = discord
        self._acknowledger = acknowledger
        self._oncall = oncall
        self._systems = systems

    async def look(self, delivery_id: int) -> timedelta | None:
        """Ask for an answer to a page, or tell of one here; return when to look again, None: never."""
        page = await SyncedPageRows(self._store.sql).kept_page(delivery_id)
        if page is None:
            return None
        now = await self._store.now()
        system = self._systems.get(page.way)
        if system is None or is_given_up(page, now=now):
            return await self._save(page, wait=None)
        try:
            after = await self._step(
                page, system, await IncidentRows(self._store.sql).incident(page.incident_id)
            )
        except OutboundFailed as failed:
            failures = page.failures + 1
            if failures == 1:
                log.warning("page.out_of_step", way=page.way, problem=failed.problem, reason=failed.reason)
            wait = pause_after(failures, asked_s=failed.retry_after_s)
            return await self._save(replace(page, failures=failures), wait=wait)
        is_done = after.state is SyncedState.OVER or (
            after.state is SyncedState.ANSWERED and after.way is Way.PUSHOVER
        )
        return await self._save(
            replace(after, failures=0), wait=None if is_done else next_look(after, now=now)
        )

    async def _step(self, page: SyncedPage, system: SyncedSystem, incident: Incident) -> SyncedPage:
        """Do what is left to do for a page, and return it as the system knows it then."""
        if not incident.is_open:
            if page.state is not SyncedState.OVER:
                await system.tell(page.reference, SyncedState.OVER)
            return replace(page, state=SyncedState.OVER)
        if page.state is not SyncedState.RINGING:
            return page
        if incident.status is not Status.TRIGGERED:
            await system.tell(page.reference, SyncedState.ANSWERED)
            return replace(page, state=SyncedState.ANSWERED)
        answer = await system.answer(page.reference)
        if answer is None:
            return page
        await self._acknowledge(page, incident, answer)
        return replace(page, state=SyncedState.ANSWERED)

    async def _acknowledge(self, page: SyncedPage, seen: Incident, answer: OutsideAnswer) -> None:
        """Acknowledge as the person who answered outside, once: the page is answered in the same commit."""
        rosters, _ = await self._oncall.rosters(seen.guild_id)
        # The person on call, or of the team, with the address that the system knows them by.
        key = Way.EMAIL if page.way is Way.PAGERDUTY else page.way
        wanted, people = answer.address.lower(), rosters.people.values()
        who = next((one for one in people if wanted and (one.address(key) or "").lower() == wanted), None)
        by = await self._person(seen.guild_id, who, answer, page.way)
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(seen.id, lock=True)
            handle = by.username if who is None else who.handle
            if incident.status is Status.TRIGGERED and not is_out(
                handle, await MemberRows(tx.sql).removed_members(incident.id)
            ):
                result = await self._acknowledger.record(tx, incident, by=by, via=_VIA[page.way])
                log.info(
                    "incident.acknowledged",
                    incident_id=incident.id,
                    outcome=result.outcome,
                    via=_VIA[page.way],
                )
            answered = replace(page, state=SyncedState.ANSWERED)
            await SyncedPageRows(tx.sql).save_kept_page(
                answered, wait=next_look(answered, now=await tx.now())
            )

    async def _person(
        self, guild_id: int, who: OnCallPerson | None, answer: OutsideAnswer, way: Way
    ) -> Person:
        """Return the account of the person who answered, or a stand-in with the name that is given there."""
        if who is None:
            name = f"{answer.name} ({_NAMES[way]})" if answer.name else _NAMES[way]
            return Person(stand_in(name), name)
        try:
            return await self._discord.person(guild_id, who.handle)
        except BotError as unknown:
            log.info("page.person_not_asked", reason=type(unknown).__name__)
        return Person(who.user_id or stand_in(who.handle), who.name)

    async def _save(self, page: SyncedPage, *, wait: timedelta | None) -> timedelta | None:
        async with self._store.transaction() as tx:
            await SyncedPageRows(tx.sql).save_kept_page(page, wait=wait)
        return wait


async def reference_of(source: Store | Transaction, delivery: Delivery, incident: Incident, way: Way) -> str:
    """Return what the system calls the incident: the same for all its pages that ring at one time.

    A page after an answer, which was handed back, rings anew under another name.
    """
    earlier = [
        page
        for page in await SyncedPageRows(source.sql).kept_pages_of(incident.id, way)
        if page.delivery_id != delivery.id
    ]
    if earlier and earlier[0].state is SyncedState.RINGING:
        return earlier[0].reference
    installation = await InstallationRows(source.sql).installation()
    # Not its label, which changes when an alert becomes an incident.
    name = f"incident-bot-{installation.id[:8]}-{label_of(incident.id)}"
    return f"{name}-{delivery.id}" if earlier else name
