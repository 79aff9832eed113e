"""A transaction in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bot.domain.delivery import DeliveryStatus
from bot.domain.digest import IsoWeek
from bot.domain.dlq import ReplayRecord
from bot.domain.errors import UserError
from bot.domain.escalation import Step, StepStatus
from bot.domain.incident import AckVia, Incident, NewIncident, Status, TimelineEntry
from bot.domain.people import Person
from bot.domain.triage_session import NewTriage, StoredAnswer, Triage, TriageStatus
from tests.fakes.deliveries import FakeDeliveries
from tests.fakes.state import Responder


class FakeTransaction(FakeDeliveries):
    """A `bot.services.ports.Transaction` on a copy of the tables."""

    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime
    ) -> tuple[Incident, bool]:
        known = self.state.incident_keys.get(new.key)
        if known is not None:
            return self.state.incidents[known], False
        incident = Incident(
            id=next(self._sequences.incident),
            guild_id=new.guild_id,
            severity=new.severity,
            priority=priority,
            status=Status.TRIGGERED,
            title=new.title,
            targets=new.targets,
            symptoms=new.symptoms,
            path=new.path,
            started_at=new.started_at,
            triggered_at=self._now,
            ack_due_at=ack_due_at,
            reported_by_id=new.reported_by.id,
            reported_by_name=new.reported_by.name,
        )
        self.state.incidents[incident.id] = incident
        self.state.incident_keys[new.key] = incident.id
        return incident, True

    async def incident(self, incident_id: int, *, lock: bool = False) -> Incident:
        return self._incident(incident_id)

    async def save(self, incident: Incident) -> None:
        known = self._incident(incident.id)
        if known.version != incident.version - 1:
            raise RuntimeError(f"{incident.label} is at version {known.version}, not {incident.version - 1}")
        self.state.incidents[incident.id] = replace(
            incident,
            alert_channel_id=known.alert_channel_id,
            alert_message_id=known.alert_message_id,
            thread_id=known.thread_id,
        )

    async def set_details(
        self, incident_id: int, *, targets: Sequence[str], symptoms: Sequence[str]
    ) -> Incident:
        known = self._incident(incident_id)
        return self._change(known, targets=tuple(targets), symptoms=tuple(symptoms))

    async def set_places(
        self, incident_id: int, *, alert: tuple[int, int] | None = None, thread_id: int | None = None
    ) -> Incident:
        known = self._incident(incident_id)
        channel_id, message_id = alert or (known.alert_channel_id, known.alert_message_id)
        return self._change(
            known,
            alert_channel_id=channel_id,
            alert_message_id=message_id,
            thread_id=thread_id or known.thread_id,
        )

    async def add_responder(self, incident_id: int, by: Person, *, via: AckVia, at: datetime) -> bool:
        key = (self._incident(incident_id).id, by.id)
        if key in self.state.responders:
            return False
        self.state.responders[key] = Responder(by.name, via, at)
        return True

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return list(self.state.timelines.get(incident_id, []))

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        history = self.state.timelines.setdefault(self._incident(incident_id).id, [])
        history.extend(replace(entry, data=entry.data or None) for entry in entries)
        history.sort(key=lambda entry: entry.at)

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            after = step.due_at - self._incident(step.incident_id).triggered_at
            key = (step.incident_id, step.index)
            self.state.steps[key] = replace(step, rung=replace(step.rung, after=after))

    async def steps(self, incident_id: int) -> list[Step]:
        return ladder(self.state.steps.values(), incident_id)

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        step = self.state.steps.get((incident_id, index))
        return step if step is not None and step.status is StepStatus.PENDING else None

    async def finish_step(self, incident_id: int, index: int) -> None:
        step = self.state.steps[incident_id, index]
        if step.status is not StepStatus.PENDING:
            raise RuntimeError(f"step {incident_id}:{index} is decided")
        self.state.steps[incident_id, index] = replace(step, status=StepStatus.DONE)

    async def cancel_steps(self, incident_id: int) -> list[int]:
        pending = [step for step in await self.steps(incident_id) if step.status is StepStatus.PENDING]
        for step in pending:
            key = (incident_id, step.index)
            self.state.steps[key] = replace(step, status=StepStatus.CANCELLED)
        return sorted(step.index for step in pending)

    async def insert_triage(self, new: NewTriage) -> Triage:
        known = self.state.triage_keys.get(new.key)
        if known is not None:
            return self.state.triages[known]
        triage = Triage(
            id=next(self._sequences.triage),
            guild_id=new.guild_id,
            user_id=new.by.id,
            user_name=new.by.name,
            title=new.title,
            targets=new.targets,
            symptoms=new.symptoms,
            started_at=new.started_at,
            status=TriageStatus.OPEN,
            answers=(),
        )
        self.state.triages[triage.id] = triage
        self.state.triage_keys[new.key] = triage.id
        return triage

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        return find_triage(self.state.triages, triage_id)

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        triage = find_triage(self.state.triages, triage_id)
        answers = (*triage.answers, StoredAnswer(question, answer, unsure, by.name))
        self.state.triages[triage_id] = replace(triage, answers=answers)

    async def withdraw_last_answer(self, triage_id: int) -> None:
        triage = find_triage(self.state.triages, triage_id)
        self.state.triages[triage_id] = replace(triage, answers=triage.answers[:-1])

    async def set_triage(
        self,
        triage_id: int,
        *,
        status: TriageStatus,
        severity: str | None = None,
        incident_id: int | None = None,
        reevaluate_at: datetime | None = None,
    ) -> None:
        triage = find_triage(self.state.triages, triage_id)
        self.state.triages[triage_id] = replace(
            triage,
            status=status,
            severity=severity,
            incident_id=incident_id,
            reevaluate_at=reevaluate_at,
        )

    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        key = (guild_id, str(week))
        if key in self.state.digests:
            return False
        self.state.digests[key] = due_at
        return True

    async def claim_replay(
        self,
        entry_id: UUID,
        *,
        guild_id: int,
        channel: str,
        by: Person,
        key: str,
    ) -> bool:
        if entry_id in self.state.replays:
            first = self.state.delivery_by_key(self.state.replays[entry_id][1])
            if first is None or first.delivery.status is not DeliveryStatus.FAILED:
                return False
        record = ReplayRecord(entry_id, by.id, by.name, self._now, channel)
        self.state.replays[entry_id] = (record, key)
        return True

    def _change(self, known: Incident, **changes: object) -> Incident:
        changed: Incident = replace(known, version=known.version + 1, **changes)  # type: ignore[arg-type]
        self.state.incidents[known.id] = changed
        return changed


def ladder(steps: Iterable[Step], incident_id: int) -> list[Step]:
    """The steps of one incident, by due time."""
    own = (step for step in steps if step.incident_id == incident_id)
    return sorted(own, key=lambda step: (step.due_at, step.index))


def find_triage(triages: dict[int, Triage], triage_id: int) -> Triage:
    """The triage of that id.

    Raises:
        UserError: there is none.
    """
    try:
        return triages[triage_id]
    except KeyError:
        raise UserError("triage_not_found") from None
