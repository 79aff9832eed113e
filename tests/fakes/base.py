"""What the parts of a fake transaction share."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from bot.domain.delivery.delivery import Delivery, DeliveryStatus, NewDelivery
from bot.domain.errors import IncidentNotFound
from bot.domain.incident.incident import Incident
from bot.domain.installation import nonce_of
from bot.services.ports import Job
from tests.fakes.state import QueuedJob, State


@dataclass(slots=True)
class Sequences:
    """Numbers that a rollback does not give back."""

    incident: "count[int]" = field(default_factory=lambda: count(1))
    delivery: "count[int]" = field(default_factory=lambda: count(1))
    triage: "count[int]" = field(default_factory=lambda: count(1))
    entry: "count[int]" = field(default_factory=lambda: count(1))
    oncall: "count[int]" = field(default_factory=lambda: count(1))
    job: "count[int]" = field(default_factory=lambda: count(1))


class FakePart:
    """One transaction's view: its own copy of the tables, its own time."""

    def __init__(
        self, state: State, sequences: Sequences, *, now: datetime, guild_id: int | None = None
    ) -> None:
        self.state = state
        self._guild_id = guild_id
        self._sequences = sequences
        self._now = now
        self.begun: set[int] = set()
        self.ended: set[int] = set()

    async def now(self) -> datetime:
        return self._now

    def _merges(self, incident: Incident) -> list[Incident]:
        """*incident*, and what it was merged into, and so on; the last one is where it goes on."""
        chain = [incident]
        while (into := chain[-1].merged_into_id) is not None:
            chain.append(self.state.incidents[into])
        return chain

    def _owed(self, new: NewDelivery) -> Delivery:
        """*new* as a row, with the next number."""
        return Delivery(
            id=next(self._sequences.delivery),
            kind=new.kind,
            to=new.to,
            key=new.key,
            guild_id=new.guild_id,
            incident_id=new.incident_id,
            data=dict(new.data),
            priority=new.priority,
            status=DeliveryStatus.PENDING,
            nonce=nonce_of(self.state.installation.id, new.key),
            attempts=0,
            created_at=self._now,
        )

    async def enqueue(self, *jobs: Job) -> None:
        for job in jobs:
            self._enqueue(job)

    def _enqueue(self, job: Job) -> bool:
        if known := self.state.jobs.get(job.key):
            if job.sooner:
                due_at = min(known.due_at, self._now + job.after)
                self.state.jobs[job.key] = replace(known, due_at=due_at)
            return False
        self.state.jobs[job.key] = QueuedJob(job, self._now + job.after, next(self._sequences.job))
        return True

    async def cancel_jobs(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.state.jobs.pop(key, None)

    def _incident(self, incident_id: int) -> Incident:
        found = self.state.incidents.get(incident_id)
        if found is None or self._guild_id not in (None, found.guild_id):
            raise IncidentNotFound(number=incident_id)
        return found
