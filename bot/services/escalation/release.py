"""Acknowledges that end before their incident: the responder releases it, or is silent for too long."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, InvalidTransition, UpstreamUnavailable
from bot.domain.escalation.ladder import Why, WhyKind
from bot.domain.escalation.payloads import (
    LapsedEntry,
    LapsedNotice,
    OfferDm,
    ReleasedEntry,
    ReleasedNotice,
    TakenOverNotice,
)
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Status
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.reconciliation import READ_WITHIN_S, OldReactions, UserOnMessage
from bot.services.escalation.passing_on import PassingOn, is_person
from bot.services.ports import Discord
from bot.services.shared.access import Access, Act
from bot.services.shared.jobs import refresh_job, remind_later
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


class ReleaseOutcome(StrEnum):
    """What happens to the incident when a responder lets it go."""

    RESUMED = "resumed"  # no responder is left: the ladder goes on
    PASSED = "passed"  # another responder, who had joined, takes over
    STILL_HELD = "left"  # the acknowledgement was another responder's and remains


@dataclass(frozen=True, slots=True)
class Released:
    """The outcome of 手を離す.

    Attributes:
        incident: As it is now.
        at: When they let go.
        asked: Those who are asked to take it: they have a role, or joined with one.
    """

    incident: Incident
    outcome: ReleaseOutcome
    at: datetime
    asked: tuple[PersonRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """What Discord says, before anything is locked, about responders who did not answer a reminder.

    Attributes:
        is_broken: One of them has written in the thread since the update was due.
        usernames: Of the responders and the holders of roles, by id, as far as they are known.
        unmarked: Responders and messages that have no 👀 of theirs.
    """

    is_broken: bool = False
    usernames: Mapping[int, str] = field(default_factory=dict)
    unmarked: Sequence[UserOnMessage] = ()


class Releasing:
    """Ends acknowledgements, and lets the ladder go on from where it was."""

    def __init__(
        self, store: Store, discord: Discord, policy: Policy, access: Access, passing_on: PassingOn
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._access = access
        self._passing_on = passing_on
        self._old = OldReactions(store, discord)

    async def release(self, incident_id: int, *, by: Person) -> Released:
        """Release the incident from *by* (手を離す).

        If *by* had it, the first of the others who acknowledged it takes over. Without one the ladder goes
        on, and those who merely have a role are asked to take it.

        Raises:
            NotPermitted, IncidentNotFound; InvalidTransition: *by* is not a responder.
        """
        seen = await IncidentRows(self._store.sql).incident(incident_id)
        known = await self._look_up(seen)
        known = replace(known, usernames={**known.usernames, by.id: by.username})
        async with self._access.locked(seen, by=by, act=Act.RELEASE) as (tx, incident):
            released = await self._release(tx, incident, by=by, known=known)
        log.info("incident.released", incident_id=incident_id, outcome=released.outcome, user_id=by.id)
        return released

    async def release_by_reaction(self, incident: Incident, *, by: Person) -> None:
        """Release the incident when *by* has removed their 👀, if the policy says so and *by* holds it."""
        holder = incident.on_it
        if not self._policy.removing_ack_releases or holder is None or holder.id != by.id:
            return
        try:
            await self.release(incident.id, by=by)
        except InvalidTransition:
            log.info("incident.release_too_late", incident_id=incident.id, user_id=by.id)

    async def forget_reaction(self, incident: Incident, *, user_id: int, message_id: int) -> None:
        """Note that a user has removed a 👀: if their acknowledge has ended, the next one there is new."""
        await self._old.removed(incident, user_id=user_id, message_id=message_id)

    async def _release(self, tx: Transaction, incident: Incident, *, by: Person, known: Silence) -> Released:
        holder, rows = incident.on_it, AcknowledgementRows(tx.sql)
        is_holder = holder is not None and holder.id == by.id
        if incident.status is not Status.ACKNOWLEDGED or not (
            is_holder or by.id in {one.id for one in await rows.on_it(incident.id)}
        ):
            raise InvalidTransition("not_on_it", incident=incident.label)
        return await self._let_go(tx, incident, by, by=by, known=known)

    async def absent(self, incident_id: int, gone: Collection[int]) -> Silence:
        """Look up, before anything is locked, whom it concerns if `take_off` ends the acknowledgement."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        holder = incident.on_it
        return Silence() if holder is None or holder.id not in gone else await self._look_up(incident)

    async def take_off(
        self, tx: Transaction, incident: Incident, gone: Collection[int], *, by: Person | None, known: Silence
    ) -> Incident:
        """End the acknowledgement of a person who may not see *incident* any more, or has left the server.

        It goes on as if they had handed it back. If another person, or nobody, has it, nothing changes.

        Args:
            incident: Locked.
            gone: The ids of those people.
            by: Who has removed them; None: nobody has.
            known: What `absent` has found.

        Returns:
            As it is saved.
        """
        holder = incident.on_it
        if incident.status is not Status.ACKNOWLEDGED or holder is None or holder.id not in gone:
            return incident
        former = Person(holder.id, holder.name)
        released = await self._let_go(tx, incident, former, by=by, known=known)
        log.info("incident.taken_off", incident_id=incident.id, outcome=released.outcome, user_id=holder.id)
        return released.incident

    async def _let_go(
        self, tx: Transaction, incident: Incident, who: Person, *, by: Person | None, known: Silence
    ) -> Released:
        """Let the responder *who* go, and pass on what was theirs, or resume the ladder.

        Args:
            by: Who has let them go; None: the bot, as they are gone.
        """
        holder, rows = incident.on_it, AcknowledgementRows(tx.sql)
        is_holder, is_gone = holder is not None and holder.id == who.id, by is None or by.id != who.id
        await AcknowledgementWrites(tx.sql).leave(incident.id, who.id, unmarked=known.unmarked)
        gone = await _removed(tx, incident)
        others = [o for o in await rows.on_it(incident.id, has_acknowledged=True) if o.id not in gone]
        is_free = is_holder and not others
        asked = await _involved(tx, incident, without=who.id) if is_free else ()
        to, now = others[0] if is_holder and others else None, await tx.now()
        data = ReleasedEntry(resumed=is_free, to=to, asked=asked)
        entry = TimelineEntry.of(data, now, by=who)
        if by is None:
            await TimelineWrites(tx.sql).add_timeline(incident.id, entry)
        else:
            audited = AuditData(incident.id, facts=data.to_json())
            await TimelineWrites(tx.sql).record(incident, entry, by=by, data=audited)
        if to is not None:
            taken = await self._take_over(tx, incident, to, former=who, now=now, gone=is_gone)
            return Released(taken, ReleaseOutcome.PASSED, now)
        if not is_free:
            return Released(incident, ReleaseOutcome.STILL_HELD, now)
        ended = _EndedAck(incident, now, lapsed=False, asked=asked, usernames=known.usernames, gone=is_gone)
        return Released(await self._resume(tx, ended), ReleaseOutcome.RESUMED, now, asked)

    async def silence(self, incident: Incident) -> Silence:
        """Check whether the responders are silent, and look up those whom a lapse would concern."""
        if await self._is_heard_of(incident):
            return Silence(is_broken=True)
        return await self._look_up(incident)

    async def _look_up(self, incident: Incident) -> Silence:
        """Look up, before anything is locked, whom the end of the acknowledgement would concern."""
        if incident.status is not Status.ACKNOWLEDGED:
            return Silence()
        usernames = await self._usernames(incident)
        return Silence(usernames=usernames, unmarked=await self._old.unmarked(incident))

    async def _usernames(self, incident: Incident) -> dict[int, str]:
        """Return the usernames of the responders and the holders of roles, as far as Discord tells them soon.

        The on-call order may know people by these alone.
        """
        usernames: dict[int, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_WITHIN_S):
                for one in await _involved(self._store, incident):
                    with suppress(DeliveryRefused, UpstreamUnavailable):
                        account = await self._discord.person(incident.guild_id, str(one.id))
                        usernames[one.id] = account.username
        return usernames

    async def _is_heard_of(self, incident: Incident) -> bool:
        """Return True if a responder has written in the incident's thread since the update was due.

        Return False when Discord cannot be asked: an escalation too many is better than one too few.
        """
        due_at, thread_id = incident.updates.due_at, incident.thread.id
        if thread_id is None or due_at is None:
            return False
        # The current responders, and the commander even if they have not joined.
        named = {holder.id for holder in (incident.commander, incident.on_it) if holder is not None}
        joined = {holder.id for holder in await AcknowledgementRows(self._store.sql).responders(incident.id)}
        people = named | (joined - set(await AcknowledgementRows(self._store.sql).who_left(incident.id)))
        try:
            latest = await self._discord.latest_messages(thread_id, guild_id=incident.guild_id)
        except (UpstreamUnavailable, DeliveryRefused):
            return False
        return any(one.content.author_id in people and one.content.at > due_at for one in latest)

    async def lapse(
        self, tx: Transaction, incident: Incident, *, now: datetime, silence: Silence
    ) -> Incident:
        """End the acknowledgement of responders who did not answer a reminder, in the caller's transaction.

        The ladder goes on.

        Args:
            incident: Locked.
            silence: As it was found before the incident was locked.
        """
        holder = incident.on_it
        asked = await _involved(tx, incident, without=None if holder is None else holder.id)
        await AcknowledgementWrites(tx.sql).leave(incident.id, unmarked=silence.unmarked)
        data = LapsedEntry(who="?" if holder is None else holder.name, asked=asked)
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(data, now))
        log.info("incident.ack_lapsed", incident_id=incident.id)
        ended = _EndedAck(incident, now, lapsed=True, asked=asked, usernames=silence.usernames)
        return await self._resume(tx, ended)

    async def _take_over(
        self, tx: Transaction, incident: Incident, to: PersonRef, *, former: Person, now: datetime, gone: bool
    ) -> Incident:
        """Pass the acknowledgement to the responder who joined first; tell them in the thread and by DM."""
        severity = self._policy.rules_of(incident)
        next_update_at = self._policy.update_due(severity, at=now)
        taken = transitions.take_over(incident, by=to, at=now, next_update_at=next_update_at)
        await IncidentWrites(tx.sql).save(taken)
        await remind_later(tx, taken, now=now)
        told = TakenOverNotice(by=former.name, to=to.name, to_id=to.id, gone=gone)
        line = notice(taken, self._policy, told, key=f"taken_over:{taken.version}")
        dm = OfferDm(holder_id=to.id, holder=to.name, by=former.name, at=now, handed=True)
        await DeliveryWrites(tx.sql).insert_deliveries([line, *self._offers(taken, [dm])])
        await tx.enqueue(refresh_job(taken, severity=severity))
        return taken

    async def _resume(self, tx: Transaction, ended: "_EndedAck") -> Incident:
        """End the acknowledgement, say so in the incident's posts and thread, and resume the ladder.

        Those who may take it on are asked by DM, except for those whom the ladder pages now.
        """
        incident, holder, now = ended.incident, ended.incident.on_it, ended.at
        waiting = transitions.end_ack(incident, at=now, lapsed=ended.lapsed)
        await IncidentWrites(tx.sql).save(waiting)
        await remind_later(tx, waiting, now=now)
        who = "?" if holder is None else holder.name
        told: LapsedNotice | ReleasedNotice = ReleasedNotice(by=who, asked=ended.asked, gone=ended.gone)
        if ended.lapsed:
            told = LapsedNotice(by=who, asked=ended.asked)
        line = notice(waiting, self._policy, told, key=f"{told.name}:{waiting.version}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])
        await tx.enqueue(refresh_job(waiting, severity=self._policy.rules_of(waiting)))
        kind = WhyKind.LAPSED if ended.lapsed else WhyKind.RELEASED
        why = Why(kind=kind, who=who, who_id=None if holder is None else holder.id)
        paged = await self._passing_on.resume(tx, waiting, holder, why=why, usernames=ended.usernames)
        dms = [
            OfferDm(holder_id=one.id, holder=one.name, by=who, at=now, lapsed=ended.lapsed)
            for one in ended.asked
            if not any(is_person(person, one, ended.usernames) for person in paged)
        ]
        await DeliveryWrites(tx.sql).insert_deliveries(self._offers(waiting, dms))
        return waiting

    def _offers(self, incident: Incident, dms: Iterable[OfferDm]) -> list[NewDelivery]:
        """Return the deliveries of *dms* about *incident*, which was saved; a stand-in has no account."""
        return [
            NewDelivery(
                kind=DeliveryKind.OFFER,
                to=f"user:{dm.holder_id}",
                key=f"inc:{incident.id}:offer:{incident.version}:{dm.holder_id}",
                guild_id=incident.guild_id,
                incident_id=incident.id,
                data=dm.to_json(),
                priority=priority_of(self._policy.rules_of(incident).rank),
            )
            for dm in dms
            if dm.holder_id > 0
        ]


@dataclass(frozen=True, slots=True)
class _EndedAck:
    """An acknowledgement that ends without a new owner.

    Attributes:
        incident: Locked, before its end.
        asked: Who is asked to take it.
        usernames: As in `Silence`.
        gone: As in `ReleasedNotice`.
    """

    incident: Incident
    at: datetime
    lapsed: bool
    asked: tuple[PersonRef, ...]
    usernames: Mapping[int, str]
    gone: bool = False


async def _involved(
    source: Store | Transaction, incident: Incident, *, without: int | None = None
) -> tuple[PersonRef, ...]:
    """Return the responders and the holders of roles, each once, but for the person with the id *without*.

    Those who acknowledged by a link, without a known account, are left out: no DM reaches them. So are those
    who may not see the incident any more.
    """
    gone = {without, *await _removed(source, incident)}
    on_it = await AcknowledgementRows(source.sql).on_it(incident.id)
    people = {one.id: one for one in (*on_it, *incident.roles.values())}
    return tuple(one for one in people.values() if one.id > 0 and one.id not in gone)


async def _removed(source: Store | Transaction, incident: Incident) -> set[int]:
    """Return the ids of those who were removed from a private incident."""
    return {one.id for one in await MemberRows(source.sql).removed_members(incident.id)}
