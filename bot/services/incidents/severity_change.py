"""Another severity: its channel, mention, deadline, ladder and thread hold from now on."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.escalation.ladder import SeverityClock
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.records import SeverityChangedEntry, SeverityChangedNotice, ThreadMovedNotice
from bot.domain.payloads import UNSET
from bot.domain.severity import Mention, NewSeverity, SeverityChange, SeverityPolicy
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import stop_ladder
from bot.services.escalation.decisions import Escalations
from bot.services.shared.changes import Change
from bot.services.shared.jobs import remind_later
from bot.services.shared.postings import notice, posting_deliveries
from bot.storage.tables.deliveries import DeliveryWrites


@dataclass(frozen=True, slots=True)
class Regraded:
    """The result of a change of severity.

    Attributes:
        before: The severity it had.
        reposts: It is announced by a post of its own.
        promised: When the next status update was due before; None: none was.
        is_more_severe: It is a higher severity than before.
    """

    incident: Incident
    before: str
    reposts: bool
    promised: datetime | None = None
    is_more_severe: bool = False

    @property
    def keeps_promise(self) -> bool:
        """Return True if the next status update is due when it was promised before the change."""
        return self.promised is not None and self.promised == self.incident.updates.due_at


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a severity changes: in a person's words, or by the merge of the incident *merged*."""

    reason: str | None = None
    merged: int | None = None


class Regrading:
    """Changes the severity of open incidents; no other code does."""

    def __init__(self, policy: Policy, escalations: Escalations) -> None:
        self._policy = policy
        self._escalations = escalations

    async def regrade(self, change: Change, severity: SeverityPolicy, *, why: Cause) -> Regraded:
        """Put *change*'s incident under *severity*, and tell of it, in the caller's transaction.

        Raises:
            InvalidTransition: it has ended, or has that severity.
        """
        before = change.incident
        severity = self._policy.rules(severity.name, team=before.team)
        clock = await self._escalations.clock(change.tx, before, severity, now=change.now)
        new = self._new(severity, change, since=clock.since)
        # What the posts say of the change, in the place of the triage's path.
        shown = SeverityChange(
            before=before.severity,
            after=severity.name,
            by=None if change.is_by_clock else change.by.name,
            at=change.now,
            reason=why.reason,
            merged=why.merged,
        )
        await change.save(transitions.change_severity(before, new, change=shown))
        await self._announce(change, severity, before=before, why=why, clock=clock)
        changed = change.incident
        return Regraded(
            incident=changed,
            before=before.severity,
            reposts=changed.post.number > before.post.number,
            promised=before.updates.due_at,
            is_more_severe=new.is_more_severe,
        )

    async def _announce(
        self,
        change: Change,
        severity: SeverityPolicy,
        *,
        before: Incident,
        why: Cause,
        clock: SeverityClock,
    ) -> None:
        """Queue the new post where one is due, the line in the thread, the new ladder, the new reminder."""
        changed = change.incident
        await stop_ladder(change.tx, changed.id)
        if changed.post.number > before.post.number:
            await DeliveryWrites(change.tx.sql).insert_deliveries(posting_deliveries(changed, severity))
        if changed.status is Status.TRIGGERED:
            await self._escalations.switch(change.tx, changed, severity, clock=clock, now=change.now)
        if changed.thread.posting > before.thread.posting and before.thread.id is not None:
            # The former thread is told that messages there are no longer followed.
            key = f"thread_moved:{changed.thread.posting}"
            farewell = notice(changed, self._policy, ThreadMovedNotice(), key=key)
            farewell = replace(farewell, to=f"thread:{before.thread.id}")
            await DeliveryWrites(change.tx.sql).insert_deliveries([farewell])
        await remind_later(change.tx, change.incident, now=change.now)
        entry = SeverityChangedEntry(
            before=before.severity,
            after=changed.severity,
            reason=why.reason,
            merged=why.merged,
            next_at=UNSET if changed.updates.due_at == before.updates.due_at else changed.updates.due_at,
        )
        line = f"severity:{changed.version}"
        await change.record(entry, line=line)
        await change.say(SeverityChangedNotice.from_json(entry.to_json()), key=line)

    def _new(self, severity: SeverityPolicy, change: Change, *, since: datetime) -> NewSeverity:
        incident, old = change.incident, self._policy.rules_of(change.incident)
        is_more_severe = severity.rank < old.rank
        # A private incident stays in its thread, whatever its severity.
        moves = severity.channel != old.channel and not incident.is_private
        rings = severity.mention is not Mention.NONE and severity.mention is not old.mention
        # A tracked alert has no thread until a person declares it.
        belongs = severity.thread_channel if incident.kind is IncidentKind.INCIDENT else None
        # A thread is moved upwards only: a conversation is not split for a lesser severity.
        is_missing = not incident.is_private and (
            None in (incident.thread.channel, incident.thread.id)
            or (is_more_severe and incident.thread.channel != belongs)
        )
        return NewSeverity(
            name=severity.name,
            priority=severity.priority,
            ack_due_at=self._policy.ack_due(severity, at=since),
            reposts=moves or rings or (belongs is not None and is_missing),
            thread_channel=belongs if is_missing else None,
            next_update_at=self._policy.update_due(severity, at=change.now),
            is_more_severe=is_more_severe,
        )
