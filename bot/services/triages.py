"""A walk through the decision tree, answer by answer; the rules are in `bot.domain.triage`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.delivery import DeliveryKind, NewDelivery, priority_of
from bot.domain.errors import InvalidTransition
from bot.domain.incident import Incident, NewIncident, TimelineEntry, TimelineKind
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage import Given, Path, Position, StaleTriage
from bot.domain.triage_session import NewTriage, Triage, TriageStatus
from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.incidents import Incidents, clean_title
from bot.services.opening import question_key, refresh_triage_job
from bot.services.ports import Job, JobName, Store, Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TriageView:
    """Where a walk stands.

    Attributes:
        position: The question to ask, or the outcome.
        severity: What confirming would open: the one chosen by hand, else the outcome's; None while a
            question is open or when the outcome is to re-evaluate.
        ack_due_at: The deadline if it were confirmed now.
        incident: What it became.
    """

    triage: Triage
    position: Position
    severity: SeverityPolicy | None
    ack_due_at: datetime | None
    incident: Incident | None = None


class Triages:
    """Starts, answers, goes back, ends."""

    def __init__(self, store: Store, policy: Policy, access: Access, incidents: Incidents) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._incidents = incidents

    async def start(self, new: NewTriage) -> TriageView:
        """Begin a walk; the same `key` gives the first one back.

        Raises:
            NotPermitted: they may not triage. UserError: the title is empty.
        """
        await self._access.require(new.by, "triage", guild_id=new.guild_id)
        title = clean_title(new.title)
        async with self._store.transaction() as tx:
            triage = await tx.insert_triage(replace(new, title=title))
            return await self._view(tx, triage)

    async def view(self, triage_id: int) -> TriageView:
        """Where it stands; after a restart, for instance."""
        async with self._store.transaction() as tx:
            return await self._view(tx, await tx.triage(triage_id))

    async def answer(self, triage_id: int, *, question: str, answer: str, by: Person) -> TriageView:
        """Answer *question* (`UNSURE` counts as the graver answer).

        A question that was answered meanwhile, by a second click or another person, is not answered
        again: the current state comes back.

        Raises:
            StaleTriage: the policy has changed under it. InvalidTransition: the walk has ended.
        """
        async with self._store.transaction() as tx:
            triage = await self._open_triage(tx, triage_id)
            position = self._policy.tree.follow(_path(triage))
            if position.question is not None and position.question.id == question:
                given = self._policy.tree.give(position.path, answer)[-1]
                await tx.add_answer(
                    triage_id, question=given.node, answer=given.answer, unsure=given.unsure, by=by
                )
            return await self._view(tx, await tx.triage(triage_id))

    async def back(self, triage_id: int) -> TriageView:
        """Withdraw the last answer."""
        async with self._store.transaction() as tx:
            await self._open_triage(tx, triage_id)
            await tx.set_triage(triage_id, status=TriageStatus.OPEN, severity=None)
            await tx.withdraw_last_answer(triage_id)
            return await self._view(tx, await tx.triage(triage_id))

    async def choose_severity(self, triage_id: int, *, severity: str) -> TriageView:
        """Overrule the tree by hand; the path stays on record.

        Raises:
            StaleTriage: the policy no longer has that severity. InvalidTransition: the walk has ended.
        """
        if severity not in self._policy.severities:
            raise StaleTriage
        async with self._store.transaction() as tx:
            await self._open_triage(tx, triage_id)
            await tx.set_triage(triage_id, status=TriageStatus.OPEN, severity=severity)
            return await self._view(tx, await tx.triage(triage_id))

    async def cancel(self, triage_id: int) -> TriageView:
        """Stop without an incident."""
        async with self._store.transaction() as tx:
            await self._open_triage(tx, triage_id)
            await tx.set_triage(triage_id, status=TriageStatus.CANCELLED)
            return await self._view(tx, await tx.triage(triage_id))

    async def confirm(self, triage_id: int, *, by: Person) -> TriageView:
        """Open the incident that the walk led to, or put it on the clock of re-evaluation.

        Confirming twice opens one incident.

        Raises:
            NotPermitted; InvalidTransition: cancelled, or a question is still open.
        """
        triage = await self._store.triage(triage_id)
        await self._access.require(by, "triage", guild_id=triage.guild_id, triage_id=triage_id)
        async with self._store.transaction() as tx:
            triage = await tx.triage(triage_id, lock=True)
            if triage.status is TriageStatus.OPENED:
                return await self._view(tx, triage)
            severity = self._severity(triage)
            if severity is not None:
                await self._open(tx, triage, severity, by=by)
            else:
                await self._reevaluate_later(tx, triage)
            return await self._view(tx, await tx.triage(triage_id))

    async def dismiss(self, triage_id: int, *, by: Person) -> TriageView:
        """Looked at again, and nothing is wrong: the clock of the re-evaluation stops."""
        triage = await self._store.triage(triage_id)
        await self._access.require(by, "triage", guild_id=triage.guild_id, triage_id=triage_id)
        async with self._store.transaction() as tx:
            triage = await tx.triage(triage_id, lock=True)
            _require(triage, TriageStatus.REEVALUATING)
            await tx.set_triage(triage_id, status=TriageStatus.DISMISSED)
            await self._end_reevaluation(tx, triage_id)
            return await self._view(tx, await tx.triage(triage_id))

    async def promote(self, triage_id: int, *, by: Person | None = None) -> Incident | None:
        """A re-evaluation becomes an incident: nobody answered in time, or somebody (*by*) says so.

        Returns:
            The incident; None when it was answered before.
        """
        if by is not None:
            triage = await self._store.triage(triage_id)
            await self._access.require(by, "triage", guild_id=triage.guild_id, triage_id=triage_id)
        severity = self._policy.severities[self._policy.reevaluate.promote_to]
        async with self._store.transaction() as tx:
            triage = await tx.triage(triage_id, lock=True)
            if triage.status is not TriageStatus.REEVALUATING:
                return None
            await self._end_reevaluation(tx, triage_id)
            incident = await self._open(tx, triage, severity, by=by or _reporter(triage))
            if by is None:
                await tx.add_timeline(incident.id, _promoted(incident, triage))
        log.info("triage.promoted", triage_id=triage_id, incident_id=incident.id)
        return incident

    async def _open(
        self, tx: Transaction, triage: Triage, severity: SeverityPolicy, *, by: Person
    ) -> Incident:
        incident = await self._incidents.open_within(
            tx,
            NewIncident(
                guild_id=triage.guild_id,
                severity=severity.name,
                title=triage.title,
                targets=triage.targets,
                symptoms=triage.symptoms,
                started_at=triage.started_at,
                reported_by=by,
                path=tuple((given.node, given.answer) for given in _path(triage)),
                key=f"triage:{triage.id}",
            ),
        )
        await tx.set_triage(
            triage.id, status=TriageStatus.OPENED, severity=severity.name, incident_id=incident.id
        )
        return incident

    async def _reevaluate_later(self, tx: Transaction, triage: Triage) -> None:
        """再評価: asked for in its channel now, promoted when nobody has answered by then."""
        rule = self._policy.reevaluate
        due_at = await tx.now() + rule.after
        await tx.set_triage(triage.id, status=TriageStatus.REEVALUATING, reevaluate_at=due_at)
        rank = self._policy.severities[rule.promote_to].rank
        await tx.insert_deliveries([_question(triage, channel=rule.channel, due_at=due_at, rank=rank)])
        await tx.enqueue(
            Job(
                name=JobName.REEVALUATE,
                payload=str(triage.id),
                key=_reevaluate_key(triage.id),
                priority=priority_of(rank),
                after=max(rule.after, timedelta()),
            )
        )

    async def _end_reevaluation(self, tx: Transaction, triage_id: int) -> None:
        await tx.cancel_jobs([_reevaluate_key(triage_id)])
        await tx.enqueue(refresh_triage_job(triage_id))

    async def _open_triage(self, tx: Transaction, triage_id: int) -> Triage:
        triage = await tx.triage(triage_id, lock=True)
        _require(triage, TriageStatus.OPEN)
        return triage

    def _severity(self, triage: Triage) -> SeverityPolicy | None:
        """What confirming opens; None: re-evaluate."""
        _require(triage, TriageStatus.OPEN)
        if triage.severity is not None:
            return self._policy.rules(triage.severity)
        outcome = self._policy.tree.follow(_path(triage)).outcome
        if outcome is None:
            raise InvalidTransition("triage_unfinished")
        return None if outcome.severity is None else self._policy.severities[outcome.severity]

    async def _view(self, tx: Transaction, triage: Triage) -> TriageView:
        position = self._policy.tree.follow(_path(triage))
        name = triage.severity or (position.outcome.severity if position.outcome else None)
        severity = None if name is None else self._policy.rules(name)
        incident = None if triage.incident_id is None else await tx.incident(triage.incident_id)
        return TriageView(
            triage=triage,
            position=position,
            severity=severity,
            ack_due_at=None if severity is None else self._policy.ack_due(severity, at=await tx.now()),
            incident=incident,
        )


def _require(triage: Triage, status: TriageStatus) -> None:
    if triage.status is not status:
        raise InvalidTransition("triage_over", status=triage.status.value)


def _path(triage: Triage) -> Path:
    return tuple(Given(a.question, a.answer, a.unsure) for a in triage.answers)


def _reporter(triage: Triage) -> Person:
    return Person(id=triage.user_id, name=triage.user_name)


def _reevaluate_key(triage_id: int) -> str:
    return f"reevaluate:{triage_id}"


def _question(triage: Triage, *, channel: str, due_at: datetime, rank: int) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.REEVALUATION,
        to=f"channel:{channel}",
        key=question_key(triage.id),
        guild_id=triage.guild_id,
        data={
            "triage": triage.id,
            "title": triage.title,
            "targets": list(triage.targets),
            "symptoms": list(triage.symptoms),
            "reported_by_id": triage.user_id,
            "started_at": triage.started_at.isoformat(),
            "due_at": due_at.isoformat(),
        },
        priority=priority_of(rank),
    )


def _promoted(incident: Incident, triage: Triage) -> TimelineEntry:
    return TimelineEntry(TimelineKind.PROMOTED, incident.triggered_at, data={"triage": triage.id})
