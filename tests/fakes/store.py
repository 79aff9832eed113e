"""The store in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.delivery import ACK_PLACES, Delivery, DeliveryKind, DeliveryStatus
from bot.domain.dlq import ReplayRecord
from bot.domain.errors import IncidentNotFound, StorageUnavailable
from bot.domain.escalation import Step, StepStatus
from bot.domain.incident import Incident, Status, TimelineEntry
from bot.domain.people import Person
from bot.domain.triage_session import Triage, TriageStatus
from bot.services.ports import Job, JobName
from tests.fakes.base import Sequences
from tests.fakes.clock import START, FakeClock
from tests.fakes.deliveries import UNFINISHED, deliver_job
from tests.fakes.state import AuditRow, State
from tests.fakes.transaction import FakeTransaction, find_triage, ladder


class FakeStore:
    """A `bot.services.ports.Store`. Transactions run one at a time; readers see what is committed.

    Attributes:
        clock: Its time; `advance` moves it.
        is_away: While set, everything raises StorageUnavailable.
        audit_rows: What `audit` recorded, oldest first.
    """

    def __init__(self, now: datetime = START) -> None:
        self.clock = FakeClock(now)
        self.is_away = False
        self.audit_rows: list[AuditRow] = []
        self._guilds: dict[int, datetime] = {}
        self._state = State()
        self._sequences = Sequences()
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None

    # -- for tests
    def advance(self, delta: timedelta) -> None:
        """Move the time on."""
        self.clock.advance(delta)

    @property
    def jobs(self) -> list[Job]:
        """What is queued, due or not, in the order it was enqueued."""
        return [queued.job for queued in self._state.jobs.values()]

    def job_due_at(self, key: str) -> datetime:
        """When the queued job of that key is due."""
        return self._state.jobs[key].due_at

    def take_due_jobs(self) -> list[Job]:
        """Take the jobs that are due out of the queue, in a worker's order."""
        due = [queued.job for queued in self._state.due(self.clock.time)]
        for job in due:
            del self._state.jobs[job.key]
        return due

    @property
    def deliveries(self) -> list[Delivery]:
        """All deliveries, oldest first."""
        return [self._state.delivery(delivery_id) for delivery_id in self._state.deliveries]

    @property
    def timelines(self) -> dict[int, list[TimelineEntry]]:
        """Histories by incident, oldest first."""
        return deepcopy(self._state.timelines)

    @property
    def responders(self) -> dict[int, list[int]]:
        """User ids of the responders by incident."""
        found: dict[int, list[int]] = {}
        for incident_id, user_id in self._state.responders:
            found.setdefault(incident_id, []).append(user_id)
        return found

    # -- the port
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[FakeTransaction]:
        self._check()
        if self._holder is not None and self._holder is asyncio.current_task():
            raise RuntimeError("a transaction within a transaction would wait for itself")
        async with self._lock:
            self._holder = asyncio.current_task()
            try:
                tx = FakeTransaction(deepcopy(self._state), self._sequences, now=self.clock.time)
                yield tx
                self._check()
                self._state = tx.state
            finally:
                self._holder = None

    async def now(self) -> datetime:
        self._check()
        return self.clock.time

    async def audit(
        self,
        *,
        guild_id: int,
        by: Person,
        action: str,
        allowed: bool,
        data: Mapping[str, object] | None = None,
    ) -> None:
        self._check()
        self.audit_rows.append(
            AuditRow(self.clock.time, guild_id, by.id, by.name, action, allowed, dict(data or {}))
        )

    async def register_guild(self, guild_id: int) -> datetime:
        self._check()
        return self._guilds.setdefault(guild_id, self.clock.time)

    async def incident(self, incident_id: int) -> Incident:
        self._check()
        if incident_id not in self._state.incidents:
            raise IncidentNotFound(number=incident_id)
        return self._state.incidents[incident_id]

    async def incident_by_message(self, message_id: int) -> Incident | None:
        for delivery in await self._sent():
            is_place = delivery.kind in ACK_PLACES and delivery.message_id == message_id
            if is_place and delivery.incident_id is not None:
                return self._state.incidents[delivery.incident_id]
        return None

    async def incident_by_thread(self, thread_id: int) -> Incident:
        self._check()
        for incident in self._state.incidents.values():
            if incident.thread_id == thread_id:
                return incident
        raise IncidentNotFound(number=None)

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        return [incident for incident in await self._of_guild(guild_id) if incident.is_open]

    async def list_incidents(
        self, guild_id: int, *, status: Status | None, limit: int, offset: int
    ) -> list[Incident]:
        own = await self._of_guild(guild_id)
        newest_first = [incident for incident in reversed(own) if status in (None, incident.status)]
        return newest_first[offset : offset + limit]

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        return [i for i in await self._of_guild(guild_id) if start <= i.triggered_at < end]

    async def unacknowledged(self) -> list[Incident]:
        self._check()
        return [i for i in self._state.incidents.values() if i.status is Status.TRIGGERED]

    async def pages(self, incident_id: int) -> list[Delivery]:
        self._check()
        return [d for d in self.deliveries if d.incident_id == incident_id and d.kind is DeliveryKind.PAGE]

    async def posts(self, incident_id: int) -> list[Delivery]:
        return [delivery for delivery in await self._sent() if delivery.incident_id == incident_id]

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        self._check()
        return list(self._state.timelines.get(incident_id, []))

    async def steps(self, incident_id: int) -> list[Step]:
        self._check()
        return ladder(self._state.steps.values(), incident_id)

    async def triage(self, triage_id: int) -> Triage:
        self._check()
        return find_triage(self._state.triages, triage_id)

    async def delivery(self, delivery_id: int) -> Delivery:
        self._check()
        return self._state.delivery(delivery_id)

    async def delivery_by_key(self, key: str) -> Delivery | None:
        self._check()
        stored = self._state.delivery_by_key(key)
        return None if stored is None else self._state.delivery(stored.delivery.id)

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        self._check()
        if entry_id not in self._state.replays:
            return None
        record, key = self._state.replays[entry_id]
        sent = self._state.delivery_by_key(key)
        if sent is None:
            return record
        there = sent.delivery
        error = there.error if there.status is DeliveryStatus.FAILED else None
        return replace(record, channel_id=there.channel_id, message_id=there.message_id, error=error)

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        before = self.clock.time - overdue
        async with self.transaction() as tx:
            stuck = [*_steps(tx.state, before), *_deliveries(tx.state, before), *_triages(tx.state, before)]
            lost = [job for job in stuck if job.key not in tx.state.jobs]
            await tx.enqueue(*lost)
        return [job.key for job in lost]

    async def _of_guild(self, guild_id: int) -> list[Incident]:
        self._check()
        own = [incident for incident in self._state.incidents.values() if incident.guild_id == guild_id]
        return sorted(own, key=lambda incident: (incident.triggered_at, incident.id))

    async def _sent(self) -> list[Delivery]:
        """The sent ones, in the order in which they were."""
        self._check()
        sent = [
            (stored.finished_at, delivery_id)
            for delivery_id, stored in self._state.deliveries.items()
            if stored.delivery.status is DeliveryStatus.SENT and stored.finished_at is not None
        ]
        return [self._state.delivery(delivery_id) for _, delivery_id in sorted(sent)]

    def _check(self) -> None:
        if self.is_away:
            raise StorageUnavailable("PostgreSQL is away")


def _steps(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.ESCALATE, f"{s.incident_id}:{s.index}", f"step:{s.incident_id}:{s.index}", priority=100)
        for s in state.steps.values()
        if s.status is StepStatus.PENDING and s.due_at < before
    ]


def _deliveries(state: State, before: datetime) -> list[Job]:
    found = []
    for stored in state.deliveries.values():
        first = None if stored.after is None else state.delivery_by_key(stored.after)
        is_free = first is None or first.delivery.status is DeliveryStatus.SENT
        if stored.delivery.status in UNFINISHED and stored.next_try_at < before and is_free:
            found.append(deliver_job(stored.delivery))
    return found


def _triages(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.REEVALUATE, str(triage.id), f"reevaluate:{triage.id}", priority=100)
        for triage in state.triages.values()
        if triage.status is TriageStatus.REEVALUATING
        and triage.reevaluate_at is not None
        and triage.reevaluate_at < before
    ]
