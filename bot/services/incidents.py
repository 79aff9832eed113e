"""Opening, reading and ending incidents."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.delivery import DeliveryKind, DeliveryStatus
from bot.domain.errors import IncidentNotFound, UserError
from bot.domain.escalation import Step, plan
from bot.domain.incident import Incident, NewIncident, Status, TimelineEntry, TimelineKind
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.text import one_line, storable
from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.acknowledging import stop_ladder
from bot.services.escalations import Escalations
from bot.services.opening import notice, opening_deliveries, refresh_job, step_job
from bot.services.ports import Store, Transaction

log = structlog.get_logger(__name__)

#: Characters of a title; the alert's first line must fit a lock screen with room to spare.
TITLE_LIMIT = 200
NOTE_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Everything that `/incident show` tells."""

    incident: Incident
    severity: SeverityPolicy
    timeline: tuple[TimelineEntry, ...]
    ladder: tuple[Step, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """How far an incident's first posts are.

    Attributes:
        has_failed: Discord will not take the alert.
        emailed: Somebody on call has been told by email instead.
        is_settled: Nothing more is to be waited for: the posts are there, or what replaces them is.
    """

    incident: Incident
    has_failed: bool
    emailed: bool
    is_settled: bool


class Incidents:
    """The life of an incident, from declared to resolved."""

    def __init__(self, store: Store, policy: Policy, access: Access, escalations: Escalations) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._escalations = escalations

    async def open(self, new: NewIncident) -> Incident:
        """Declare an incident: row, timeline, ladder and everything it owes, in one commit.

        Opening the same `key` again gives the first one back.

        Raises:
            NotPermitted: the reporter may not triage.
            UserError: the title is empty, or the start lies in the future.
        """
        await self._access.require(new.reported_by, "triage", guild_id=new.guild_id, severity=new.severity)
        async with self._store.transaction() as tx:
            incident = await self.open_within(tx, new)
        log.info("incident.opened", incident_id=incident.id, severity=incident.severity)
        return incident

    async def open_within(self, tx: Transaction, new: NewIncident) -> Incident:
        """`open` as a part of the caller's transaction, without the check of permissions.

        Source: the runbook, SEV1/2 は即エスカレーション.
        """
        severity = self._policy.severities[new.severity]
        now = await tx.now()
        incident, is_new = await tx.insert_incident(
            replace(new, title=clean_title(new.title), started_at=min(new.started_at, now)),
            priority=severity.priority,
            ack_due_at=self._policy.ack_due(severity, at=now),
        )
        if is_new:
            await tx.add_timeline(incident.id, _opened(incident))
            await tx.insert_deliveries(opening_deliveries(incident, severity))
            await self._start_ladder(tx, incident, severity)
        return incident

    async def resolve(self, incident_id: int, *, by: Person) -> Incident:
        """End an incident; whatever its ladder still had is off.

        Raises:
            NotPermitted, IncidentNotFound, InvalidTransition.
        """
        await self.require_responder(incident_id, by)
        async with self._store.transaction() as tx:
            now = await tx.now()
            resolved = (await tx.incident(incident_id, lock=True)).resolve(by=by, at=now)
            await tx.save(resolved)
            await stop_ladder(tx, incident_id)
            await tx.add_timeline(incident_id, _by(TimelineKind.RESOLVED, by, now))
            await tx.insert_deliveries([notice(resolved, self._policy, key="resolved", notice="resolved")])
            await self._refresh(tx, resolved)
        log.info("incident.resolved", incident_id=incident_id, user_id=by.id)
        return resolved

    async def require_responder(self, incident_id: int, by: Person) -> None:
        """Let *by* pass, or refuse before anything is asked of them.

        Raises:
            NotPermitted, IncidentNotFound.
        """
        incident = await self._store.incident(incident_id)
        await self._access.require(by, "acknowledge", guild_id=incident.guild_id, incident_id=incident_id)

    async def note(self, incident_id: int, *, by: Person, text: str, key: str) -> Incident:
        """Put a note on the timeline; it is posted in the thread as well.

        Args:
            key: The same key posts one note ("interaction:123").

        Raises:
            NotPermitted, IncidentNotFound; UserError: the note is empty.
        """
        words = storable(text).strip()[:NOTE_LIMIT]
        if not words:
            raise UserError("note_empty")
        await self.require_responder(incident_id, by)
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id, lock=True)
            if any((entry.data or {}).get("key") == key for entry in await tx.timeline(incident_id)):
                return incident  # Discord has delivered the same interaction twice
            now = await tx.now()
            await tx.add_timeline(incident_id, _by(TimelineKind.NOTE, by, now, text=words, key=key))
            await tx.insert_deliveries(
                [notice(incident, self._policy, key=f"note:{key}", notice="note", text=words, by=by.name)]
            )
        return incident

    async def set_details(
        self, incident_id: int, *, by: Person, targets: tuple[str, ...], symptoms: tuple[str, ...]
    ) -> Incident:
        """Say where and how, after `/sev1` has opened it in a hurry.

        Raises:
            NotPermitted, IncidentNotFound.
        """
        await self.require_responder(incident_id, by)
        async with self._store.transaction() as tx:
            await tx.incident(incident_id, lock=True)
            changed = await tx.set_details(incident_id, targets=targets, symptoms=symptoms)
            entry = _by(
                TimelineKind.DETAILS_CHANGED,
                by,
                await tx.now(),
                targets=list(targets),
                symptoms=list(symptoms),
            )
            await tx.add_timeline(incident_id, entry)
            await self._refresh(tx, changed)
        return changed

    async def find(self, *, number: int | None, thread_id: int | None) -> Incident:
        """The incident that was named, or the one whose thread this is.

        Raises:
            IncidentNotFound: neither leads to one.
        """
        if number is not None:
            return await self._store.incident(number)
        if thread_id is None:
            raise IncidentNotFound(number=None)
        return await self._store.incident_by_thread(thread_id)

    async def view(self, incident_id: int) -> IncidentView:
        """One incident with its history and what is due next.

        Raises:
            IncidentNotFound: no such number.
        """
        incident = await self._store.incident(incident_id)
        return IncidentView(
            incident=incident,
            severity=self._policy.rules(incident.severity),
            timeline=tuple(await self._store.timeline(incident_id)),
            ladder=tuple(await self._store.steps(incident_id)),
            now=await self._store.now(),
        )

    async def opening(self, incident_id: int) -> Opening:
        """What has become of the alert and its thread so far.

        Raises:
            IncidentNotFound: no such number.
        """
        incident = await self._store.incident(incident_id)
        severity = self._policy.rules(incident.severity)
        alert = await self._store.delivery_by_key(f"inc:{incident_id}:{DeliveryKind.ALERT}")
        failed = alert is not None and alert.status is DeliveryStatus.FAILED
        emailed = alert is not None and alert.emailed
        last = incident.thread_id if severity.thread_channel else incident.alert_message_id
        waits_for_email = severity.email_backup and not emailed
        return Opening(incident, failed, emailed, last is not None or (failed and not waits_for_email))

    async def open_ones(self, guild_id: int) -> list[Incident]:
        """Not resolved: gravest first, then oldest first."""
        found = await self._store.open_incidents(guild_id)
        return sorted(found, key=lambda incident: self._policy.rules(incident.severity).rank)

    async def recent(
        self, guild_id: int, *, status: Status | None = None, limit: int = 10, offset: int = 0
    ) -> list[Incident]:
        """Newest first."""
        return await self._store.list_incidents(guild_id, status=status, limit=limit, offset=offset)

    async def _start_ladder(self, tx: Transaction, incident: Incident, severity: SeverityPolicy) -> None:
        now = incident.triggered_at
        steps = plan(
            severity.ladder, incident_id=incident.id, triggered_at=now, ack_due_at=incident.ack_due_at
        )
        await tx.insert_steps(steps)
        for step in steps:
            if step.due_at > now:
                await tx.enqueue(step_job(step, now=now, severity=severity))
            elif claimed := await tx.claim_step(step.incident_id, step.index):
                await self._escalations.tell(tx, incident, claimed)

    async def _refresh(self, tx: Transaction, incident: Incident) -> None:
        await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))


def clean_title(text: str) -> str:
    """A title as one visible line of at most `TITLE_LIMIT` characters.

    Raises:
        UserError: nothing is left of it.
    """
    title = one_line(text, limit=TITLE_LIMIT)
    if not title:
        raise UserError("title_empty")
    return title


def _opened(incident: Incident) -> TimelineEntry:
    return TimelineEntry(
        TimelineKind.OPENED,
        incident.triggered_at,
        actor_id=incident.reported_by_id,
        actor_name=incident.reported_by_name,
        data={
            "severity": incident.severity,
            "started_at": incident.started_at.isoformat(),
            "path": [list(answer) for answer in incident.path],
        },
    )


def _by(kind: TimelineKind, by: Person, at: datetime, **data: object) -> TimelineEntry:
    return TimelineEntry(kind, at, actor_id=by.id, actor_name=by.name, data=dict(data))
