"""From a triage to its incident: with the path, the evidence, and every answer on the timeline."""

from dataclasses import dataclass, replace
from typing import TypeGuard

from bot.domain.errors import UserError
from bot.domain.incident.forms import with_triage
from bot.domain.incident.incident import Incident, IncidentKind, NewIncident
from bot.domain.incident.records import RaisedAgainNotice
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import PromotedEntry, UnfinishedEntry
from bot.domain.triage.session import Triage, TriagedHereNotice
from bot.domain.triage.tree import UNANSWERED, UNFINISHED
from bot.runbook.model import Policy
from bot.services.escalation.decisions import Escalations
from bot.services.incidents.opening import Incidents, declare_within
from bot.services.incidents.severity_change import Cause, Regrading
from bot.services.running_triages import end_in, is_confided, subject_of, take_in_walks
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, link_both
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction


class MayNotLower(Exception):  # a signal to the caller: the refusal is recorded once the locks are gone
    """The triage would lower the severity of its alert, and the person who confirms it may not do that."""

    def __init__(self, alert: Incident, severity: SeverityPolicy) -> None:
        super().__init__()
        self.alert, self.severity = alert, severity


@dataclass(frozen=True, slots=True)
class _Case:
    """A triage that ends in an alert.

    Attributes:
        alert: The alert that it is about, if any, in whatever state.
        by: None when a clock raises it.
        cause: With `by` None, the step that the path records for it: `UNANSWERED` or `UNFINISHED`.
    """

    triage: Triage
    severity: SeverityPolicy
    alert: Incident | None
    by: Person | None
    cause: tuple[str, str] = UNANSWERED


class Raising:
    """Turns the result of a triage into an incident with its alert."""

    def __init__(
        self, policy: Policy, access: Access, incidents: Incidents, escalations: Escalations
    ) -> None:
        self._policy = policy
        self._access = access
        self._incidents = incidents
        self._escalations = escalations
        self._regrading = Regrading(policy, escalations)

    async def raise_alert(
        self, tx: Transaction, triage: Triage, severity: SeverityPolicy, *, by: Person
    ) -> Incident:
        """Open the incident that a locked *triage* has led to. From then on it updates the triage's posts.

        Everyone who may triage may raise the severity of a tracked alert: they could as well report it anew.
        Lowering it takes the permission to change a severity.

        Raises:
            MayNotLower: *by* lacks that permission; `refusal` gives the error for them.
        """
        alert = await subject_of(tx, triage)
        may_lower = self._access.allows(by, Act.CHANGE_SEVERITY.permission)
        if _is_tracked(alert) and self._rules(alert).rank < severity.rank and not may_lower:
            raise MayNotLower(alert, severity)
        return await self._raise(tx, _Case(triage, severity, alert, by))

    async def join(
        self, tx: Transaction, triage: Triage, severity: SeverityPolicy | None, *, by: Person
    ) -> Incident | None:
        """End a locked *triage* in the incident that another person has raised from its message meanwhile.

        The incident gets a note of the triage's result. Its severity rises to that result if *by* may change
        severities.

        Args:
            severity: The result of the triage; None for a re-evaluation.

        Returns:
            That incident; None when its message has become no open incident that everybody may see.
        """
        incident = await subject_of(tx, triage)
        if incident is None or incident.kind is not IncidentKind.INCIDENT:
            return None
        if not incident.is_open or incident.is_private:
            return None
        change = Change(tx, self._policy, incident, by, await tx.now())
        told = TriagedHereNotice(severity=None if severity is None else severity.name)
        await change.say(told, key=f"triaged_here:{triage.id}")
        is_more_severe = severity is not None and severity.rank < self._rules(incident).rank
        if (
            severity is not None
            and is_more_severe
            and self._access.allows(by, Act.CHANGE_SEVERITY.permission)
        ):
            await self._regrading.regrade(change, severity, why=Cause(reason=""))
        await end_in(tx, self._policy, triage, change.incident, by=by)
        return change.incident

    async def promote(self, tx: Transaction, triage: Triage, *, by: Person | None) -> Incident:
        """Raise a locked *triage* that is under re-evaluation, with the severity that the policy names.

        If the severity of the tracked alert that it is about is higher, that one is used: raising never
        lowers a severity.
        """
        severity = self._policy.severities[self._policy.reevaluate.promote_to]
        if by is not None and (joined := await self.join(tx, triage, severity, by=by)):
            return joined
        return await self._raise(tx, await self._not_lowered(tx, _Case(triage, severity, None, by)))

    async def raise_unfinished(self, tx: Transaction, triage: Triage, severity: SeverityPolicy) -> Incident:
        """Raise a locked, unfinished *triage* with *severity*, or that of its tracked alert if higher."""
        case = _Case(triage, severity, None, None, cause=UNFINISHED)
        return await self._raise(tx, await self._not_lowered(tx, case))

    async def _not_lowered(self, tx: Transaction, case: _Case) -> _Case:
        """Return *case* with its alert, and with a severity at least as high as the tracked alert's."""
        alert, severity = await subject_of(tx, case.triage), case.severity
        if _is_tracked(alert):
            severity = min(severity, self._rules(alert), key=lambda known: known.rank)
        return replace(case, alert=alert, severity=severity)

    async def refusal(self, refused: MayNotLower, *, by: Person) -> UserError:
        """Return the error to show *by*, and record the refusal."""
        alert, permission = refused.alert, Act.CHANGE_SEVERITY.permission
        await self._access.note_refused(
            by, permission, guild_id=alert.guild_id, act="triage.confirm", incident_id=alert.id
        )
        return UserError(
            "triage_lowers",
            incident=alert.label,
            severity=self._rules(alert).name,
            lower=refused.severity.name,
            roles=self._access.roles(permission),
        )

    async def _raise(self, tx: Transaction, case: _Case) -> Incident:
        incident = await self._incident(tx, case)
        await end_in(tx, self._policy, case.triage, incident, by=case.by)
        if case.by is None:
            triage = case.triage
            data: UnfinishedEntry | PromotedEntry
            if case.cause == UNFINISHED:
                idle = triage.idle
                data = UnfinishedEntry(triage=triage.id, left_by=idle.asked_name, asked_at=idle.asked_at)
            else:  # a re-evaluation that nobody answered
                data = PromotedEntry(
                    triage=triage.id, triaged_by=triage.held_by_name, asked_at=triage.asked_at
                )
            await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(data, await tx.now()))
        await take_in_walks(await self._change(tx, case, incident))  # about other messages of the same alert
        return incident

    async def _change(self, tx: Transaction, case: _Case, incident: Incident) -> Change:
        who = case.by or Person(id=case.triage.user_id, name=case.triage.user_name)
        return Change(tx, self._policy, incident, who, await tx.now(), is_by_clock=case.by is None)

    async def _incident(self, tx: Transaction, case: _Case) -> Incident:
        """Return a new incident, or the triage's tracked alert declared as one: one trouble, one incident."""
        triage, severity, alert, by = case.triage, case.severity, case.alert, case.by
        if _is_tracked(alert):
            known = with_triage(alert, triage, path=_path(case))
            await IncidentWrites(tx.sql).save(known)
            return await declare_within(await self._change(tx, case, known), severity, self._escalations)
        new = _new_incident(case)
        if self._policy.teams and triage.channel_id is not None:
            message = await TriageRows(tx.sql).known_message(triage.channel_id, triage.source_message_id)
            new = replace(new, team=message.team)
        if await is_confided(tx, triage.channel_id, triage.source_message_id):
            new = replace(new, evidence=None)  # not refused: what is raised by now must not be silenced
        incident = await self._incidents.open_within(tx, new, by=by)
        here = await self._change(tx, case, incident)
        if alert is not None and await IncidentWrites(tx.sql).link(alert.id, incident.id, by=here.by):
            there = await self._change(tx, case, alert)
            await link_both(there, here)
            await there.say(RaisedAgainNotice(number=incident.id), key=f"linked:{incident.id}")
        return here.incident

    def _rules(self, alert: Incident) -> SeverityPolicy:
        return self._policy.rules_of(alert)


def _is_tracked(alert: Incident | None) -> TypeGuard[Incident]:
    """Return True if *alert* is an open tracked alert, which the triage makes an incident."""
    return alert is not None and alert.kind is IncidentKind.ALERT and alert.is_open


def _path(case: _Case) -> tuple[tuple[str, str], ...]:
    """Return the path of a case: its answers, and the choice over the tree's, or why a clock raised it."""
    if case.by is not None:
        return case.triage.path_to(case.severity.name)
    overruled = None if case.cause == UNANSWERED else case.severity.name
    return (*case.triage.path_to(overruled), case.cause)


def _new_incident(case: _Case) -> NewIncident:
    triage = case.triage
    return NewIncident(
        guild_id=triage.guild_id,
        severity=case.severity.name,
        title=triage.title,
        targets=triage.targets,
        symptoms=triage.symptoms,
        started_at=triage.started_at,
        reported_by=triage.reported_by,
        path=_path(case),
        key=triage.incident_key,
        evidence=triage.evidence,
    )
