"""The store in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.delivery.delivery import ACK_PLACES, UNFINISHED, Delivery, DeliveryKind, DeliveryStatus
from bot.domain.dlq import Origin, ReplayRecord
from bot.domain.errors import IncidentNotFound, StorageUnavailable
from bot.domain.escalation.ladder import Step
from bot.domain.escalation.watches import Change, Watch
from bot.domain.incident.incident import Holder, Incident, Status
from bot.domain.incident.listing import Wanted
from bot.domain.installation import Installation
from bot.domain.oncall.roster import Book
from bot.domain.people import Person
from bot.domain.privacy import RemovedMember
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import Triage
from bot.services.ports import Job
from bot.services.ports.store.triages import KnownMessage
from tests.fakes.alerts import FakeAlertReads
from tests.fakes.base import Sequences
from tests.fakes.clock import START, FakeClock
from tests.fakes.emergency import Mirrors
from tests.fakes.leases import FakeLeases
from tests.fakes.mornings import FakeMorningReads
from tests.fakes.overdue import late_steps, overdue_jobs, unheard_incidents
from tests.fakes.state import AuditRow, QueuedJob, State, removed_of, responders_of, sent_of
from tests.fakes.storms import FakeStormReads
from tests.fakes.transaction import FakeTransaction, ladder
from tests.fakes.triages import find_triage
from tests.fakes.watches import watched


@dataclass(slots=True)
class _Shared:
    """What the views of all guilds have in common."""

    state: State = field(default_factory=State)
    is_away: bool = False
    holder: asyncio.Task[object] | None = None


class FakeStore(FakeAlertReads, FakeMorningReads, FakeStormReads):
    """A `bot.services.ports.Store`, and the `GuildFinder` beside it.

    Transactions run one at a time; readers see what is committed.

    Attributes:
        clock: Its time; `advance` moves it.
        leases: Who holds which shard.
    """

    def __init__(self, now: datetime = START) -> None:
        self.clock = FakeClock(now)
        self.leases = FakeLeases()
        self._guild_id: int | None = None
        self._listener: Callable[[Change], None] | None = None
        self._guilds: dict[int, datetime] = {}
        self._shared = _Shared()
        self._sequences = Sequences()
        self._lock = asyncio.Lock()

    def of(self, guild_id: int) -> "FakeStore":
        """The same tables as one guild sees them."""
        view = copy(self)
        view._guild_id = guild_id
        return view

    @property
    def is_away(self) -> bool:
        """Whether everything raises StorageUnavailable."""
        return self._shared.is_away

    @is_away.setter
    def is_away(self, is_away: bool) -> None:
        self._shared.is_away = is_away

    @property
    def _state(self) -> State:
        return self._shared.state

    @_state.setter
    def _state(self, state: State) -> None:
        self._shared.state = state

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

    def give_back(self, jobs: Sequence[Job]) -> None:
        """Put back what was taken and has not succeeded: it is due at once."""
        for job in jobs:  # asked for anew meanwhile, it is there already
            self._state.jobs.setdefault(job.key, QueuedJob(job, self.clock.time, order=0))

    @property
    def audit_rows(self) -> list[AuditRow]:
        """Refusals and changes, oldest first."""
        return list(self._state.audit)

    @property
    def deliveries(self) -> list[Delivery]:
        """All deliveries, oldest first."""
        return [self._state.delivery(delivery_id) for delivery_id in self._state.deliveries]

    @property
    def timelines(self) -> dict[int, list[TimelineEntry]]:
        """Histories by incident, oldest first."""
        return deepcopy(self._state.timelines)

    # -- the port
    @asynccontextmanager
    async def transaction(self, *, locking: int | None = None) -> AsyncIterator[FakeTransaction]:
        self._check()
        shared = self._shared
        async with self._lock:
            self.leases.require_shard()
            shared.holder = asyncio.current_task()
            try:
                tx = FakeTransaction(
                    deepcopy(shared.state), self._sequences, now=self.clock.time, guild_id=self._guild_id
                )
                yield tx
                self._check_there()
                self._state = tx.state
                if self._listener is not None and (change := tx.change()) is not None:
                    self._listener(change)
            finally:
                shared.holder = None

    def at_once(self) -> AbstractAsyncContextManager[FakeTransaction]:
        return self.transaction()

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
        self._state.audit.append(
            AuditRow(self.clock.time, guild_id, by.id, by.name, action, allowed, dict(data or {}))
        )

    async def oncall_book(self, guild_id: int, *, since: datetime) -> Book:
        self._check()
        return self._state.oncall.book(guild_id, since)

    async def oncall_book_now(self, guild_id: int, *, past: timedelta) -> tuple[Book, datetime]:
        now = await self.now()
        return self._state.oncall.book(guild_id, now - past), now

    async def register_guild(self, guild_id: int) -> datetime:
        self._check()
        return self._guilds.setdefault(guild_id, self.clock.time)

    async def held_deliveries(self) -> int:
        self._check()
        return sum(d.held_at is not None and d.status in UNFINISHED for d in self.deliveries)

    async def installation(self) -> Installation:
        self._check()
        return self._state.installation

    async def beat(self, *, mirror: UUID | None = None) -> datetime:
        self._check()
        self.mirrors.beat(mirror)
        return self.clock.time

    async def leave(self, mirror: UUID) -> None:
        self._check()
        self.mirrors.known.discard(mirror)
        self.mirrors.waited_for.discard(mirror)

    async def is_untold(self) -> bool:
        self._check()
        return self.mirrors.is_untold

    def listen(self, listener: Callable[[Change], None]) -> None:
        self._listener = listener

    async def watched(self, *, without: Sequence[str], limit: int) -> list[Watch]:
        self._check()
        return watched(self._state, guild_id=self._guild_id, without=without)[:limit]

    async def is_link_used(self, link_id: str) -> bool:
        self._check()
        return link_id in self._state.used_links

    async def incident(self, incident_id: int) -> Incident:
        self._check()
        found = self._state.incidents.get(incident_id)
        if found is None or not self._sees(found.guild_id):
            raise IncidentNotFound(number=incident_id)
        return found

    async def incident_of_delivery(self, delivery_id: int) -> Incident | None:
        self._check()
        incident_id = self._state.deliveries[delivery_id].delivery.incident_id
        return None if incident_id is None else self._state.incidents[incident_id]

    async def incident_by_message(self, message_id: int) -> Incident | None:
        found = await self._by_message(message_id)
        return found if found is not None and self._sees(found.guild_id) else None

    async def _by_message(self, message_id: int) -> Incident | None:
        for delivery in await self._sent():
            is_place = delivery.kind in ACK_PLACES and delivery.message_id == message_id
            if is_place and delivery.incident_id is not None:
                return self._state.incidents[delivery.incident_id]
        alert = self._state.alert_messages.get(message_id)
        return None if alert is None else self._state.incidents[alert[1]]

    async def incident_by_thread(self, thread_id: int) -> Incident:
        self._check()
        for incident in self._state.incidents.values():
            if incident.thread_id == thread_id and self._sees(incident.guild_id):
                return incident
        for delivery in await self._sent():
            is_thread = delivery.kind in (DeliveryKind.THREAD, DeliveryKind.PRIVATE_THREAD)
            if is_thread and delivery.message_id == thread_id and self._sees(delivery.guild_id):
                return await self.incident(delivery.incident_id or 0)
        raise IncidentNotFound(number=None)

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        return [incident for incident in await self._of_guild(guild_id) if incident.is_open]

    async def list_incidents(
        self, guild_id: int, wanted: Wanted, *, limit: int, offset: int
    ) -> list[Incident]:
        own = await self._of_guild(guild_id)
        newest_first = [incident for incident in reversed(own) if self._is_wanted(incident, wanted)]
        in_order = sorted(newest_first, key=lambda incident: _place_in_list(incident, wanted.gravity))
        return in_order[offset : offset + limit]

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        self._check()
        return (incident_id, user_id) in self._state.members

    async def members(self, incident_id: int) -> list[int]:
        self._check()
        return [user_id for number, user_id in self._state.members if number == incident_id]

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        self._check()
        return removed_of(self._state, incident_id)

    async def who_left(self, incident_id: int) -> frozenset[int]:
        self._check()
        own = ((user, who) for (number, user), who in self._state.responders.items() if number == incident_id)
        return frozenset(user for user, who in own if who.has_left)

    async def responders(self, incident_id: int) -> list[Holder]:
        self._check()
        return responders_of(self._state, incident_id)

    async def pinned_in(self, message_id: int) -> list[int]:
        self._check()
        return sorted(
            incident_id
            for incident_id, history in self._state.timelines.items()
            for entry in history
            if entry.kind is TimelineKind.PINNED
            and (entry.data or {}).get("message_id") == message_id
            and self._sees(self._state.incidents[incident_id].guild_id)
        )

    async def related(self, incident_id: int) -> list[Incident]:
        self._check()
        linked = {number for pair in self._state.links if incident_id in pair for number in pair}
        found = [
            one
            for one in self._state.incidents.values()
            if one.id != incident_id
            and (one.id in linked or one.merged_into_id == incident_id)
            and self._sees(one.guild_id)
        ]
        return sorted(found, key=lambda one: (one.triggered_at, one.id))

    async def linked(self, incident_id: int) -> list[Incident]:
        self._check()
        linked = {number for pair in self._state.links if incident_id in pair for number in pair}
        found = [self._state.incidents[number] for number in linked - {incident_id}]
        own = (one for one in found if self._sees(one.guild_id))
        return sorted(own, key=lambda one: (one.triggered_at, one.id))

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        return [i for i in await self._of_guild(guild_id) if start <= i.triggered_at < end]

    async def pages(self, incident_id: int) -> list[Delivery]:
        self._check()
        return [d for d in self.deliveries if d.incident_id == incident_id and d.kind is DeliveryKind.PAGE]

    async def posts(self, incident_id: int) -> list[Delivery]:
        sent = (one for one in await self._sent() if one.incident_id == incident_id)
        return [delivery for delivery in sent if delivery.message_id is not None]

    async def delivery_nonces(self, incident_id: int) -> list[str]:
        return [delivery.nonce for delivery in self.deliveries if delivery.incident_id == incident_id]

    async def naming_nonces(self, incident_id: int) -> list[str]:
        self._check()
        incident = self._state.incidents[incident_id]
        own = {one.bundle_id for one in self.deliveries if one.incident_id == incident_id} - {None}
        alone = (
            one
            for one in self.deliveries
            if one.incident_id is None and one.status is DeliveryStatus.FAILED
            if one.guild_id == incident.guild_id and one.created_at >= incident.started_at
        )
        bundled = (
            one
            for one in self.deliveries
            if one.bundle_id in own and one.incident_id != incident_id
            if one.request is not None and one.request.body
        )
        return sorted({one.nonce for one in (*alone, *bundled)})

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        self._check()
        return list(self._state.timelines.get(incident_id, []))

    async def steps(self, incident_id: int) -> list[Step]:
        self._check()
        return ladder(self._state.steps.values(), incident_id)

    async def triage(self, triage_id: int) -> Triage:
        self._check()
        return find_triage(self._state.triages, triage_id, self._guild_id)

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        async with self.transaction() as tx:
            tx.state.noted = {
                key: (known, at)
                for key, (known, at) in tx.state.noted.items()
                if at >= self.clock.time - timedelta(days=1)
            }
            tx.state.noted[channel_id, message_id] = (evidence, self.clock.time)

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        self._check()
        known = self._state.noted.get((channel_id, message_id))
        return None if known is None else known[0]

    async def known_message(self, channel_id: int, message_id: int) -> KnownMessage:
        async with self.transaction() as tx:
            return await tx.known_message(channel_id, message_id)

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

    async def origins(self, guild_id: int, at: datetime) -> list[Origin]:
        self._check()
        return [
            Origin(one.nonce, one.incident_id, one.channel_id, one.message_id)
            for one in self.deliveries
            if one.guild_id == guild_id and at in (one.created_at, one.first_sent_at)
        ]

    async def guild_of_incident(self, incident_id: int) -> int | None:
        self._check()
        found = self._state.incidents.get(incident_id)
        return None if found is None else found.guild_id

    async def guild_of_triage(self, triage_id: int) -> int | None:
        self._check()
        found = self._state.triages.get(triage_id)
        return None if found is None else found.guild_id

    async def guild_of_delivery(self, delivery_id: int) -> int | None:
        self._check()
        found = self._state.deliveries.get(delivery_id)
        return None if found is None else found.delivery.guild_id

    async def guild_of_message(self, message_id: int) -> int | None:
        found = await self._by_message(message_id)
        return None if found is None else found.guild_id

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        before = self.clock.time - overdue
        async with self.transaction() as tx:
            lost = [job for job in overdue_jobs(tx.state, before) if job.key not in tx.state.jobs]
            await tx.enqueue(*lost)
        return [job.key for job in lost]

    async def late_steps(self, *, overdue: timedelta) -> int:
        self._check()
        return len(late_steps(self._state, self.clock.time - overdue))

    async def unheard_incidents(self, *, overdue: timedelta) -> int:
        self._check()
        return len(unheard_incidents(self._state, self.clock.time - overdue))

    def _is_wanted(self, incident: Incident, wanted: Wanted) -> bool:
        is_member = (incident.id, wanted.viewer) in self._state.members
        return (
            (not wanted.statuses or incident.status in wanted.statuses)
            and wanted.severity in (None, incident.severity)
            and (wanted.words or "").lower() in incident.title.lower()
            and (wanted.since is None or incident.triggered_at >= wanted.since)
            and (not incident.is_private or wanted.sees_all or is_member)
            and (wanted.drills or not incident.is_drill)
            and (wanted.involves is None or wanted.involves in self._people(incident))
        )

    def _people(self, incident: Incident) -> set[int]:
        roles = {holder.id for holder in incident.roles.values()}
        joined = {user for number, user in self._state.responders if number == incident.id}
        return {incident.reported_by.id, *roles, *joined}

    async def _of_guild(self, guild_id: int) -> list[Incident]:
        self._check()
        own = [incident for incident in self._state.incidents.values() if incident.guild_id == guild_id]
        return sorted(own, key=lambda incident: (incident.triggered_at, incident.id))

    async def _sent(self) -> list[Delivery]:
        """The sent ones, in the order in which they were."""
        self._check()
        return sent_of(self._state)

    def _sees(self, guild_id: int) -> bool:
        return self._guild_id in (None, guild_id)

    @property
    def mirrors(self) -> Mirrors:
        """Who may have told people while it was away."""
        return self._state.mirrors

    def _check(self) -> None:
        self._check_there()
        # PostgreSQL would be asked by another connection. When none is left, it is waited for in vain.
        if self._shared.holder is not None and self._shared.holder is asyncio.current_task():
            raise RuntimeError("within a transaction the store may not be asked: ask the transaction")

    def _check_there(self) -> None:
        if self.is_away:
            self.mirrors.go_silent()
            raise StorageUnavailable("PostgreSQL is away")


def _place_in_list(incident: Incident, gravity: Sequence[str]) -> tuple[int, int]:
    """The unacknowledged before the other open ones, each by severity; those that have ended come last."""
    state = {Status.TRIGGERED: 0, Status.ACKNOWLEDGED: 1}.get(incident.status, 2)
    known = incident.is_open and incident.severity in gravity
    return state, gravity.index(incident.severity) if known else len(gravity)
