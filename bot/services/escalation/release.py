"""Acknowledges that end before their incident: the responder releases it, or is silent for too long."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from bot.domain.audit import AuditData
from bot.domain.errors import DeliveryRefused, InvalidTransition, UpstreamUnavailable
from bot.domain.escalation.ladder import Why, WhyKind
from bot.domain.escalation.payloads import (
    LapsedEntry,
    LapsedNotice,
    ReleasedEntry,
    ReleasedNotice,
    TakenOverNotice,
)
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Status
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.reconciliation import OldReactions, UserOnMessage
from bot.services.escalation.passing_on import PassingOn
from bot.services.ports import Discord
from bot.services.shared.access import Access, Act
from bot.services.shared.jobs import refresh_job, remind_later
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
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
    """The outcome of 手を離す; *incident* as it is now."""

    incident: Incident
    outcome: ReleaseOutcome


@dataclass(frozen=True, slots=True)
class Silence:
    """What Discord says, before anything is locked, about responders who did not answer a reminder.

    Attributes:
        is_broken: One of them has written in the thread since the update was due.
        account: The responder with their username; None if that is not known.
        unmarked: Responders and messages that have no 👀 of theirs.
    """

    is_broken: bool = False
    account: Person | None = None
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

        If *by* held the acknowledgement, the responder who joined first takes over; if there is none,
        the ladder goes on.

        Raises:
            NotPermitted, IncidentNotFound; InvalidTransition: *by* is not a responder.
        """
        seen = await IncidentRows(self._store.sql).incident(incident_id)
        unmarked = await self._old.unmarked(seen) if seen.status is Status.ACKNOWLEDGED else []
        async with self._access.locked(seen, by=by, act=Act.RELEASE) as (tx, incident):
            released = await self._release(tx, incident, by=by, unmarked=unmarked)
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

    async def _release(
        self, tx: Transaction, incident: Incident, *, by: Person, unmarked: Sequence[UserOnMessage]
    ) -> Released:
        holder = incident.on_it
        is_holder = holder is not None and holder.id == by.id
        if incident.status is not Status.ACKNOWLEDGED or not (
            is_holder or by.id in {one.id for one in await AcknowledgementRows(tx.sql).on_it(incident.id)}
        ):
            raise InvalidTransition("not_on_it", incident=incident.label)
        remaining = await AcknowledgementWrites(tx.sql).leave(incident.id, by.id, unmarked=unmarked)
        others = [one for one in remaining if one.id != by.id]
        now = await tx.now()
        data = ReleasedEntry(resumed=is_holder and not others)
        audited = AuditData(incident.id, facts=data.to_json())
        await TimelineWrites(tx.sql).record(incident, TimelineEntry.of(data, now, by=by), by=by, data=audited)
        if not is_holder:
            return Released(incident, ReleaseOutcome.STILL_HELD)
        if others:
            taken = await self._take_over(tx, incident, others[0], by=by, now=now)
            return Released(taken, ReleaseOutcome.PASSED)
        waiting = await self._resume(tx, incident, now=now, lapsed=False, username=by.username)
        return Released(waiting, ReleaseOutcome.RESUMED)

    async def silence(self, incident: Incident) -> Silence:
        """Check whether the responders are silent, and look up the one who has the acknowledgement."""
        if await self._is_heard_of(incident):
            return Silence(is_broken=True)
        unmarked, holder = await self._old.unmarked(incident), incident.on_it
        with suppress(DeliveryRefused, UpstreamUnavailable):
            if holder is not None and holder.id > 0:  # not above 0: a person who acknowledged by email
                account = await self._discord.person(incident.guild_id, str(holder.id))
                return Silence(account=account, unmarked=unmarked)
        return Silence(unmarked=unmarked)

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
        await AcknowledgementWrites(tx.sql).leave(incident.id, unmarked=silence.unmarked)
        holder, account = incident.on_it, silence.account
        is_same = account is not None and holder is not None and account.id == holder.id
        data = LapsedEntry(who="?" if holder is None else holder.name)
        await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(data, now))
        log.info("incident.ack_lapsed", incident_id=incident.id)
        username = account.username if account is not None and is_same else ""
        return await self._resume(tx, incident, now=now, lapsed=True, username=username)

    async def _take_over(
        self, tx: Transaction, incident: Incident, to: PersonRef, *, by: Person, now: datetime
    ) -> Incident:
        """Pass the acknowledgement to the responder who joined first, and tell them in the thread."""
        severity = self._policy.rules(incident.severity)
        next_update_at = self._policy.update_due(severity, at=now)
        taken = transitions.take_over(incident, by=to, at=now, next_update_at=next_update_at)
        await IncidentWrites(tx.sql).save(taken)
        await remind_later(tx, taken, now=now)
        told = TakenOverNotice(by=by.name, to=to.name, to_id=to.id)
        await DeliveryWrites(tx.sql).insert_deliveries(
            [notice(taken, self._policy, told, key=f"taken_over:{taken.version}")]
        )
        await tx.enqueue(refresh_job(taken, severity=severity))
        return taken

    async def _resume(
        self, tx: Transaction, incident: Incident, *, now: datetime, lapsed: bool, username: str = ""
    ) -> Incident:
        """End the acknowledgement, say so in the incident's posts and thread, and resume the ladder.

        Args:
            username: The responder's; empty if it is not known.
        """
        holder = incident.on_it
        waiting = transitions.end_ack(incident, at=now, lapsed=lapsed)
        await IncidentWrites(tx.sql).save(waiting)
        await remind_later(tx, waiting, now=now)
        kind = WhyKind.LAPSED if lapsed else WhyKind.RELEASED
        who = "?" if holder is None else holder.name
        told = LapsedNotice(by=who) if lapsed else ReleasedNotice(by=who)
        line = notice(waiting, self._policy, told, key=f"{told.name}:{waiting.version}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])
        await tx.enqueue(refresh_job(waiting, severity=self._policy.rules(waiting.severity)))
        why = Why(kind=kind, who=who, who_id=None if holder is None else holder.id)
        await self._passing_on.resume(tx, waiting, holder, why=why, username=username)
        return waiting
