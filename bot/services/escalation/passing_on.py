"""What people do with a page: pass it on to the next person at once, and ask why it came to them.

An alert is passed on when a person on call cannot respond, or when no DM reaches them. Why it came to them:
see docs/internals/escalation.md.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import UNFINISHED, Delivery, DeliveryStatus, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, InvalidTransition, UpstreamUnavailable, UserError
from bot.domain.escalation.ladder import Step, Why, WhyKind, following_step
from bot.domain.escalation.pages import answering, asked_of, declined, next_place, place_of, since
from bot.domain.escalation.payloads import (
    DeclinedNotice,
    OfferDeclinedNotice,
    OfferDm,
    PagingData,
    UnreachedNotice,
    is_due,
)
from bot.domain.escalation.why_me import CallEvidence, WhyMe, acknowledgements, why_me
from bot.domain.incident.incident import Incident, PersonRef, Status
from bot.domain.incident.records import DeclinedEntry, UpdateDueNotice
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.step_messages import StepMessages
from bot.services.ports.discord import DiscordMembers
from bot.services.shared.access import Access, Act
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import notice
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleRows
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.oncall import OnCallRows
from bot.storage.tables.timeline import TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """The outcome of 対応できない.

    Attributes:
        to: The on-call place that is paged instead; None when no place is left: then a message goes to the
            channel.
        following: The ladder's next step, which is taken at its time all the same.
        told_at: When the DM to the person at that place was sent; None: it is on its way, or there is none.
        is_refused: That DM was given up, and passed on in turn.
        is_offer: They were asked to take the incident, not paged: the ladder, which goes on, pages others.
    """

    incident: Incident
    to: str | None
    following: Step | None
    told_at: datetime | None = None
    is_refused: bool = False
    is_offer: bool = False


class PassingOn:
    """Pages the next place in the on-call order, or tells the channel when no place is left."""

    def __init__(
        self, store: Store, policy: Policy, access: Access, oncall: OnCall, escalations: Escalations
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._oncall = oncall
        self._escalations = escalations
        self._step_messages = StepMessages(policy)

    async def decline(self, incident_id: int, *, by: Person, message_id: int | None) -> PassedOn:
        """Record that *by* cannot respond (対応できない), and page the next person on call at once.

        The ladder's own steps stay as they are: an unacknowledged alert still escalates at its deadline. If
        the same place declines twice, nothing changes and the answer is the same. A change of severity begins
        another ladder: then everybody is asked anew, and a decline pages the next person again. A person who
        was asked to take the incident, because another let go, is noted, and nobody is paged for that.

        Args:
            message_id: The DM that was answered; it says for which place. None: they pressed in the server,
                and answer the last DM to them, or in advance, for their place.

        Raises:
            UserError: pressed in the server, and they are neither on call nor called nor asked.
            NotPermitted: *by* may not respond. IncidentNotFound: it is private, and not theirs.
            InvalidTransition: the incident was acknowledged or resolved meanwhile.
        """
        pages = await DeliveryRows(self._store.sql).pages(incident_id)
        page = next((page for page in pages if page.message_id == message_id), None)
        posts = [] if page is not None else await DeliveryRows(self._store.sql).posts(incident_id)
        offers = [one for one in posts if one.kind is DeliveryKind.OFFER]
        seen = await IncidentRows(self._store.sql).incident(incident_id)
        async with self._access.locked(seen, by=by, act=Act.DECLINE) as (tx, incident):
            if incident.status is not Status.TRIGGERED:
                raise InvalidTransition("not_waiting", incident=incident.label)
            holders = await self._oncall.holders(incident.guild_id, source=tx)
            if message_id is None:
                page = _last_page_to(by, pages, holders)
                is_called = page is not None or answering(by, holders)[0] is not None
                is_offer = not is_called and _is_asked(by, offers, incident)
                if not (is_called or is_offer):
                    raise UserError("not_called", incident=incident.label)
            else:
                is_offer = any(one.message_id == message_id for one in offers)
            if is_offer:
                await self._record_declined_offer(tx, incident, by=by)
                following = following_step(await EscalationRows(tx.sql).steps(incident_id))
                return PassedOn(incident, to=None, following=following, is_offer=True)
            key, to = await self._record_decline(tx, incident, page, holders, by=by)
            told = (
                None
                if to is None
                else await DeliveryRows(tx.sql).delivery_by_key(_page_key(incident, key, to))
            )
            is_sent = told is not None and told.status is DeliveryStatus.SENT
            return PassedOn(
                incident=incident,
                to=to,
                following=following_step(await EscalationRows(tx.sql).steps(incident_id)),
                told_at=told.first_sent_at if told is not None and is_sent else None,
                is_refused=told is not None and told.status is DeliveryStatus.FAILED,
            )

    async def give_up_page(self, tx: Transaction, page: Delivery) -> None:
        """Note on the post that the person of *page* cannot be reached by DM, and page the next one, once.

        Call this in the transaction that gives the page up, which has locked the incident. If the same ladder
        has paged the next person, or is about to, that is enough. When no place is left, a message goes to
        the channel, unless one has just gone there.
        """
        incident = await IncidentWrites(tx.sql).incident(page.incident_id or 0, lock=True)
        if incident.status is not Status.TRIGGERED:
            return
        holders = await self._oncall.holders(incident.guild_id, source=tx)
        person = asked_of(page, holders)
        if person not in incident.unreached:
            unreached = (*incident.unreached, person)
            incident = replace(incident, unreached=unreached, version=incident.version + 1)
            await IncidentWrites(tx.sql).save(incident)
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))
        ladder_number, said_no = declined(await TimelineRows(tx.sql).timeline(incident.id))
        to = next_place(self._asked(incident, holders), {*said_no, *incident.unreached})
        why = Why(kind=WhyKind.UNREACHED, who=person)
        if to is not None:
            await self._page_once(tx, incident, to, holders[to], page=page, why=why)
        elif not await _told_the_channel(tx, page):
            passed = {*said_no, *incident.unreached}
            await self._escalations.take_early(tx, incident, why=why, without=passed)
        told = UnreachedNotice(who=person, to=to)
        line = notice(incident, self._policy, told, key=f"unreached:{ladder_number}:{person}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])
        log.info("escalation.page_passed_on", incident_id=incident.id, delivery_id=page.id, to=to)

    async def give_up_bundle(self, tx: Transaction, bundle: Delivery) -> None:
        """Give up each page in *bundle* as `give_up_page` does."""
        for member in await BundleRows(tx.sql).bundled(bundle.id):
            if member.kind is DeliveryKind.PAGE:
                pages = await DeliveryRows(tx.sql).pages(member.incident_id)
                await self.give_up_page(tx, next(page for page in pages if page.id == member.id))

    async def resume(
        self,
        tx: Transaction,
        incident: Incident,
        former: PersonRef | None,
        *,
        why: Why,
        usernames: Mapping[int, str],
    ) -> list[OnCallPerson]:
        """Resume the ladder of an incident that has lost its responder, and page the next person at once.

        The page says why. When no person is left in the on-call order, the next step is taken early to tell
        the channel, unless the ladder has just told it.

        Args:
            incident: Locked, and waiting again.
            former: The former responder; not paged, unless a step of the ladder names them.
            usernames: Those that are known, by id.

        Returns:
            The people whom this pages.
        """
        is_told = await self._escalations.resume(tx, incident, why=why)
        if not self._policy.rules_of(incident).ladder:
            return []
        holders = await self._oncall.holders(incident.guild_id, source=tx)
        _, said_no = declined(await TimelineRows(tx.sql).timeline(incident.id))
        was = {marked(person.handle) for person in holders.values() if is_person(person, former, usernames)}
        passed = {*said_no, *incident.unreached, *was}
        to, now = next_place(self._asked(incident, holders), passed), await tx.now()
        if to is None and not is_told:
            await self._escalations.take_early(tx, incident, why=why, without=passed)
        pages = [page for page in await DeliveryRows(tx.sql).pages(incident.id) if page.created_at >= now]
        asked = {asked_of(page, holders) for page in pages}
        if to is not None and marked(holders[to].handle) not in asked:
            asked.add(marked(holders[to].handle))
            waited = (now - incident.triggered_at).total_seconds()
            data = PagingData(why=why, waited_s=waited, severity=incident.severity)
            key = f"inc:{incident.id}:{why.kind.value}:{incident.version}:dm:{to}"
            await DeliveryWrites(tx.sql).insert_deliveries(
                self._step_messages.pages_to(incident, to, holders[to], key=key, data=data)
            )
        return [person for person in holders.values() if marked(person.handle) in asked]

    def _asked(self, incident: Incident, holders: Mapping[str, OnCallPerson]) -> Mapping[str, OnCallPerson]:
        """Return the people on call of the incident's team, in the order in which they are asked."""
        return {place: holders[place] for place in self._policy.places_of(incident) if place in holders}

    async def _page_once(
        self, tx: Transaction, incident: Incident, to: str, person: OnCallPerson, *, page: Delivery, why: Why
    ) -> None:
        """Queue a DM to *person* at place *to*, unless this ladder has paged them or is about to."""
        steps = await EscalationRows(tx.sql).steps(incident.id)
        starts_at = max((step.starts_at for step in steps if step.starts_at is not None), default=None)
        holders = {to: person}
        counts = UNFINISHED | {DeliveryStatus.SENT}
        told = {
            asked_of(one, holders)
            for one in since(await DeliveryRows(tx.sql).pages(incident.id), starts_at)
            if one.status in counts
        }
        if marked(person.handle) in told:
            return
        waited = (await tx.now() - incident.triggered_at).total_seconds()
        # It keeps the step of the page that failed: the email of that step is not sent twice.
        of_page = PagingData.from_json(page.data)
        data = replace(of_page, severity=incident.severity, why=why, waited_s=waited)
        key = f"inc:{incident.id}:unreached:{page.id}:dm:{to}"
        await DeliveryWrites(tx.sql).insert_deliveries(
            self._step_messages.pages_to(incident, to, person, key=key, data=data)
        )

    async def _record_declined_offer(self, tx: Transaction, incident: Incident, *, by: Person) -> None:
        """Record that *by* cannot take the incident, once for each time without an owner."""
        since, entries = incident.owner.since, await TimelineRows(tx.sql).timeline(incident.id)
        said = [e for e in entries if e.kind is TimelineKind.DECLINED and e.at >= since]
        if any(entry.actor_id == by.id for entry in said):
            return
        place, asked = answering(by, await self._oncall.holders(incident.guild_id, source=tx))
        ladder_number, _ = declined(entries)
        data = DeclinedEntry(place=place, asked=asked, ladder=ladder_number)
        audited = AuditData(incident.id, facts=data.to_json())
        entry = TimelineEntry.of(data, await tx.now(), by=by)
        await TimelineWrites(tx.sql).record(incident, entry, by=by, data=audited)
        noted = replace(incident, version=incident.version + 1)
        told = OfferDeclinedNotice(by=by.name or "?")
        line = notice(noted, self._policy, told, key=f"{told.name}:{noted.version}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])
        await IncidentWrites(tx.sql).save(noted)
        await tx.enqueue(refresh_job(noted, severity=self._policy.rules_of(noted)))

    async def _record_decline(
        self,
        tx: Transaction,
        incident: Incident,
        page: Delivery | None,
        holders: Mapping[str, OnCallPerson],
        *,
        by: Person,
    ) -> tuple[str, str | None]:
        """Record that the person of *page* declined, and queue a DM to the next place.

        Returns:
            The key of this decline, and that place.
        """
        place, asked = answering(by, holders) if page is None else (place_of(page), asked_of(page, holders))
        ladder_number, said_no = declined(await TimelineRows(tx.sql).timeline(incident.id))
        key = f"declined:{ladder_number}:{asked}" if ladder_number else f"declined:{asked}"
        if asked in said_no:
            return key, said_no[asked]
        passed = {*said_no, asked, *incident.unreached}
        to = next_place(self._asked(incident, holders), passed)
        now = await tx.now()
        data = DeclinedEntry(place=place, to=to, asked=asked, ladder=ladder_number)
        audited = AuditData(incident.id, facts=data.to_json())
        await TimelineWrites(tx.sql).record(incident, TimelineEntry.of(data, now, by=by), by=by, data=audited)
        paging = PagingData(declined_by=by.name, waited_s=(now - incident.triggered_at).total_seconds())
        queued = [notice(incident, self._policy, DeclinedNotice(by=by.name or "?", to=to), key=key)]
        if to is not None:
            page_key = _page_key(incident, key, to)
            queued += self._step_messages.pages_to(incident, to, holders[to], key=page_key, data=paging)
        await DeliveryWrites(tx.sql).insert_deliveries(queued)
        noted = replace(incident, version=incident.version + 1)
        await IncidentWrites(tx.sql).save(noted)
        await tx.enqueue(refresh_job(noted, severity=self._policy.rules_of(noted)))
        if to is None:
            why = Why(kind=WhyKind.DECLINED, who=asked)
            await self._escalations.take_early(tx, incident, why=why, without=passed)
        return key, to


def _page_key(incident: Incident, decline: str, to: str) -> str:
    """Return the key of the DM to the person at place *to* after a decline."""
    return f"inc:{incident.id}:{decline}:dm:{to}"


def _last_page_to(
    by: Person, pages: Sequence[Delivery], holders: Mapping[str, OnCallPerson]
) -> Delivery | None:
    """Return the last of *pages* that was for *by*; None without one."""
    _, asked = answering(by, holders)
    names = {asked, marked(str(by.id)), *([marked(by.username)] if by.username else [])}
    return next((page for page in reversed(pages) if asked_of(page, holders) in names), None)


def _is_asked(by: Person, offers: Sequence[Delivery], incident: Incident) -> bool:
    """Return True if one of *offers* asks *by* to take *incident* as it is now."""
    dms = (OfferDm.from_json(one.data) for one in offers)
    return any(dm.holder_id == by.id and is_due(dm, incident) for dm in dms)


def is_person(person: OnCallPerson, other: PersonRef | None, usernames: Mapping[int, str]) -> bool:
    """Return True if *person* of the on-call order is *other*: by account, else by name.

    Args:
        usernames: Those that are known, by id.
    """
    if other is None:
        return False
    username = usernames.get(other.id, "")
    if person.user_id is not None or username:
        return person.is_for(Person(other.id, other.name, username=username))
    return other.name.lower() in (person.handle.lower(), person.name.lower())


async def _told_the_channel(tx: Transaction, page: Delivery) -> bool:
    """Return True if the step of *page* has written to the channel as well: all but a ladder's first do."""
    step = PagingData.from_json(page.data).step
    if step is None:
        return False
    return (
        await DeliveryRows(tx.sql).delivery_by_key(f"inc:{page.incident_id}:step:{step}:channel") is not None
    )


class Explaining:
    """Answers "Why me?" for one person, as of the time of the call."""

    def __init__(self, store: Store, discord: DiscordMembers, access: Access, oncall: OnCall) -> None:
        self._store = store
        self._discord = discord
        self._access = access
        self._oncall = oncall

    async def why(self, incident_id: int, *, by: Person, message_id: int | None) -> WhyMe:
        """Return why *by* was called about an incident, or whom the ladder has called instead.

        Args:
            message_id: The DM, the message in the channel or the reminder below which they ask.

        Raises:
            IncidentNotFound: no such number, or not theirs to see.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="why")
        book = await OnCallRows(self._store.sql).oncall_book(incident.guild_id, since=incident.triggered_at)
        evidence = CallEvidence(
            incident=incident,
            pages=await DeliveryRows(self._store.sql).pages(incident.id),
            steps=await EscalationRows(self._store.sql).steps(incident.id),
            entries=await TimelineRows(self._store.sql).timeline(incident.id),
            rosters=self._oncall.combined(book),
            usernames=await self._usernames(incident),
        )
        return why_me(evidence, reader=by, pressed=await self._pressed(evidence, message_id))

    async def _usernames(self, incident: Incident) -> dict[int, str]:
        """Return the usernames of those who acknowledged, by id, as far as Discord tells them now."""
        usernames: dict[int, str] = {}
        for number in {act.id for act in acknowledgements(incident)}:
            with suppress(DeliveryRefused, UpstreamUnavailable):
                person = await self._discord.person(incident.guild_id, str(number))
                usernames |= {number: person.username} if person.username else {}
        return usernames

    async def _pressed(self, evidence: CallEvidence, message_id: int | None) -> Delivery | None:
        """Return the page, escalation or reminder with *message_id*; None if it is another message."""
        if message_id is None:
            return None
        page = next((page for page in evidence.pages if page.message_id == message_id), None)
        if page is not None:
            return page
        posts = await DeliveryRows(self._store.sql).posts(evidence.incident.id)
        return next((post for post in posts if post.message_id == message_id and _is_explained(post)), None)


def _is_explained(post: Delivery) -> bool:
    """Return True for an escalation, and for the reminder of a status update."""
    if post.kind is DeliveryKind.NOTICE:
        return Notice.name_in(post.data) == UpdateDueNotice.name
    return post.kind is DeliveryKind.ESCALATION
