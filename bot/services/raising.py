"""From a triage to its incident: with the path, the evidence, and every answer on the timeline."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard

import structlog

from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident import Incident, IncidentKind, NewIncident
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.timeline import TimelineEntry, TimelineKind
from bot.domain.triage import UNANSWERED
from bot.domain.triage_session import StoredAnswer, Triage
from bot.runbook.model import Policy
from bot.services.access import Access, Act
from bot.services.changes import Change, link_both
from bot.services.declaring import declare_within, tracked_alert
from bot.services.escalations import Escalations
from bot.services.incidents import Incidents
from bot.services.opening import refresh_job
from bot.services.ports import Transaction
from bot.services.triage_posts import post_keys, set_clock

log = structlog.get_logger(__name__)


class MayNotLower(Exception):  # a signal to the caller: the refusal is recorded once the locks are gone
    """The triage would lower the alert that it is about, and whoever confirms it may not."""

    def __init__(self, alert: Incident, severity: SeverityPolicy) -> None:
        super().__init__()
        self.alert, self.severity = alert, severity


@dataclass(frozen=True, slots=True)
class _Case:
    """A triage that ends in an alert.

    Attributes:
        alert: The one that it is about, if any, whatever became of it.
        by: None when nobody has answered its re-evaluation.
    """

    triage: Triage
    severity: SeverityPolicy
    alert: Incident | None
    by: Person | None


class Raising:
    """Ends a triage in an alert."""

    def __init__(
        self, policy: Policy, access: Access, incidents: Incidents, escalations: Escalations
    ) -> None:
        self._policy = policy
        self._access = access
        self._incidents = incidents
        self._escalations = escalations

    async def raise_alert(
        self, tx: Transaction, triage: Triage, severity: SeverityPolicy, *, by: Person
    ) -> Incident:
        """Open what the questions of a locked *triage* have led to, which keeps its posts true from then on.

        A tracked alert becomes graver by whoever may triage: they could as well report it anew. To make it
        less grave takes the permission to change a severity.

        Raises:
            MayNotLower: *by* lacks that; `refusal` says so to them.
        """
        alert = await tracked_alert(tx, triage.source_message_id)
        may_lower = self._access.allows(by, Act.CHANGE_SEVERITY.permission)
        if _is_tracked(alert) and self._rules(alert).rank < severity.rank and not may_lower:
            raise MayNotLower(alert, severity)
        return await self._raise(tx, _Case(triage, severity, alert, by))

    async def promote(self, tx: Transaction, triage: Triage, *, by: Person | None) -> Incident:
        """Raise a locked *triage* that is under re-evaluation: as the policy says, or as grave as the tracked
        alert that it is about. What says "raise" lowers nothing.

        Args:
            by: None when nobody has answered.
        """
        severity = self._policy.severities[self._policy.reevaluate.promote_to]
        alert = await tracked_alert(tx, triage.source_message_id)
        if _is_tracked(alert):
            severity = min(severity, self._rules(alert), key=lambda known: known.rank)
        return await self._raise(tx, _Case(triage, severity, alert, by))

    async def refusal(self, refused: MayNotLower, *, by: Person) -> UserError:
        """What to tell *by*, put on record."""
        alert, permission = refused.alert, Act.CHANGE_SEVERITY.permission
        try:
            await self._access.require(
                by, permission, guild_id=alert.guild_id, act="triage.confirm", incident_id=alert.id
            )
        except NotPermitted as error:
            return UserError(
                "triage_lowers",
                incident=alert.label,
                severity=self._rules(alert).name,
                lower=refused.severity.name,
                roles=error.fields["roles"],
            )
        raise AssertionError("a policy does not change while it is in force")

    async def _raise(self, tx: Transaction, case: _Case) -> Incident:
        triage, severity, by = case.triage, case.severity, case.by
        incident, at = await self._incident(tx, case), await tx.now()
        await tx.add_timeline(incident.id, _triaged(triage, await tx.given_answers(triage.id), at=at))
        if by is None:
            await tx.add_timeline(incident.id, _promoted(triage, at=at))
        ended = triage.raised(incident.id, severity=severity.name, by=by, at=at)
        await tx.save_triage(ended)
        await set_clock(tx, ended, self._policy)
        await tx.adopt_deliveries(post_keys(triage), incident_id=incident.id)
        await tx.enqueue(refresh_job(incident, severity=severity))
        log.info("triage.raised", triage_id=triage.id, incident_id=incident.id, by_clock=by is None)
        return incident

    async def _incident(self, tx: Transaction, case: _Case) -> Incident:
        """A new one, or the tracked alert that the triage is about: one trouble is not opened twice."""
        triage, severity, alert, by = case.triage, case.severity, case.alert, case.by
        who = by or Person(id=triage.user_id, name=triage.user_name)
        if _is_tracked(alert):
            known = await tx.set_triaged(alert.id, triage, path=_path(triage, by=by))
            change = Change(tx, self._policy, known, who, await tx.now(), is_by_clock=by is None)
            return await declare_within(change, severity, self._escalations)
        new = _new_incident(triage, severity, by=by)
        if await is_confided(tx, triage.channel_id, triage.source_message_id):
            new = replace(new, evidence=None)  # not refused: what is raised by now must not be silenced
        incident = await self._incidents.open_within(tx, new, by=by)
        if alert is not None and await tx.link(alert.id, incident.id, by=who):
            now = await tx.now()
            there, here = (
                Change(tx, self._policy, one, who, now, is_by_clock=by is None) for one in (alert, incident)
            )
            await link_both(there, here)
            await there.say("raised_again", key=f"linked:{incident.id}", facts={"number": incident.id})
            return here.incident
        return incident

    def _rules(self, alert: Incident) -> SeverityPolicy:
        return self._policy.rules(alert.severity)


def _is_tracked(alert: Incident | None) -> TypeGuard[Incident]:
    """It goes on, and is no incident yet: the triage makes it one."""
    return alert is not None and alert.kind is IncidentKind.ALERT and alert.is_open


async def is_confided(tx: Transaction, channel_id: int | None, message_id: int | None) -> bool:
    """Whether a message is from the thread of an incident that is private now: not for everybody to read."""
    return channel_id is not None and message_id is not None and await tx.is_confided(channel_id)


def _path(triage: Triage, *, by: Person | None) -> tuple[tuple[str, str], ...]:
    """The answers, and that nobody has answered the re-evaluation: why the post is there."""
    answers = tuple((given.question, given.answer) for given in triage.answers)
    return answers if by is not None else (*answers, UNANSWERED)


def _new_incident(triage: Triage, severity: SeverityPolicy, *, by: Person | None) -> NewIncident:
    return NewIncident(
        guild_id=triage.guild_id,
        severity=severity.name,
        title=triage.title,
        targets=triage.targets,
        symptoms=triage.symptoms,
        started_at=triage.started_at,
        reported_by=Person(id=triage.user_id, name=triage.user_name),
        path=_path(triage, by=by),
        key=f"triage:{triage.id}",
        evidence=triage.evidence,
    )


def _triaged(triage: Triage, answers: list[StoredAnswer], *, at: datetime) -> TimelineEntry:
    data = {
        "triage": triage.id,
        "started_by": triage.user_name,
        "chosen": triage.severity,
        "answers": [_as_data(answer) for answer in answers],
    }
    return TimelineEntry(TimelineKind.TRIAGED, at, data=data)


def _as_data(given: StoredAnswer) -> dict[str, object]:
    return {
        "question": given.question,
        "answer": given.answer,
        "unsure": given.unsure,
        "by": given.by_name,
        "at": given.at.isoformat(),
        "withdrawn": None if given.withdrawn_at is None else given.withdrawn_at.isoformat(),
        "withdrawn_by": given.withdrawn_by_name,
    }


def _promoted(triage: Triage, *, at: datetime) -> TimelineEntry:
    """Why it was raised: who triaged it, when it was asked about, and that nobody answered."""
    data = {
        "triage": triage.id,
        "triaged_by": triage.held_by_name,
        "asked_at": None if triage.asked_at is None else triage.asked_at.isoformat(),
    }
    return TimelineEntry(TimelineKind.PROMOTED, at, data=data)
