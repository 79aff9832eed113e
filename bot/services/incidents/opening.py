"""Opening incidents with their ladder and first posts, and finding them by number or thread.

A tracked alert becomes an incident by a click or by a triage of its message.
"""

from dataclasses import dataclass, replace

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, NewIncident, Status
from bot.domain.incident.records import DeclaredEntry, OpenedEntry, SeverityChangedEntry
from bot.domain.people import Person
from bot.domain.severity import NewSeverity, SeverityPolicy
from bot.domain.text import one_line
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.recorded import EvidenceEntry
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import stop_ladder
from bot.services.escalation.decisions import Escalations
from bot.services.shared.access import Access
from bot.services.shared.changes import Change
from bot.services.shared.jobs import remind_later
from bot.services.shared.postings import LOUD, QUIET, posting_deliveries
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import AuditWrites, TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Characters of a title; the alert's first line must fit a lock screen with room to spare.
TITLE_LIMIT = 200


async def declare_within(change: Change, severity: SeverityPolicy, escalations: Escalations) -> Incident:
    """Post a tracked alert as an incident of *severity*, with its thread.

    Under the same severity its deadline stays. The new post mentions people like any incident's, unless the
    alert is acknowledged or its own post could mention them. A higher severity mentions in any case.

    Raises:
        InvalidTransition: it has ended, or is an incident already.
    """
    before = change.incident
    severity = change.policy.rules(severity.name, team=before.team)
    if severity.name != before.severity and before.kind is IncidentKind.ALERT:
        await _regrade(change, severity, escalations)
    declared = transitions.declare(change.incident, thread_channel=severity.thread_channel)
    await change.save(declared)
    is_more_severe = severity.rank < change.policy.rules_of(before).rank
    was_quiet = before.tracked.source is not None and before.severity not in change.policy.alerts.rings
    is_news = before.status is Status.TRIGGERED and was_quiet
    tone = LOUD if is_more_severe or is_news else QUIET
    await DeliveryWrites(change.tx.sql).insert_deliveries(posting_deliveries(declared, severity, tone=tone))
    await change.record(DeclaredEntry())
    return change.incident


async def _regrade(change: Change, severity: SeverityPolicy, escalations: Escalations) -> None:
    """Apply another severity; the post that follows announces it."""
    before = change.incident
    clock = await escalations.clock(change.tx, before, severity, now=change.now)
    new = NewSeverity(
        name=severity.name,
        priority=severity.priority,
        ack_due_at=change.policy.ack_due(severity, at=clock.since),
        reposts=False,
        thread_channel=None,
        next_update_at=change.policy.update_due(severity, at=change.now),
        is_more_severe=severity.rank < change.policy.rules_of(before).rank,
    )
    await change.save(transitions.change_severity(before, new))
    await stop_ladder(change.tx, before.id)
    if before.status is Status.TRIGGERED:
        await escalations.switch(change.tx, change.incident, severity, clock=clock, now=change.now)
    await remind_later(change.tx, change.incident, now=change.now)
    await change.record(SeverityChangedEntry(before=before.severity, after=severity.name, reason=""))


@dataclass(frozen=True, slots=True)
class Opening:
    """How far an incident's first posts are.

    Attributes:
        has_failed: Discord will not take the alert.
        emailed: A person on call got an email instead.
        is_settled: There is nothing left to wait for: the posts, or their replacement, are sent.
    """

    incident: Incident
    has_failed: bool
    emailed: bool
    is_settled: bool


class Incidents:
    """Opens incidents, finds them, and says how far their first posts are."""

    def __init__(self, store: Store, policy: Policy, access: Access, escalations: Escalations) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._escalations = escalations

    async def open(self, new: NewIncident) -> Incident:
        """Declare an incident: row, timeline, ladder and deliveries, in one commit.

        Opening the same `key` again gives the first one back.

        Raises:
            NotPermitted: the reporter may not triage, or not make a private one.
            UserError: the title is empty, or the start lies in the future.
        """
        for permission in ("triage", "private") if new.is_private else ("triage",):
            await self._access.require(
                new.reported_by, permission, guild_id=new.guild_id, act="open", severity=new.severity
            )
        async with self._store.transaction() as tx:
            incident = await self.open_within(tx, new, by=new.reported_by)
        log.info("incident.opened", incident_id=incident.id, severity=incident.severity)
        return incident

    async def opened(self, key: str) -> Incident | None:
        """Return the incident that *key* has opened, or None.

        Only this shows whether a commit succeeded whose answer was lost.
        """
        async with self._store.at_once() as tx:
            return await IncidentRows(tx.sql).incident_by_key(key)

    async def open_within(self, tx: Transaction, new: NewIncident, *, by: Person | None) -> Incident:
        """Open an incident in the caller's transaction, without the check of permissions.

        Args:
            by: The person who does it, perhaps on another's report; None when the bot does.

        Source: the runbook, SEV1/2 は即エスカレーション.
        """
        new = replace(new, team=self._policy.team_of(new.targets, said=new.team))
        severity = self._policy.rules(self._policy.severities[new.severity].name, team=new.team)
        now = min(new.triggered_at or await tx.now(), await tx.now())
        is_alert = new.kind is IncidentKind.ALERT
        thread_channel = self._policy.private.channel if new.is_private else severity.thread_channel
        incident, is_new = await IncidentWrites(tx.sql).insert_incident(
            replace(
                new,
                title=clean_title(new.title),
                started_at=min(new.started_at, now),
                triggered_at=now if new.triggered_at else None,
            ),
            priority=severity.priority,
            ack_due_at=self._policy.ack_due(severity, at=now),
            thread_channel=None if is_alert else thread_channel,
        )
        if is_new and new.is_private:
            await MemberRows(tx.sql).add_member(
                incident.id, user_id=new.reported_by.id, name=new.reported_by.name, by=new.reported_by
            )
        if is_new:
            # The message that a tracked alert answers was there before, and may have pinged people.
            is_answer = new.source is not None
            tone = QUIET if is_answer and severity.name not in self._policy.alerts.rings else LOUD
            entries = [_opened(incident, by=by)]
            if new.evidence is not None:
                entries.append(TimelineEntry.of(EvidenceEntry.of(new.evidence), incident.triggered_at))
            await TimelineWrites(tx.sql).add_timeline(incident.id, *entries)
            if by is not None:
                data = AuditData(incident.id, facts={"severity": incident.severity})
                await AuditWrites(tx.sql).audit(
                    guild_id=incident.guild_id, by=by, action=TimelineKind.OPENED.value, data=data
                )
            await DeliveryWrites(tx.sql).insert_deliveries(posting_deliveries(incident, severity, tone=tone))
            await self._escalations.start(tx, incident, severity, now=now, is_first=True)
        return incident

    async def find(self, *, number: int | None, thread_id: int | None, by: Person) -> Incident:
        """Return the incident with that number, or else the one whose thread this is.

        Raises:
            IncidentNotFound: neither leads to one that *by* may see.
        """
        found = None
        if number is not None:
            found = await IncidentRows(self._store.sql).incident(number)
            await self._access.require_visible(by, "show", found, act="show")
        elif thread_id is not None:
            found = await self.of_place(thread_id, by=by)
        if found is None:
            raise IncidentNotFound(number=None)
        return found

    async def of_place(self, channel_id: int, *, by: Person) -> Incident | None:
        """Return the incident whose thread a channel is, or was; None for every other channel.

        A private incident's thread is never "no incident's": what people say in it would become public.

        Raises:
            IncidentNotFound: it is the thread of a private incident that *by* may not see.
        """
        found = await IncidentRows(self._store.sql).incident_by_thread(channel_id)
        if found is not None:
            await self._access.require_visible(by, "show", found, act="show")
        return found

    async def opening(self, incident_id: int) -> Opening:
        """Return the state of an incident's alert and thread so far."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        severity = self._policy.rules_of(incident)
        # A private incident's alert is in its thread: without the thread there is no alert.
        first = DeliveryKind.PRIVATE_THREAD if incident.is_private else DeliveryKind.ALERT
        alert = await DeliveryRows(self._store.sql).delivery_by_key(f"inc:{incident_id}:{first}")
        # A held-back alert that is not sent waits for Discord to be back.
        failed = alert is not None and (
            alert.status is DeliveryStatus.FAILED
            or (alert.held_at is not None and alert.status is not DeliveryStatus.SENT)
        )
        emailed = alert is not None and alert.has_email
        last = incident.thread.id if incident.thread.channel else incident.post.message_id
        waits_for_email = severity.email_backup and not emailed and incident.status is Status.TRIGGERED
        return Opening(incident, failed, emailed, last is not None or (failed and not waits_for_email))


def clean_title(text: str) -> str:
    """Return a title as one visible line of at most `TITLE_LIMIT` characters.

    Raises:
        UserError: nothing is left of it.
    """
    title = one_line(text, limit=TITLE_LIMIT)
    if not title:
        raise UserError("title_empty")
    return title


def _opened(incident: Incident, *, by: Person | None) -> TimelineEntry:
    """Return the timeline entry of the person who raised it, or of none if a clock did.

    It has the reporter's name too if the reporter is another person.
    """
    reporter = Person(id=incident.reported_by.id, name=incident.reported_by.name)
    who = reporter if incident.kind is IncidentKind.ALERT else by  # an alert raises itself
    data = OpenedEntry(
        severity=incident.severity,
        path=tuple(tuple(answer) for answer in incident.path),
        reporter=None if who is not None and who.id == reporter.id else reporter.name,
        started_at=incident.started_at,
    )
    return TimelineEntry.of(data, incident.triggered_at, by=who)
