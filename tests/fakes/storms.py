"""Many at once, in memory."""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.delivery.delivery import (
    ACK_PLACES,
    UNFINISHED,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    NewDelivery,
)
from bot.domain.escalation.bundle import LISTED, Bundle, Bundled, Group, group_of
from bot.domain.escalation.ladder import Due, Step, StepStatus, split
from bot.domain.incident.incident import Incident, Status
from bot.domain.oncall.roster import marked
from bot.domain.timeline.entries import TimelineEntry
from bot.services.ports import Job, JobName
from bot.services.ports.store.deliveries import Prospect
from bot.services.ports.store.incidents import OpenCount
from bot.services.shared.postings import step_key
from bot.storage.tables.bundles import GATHER
from tests.fakes.base import FakePart
from tests.fakes.clock import FakeClock
from tests.fakes.deliveries import emailed
from tests.fakes.state import State, StoredDelivery


class FakeStorms(FakePart):
    """The part of a transaction that is about many at once."""

    async def claim_due(self, before: datetime, *, limit: int) -> list[Due]:
        own = (step for step in _pending(self.state) if self._owns(step.incident_id))
        waiting = [step for step in own if step.due_at <= before]
        gravest = sorted(
            waiting, key=lambda step: (-step.priority, step.due_at, step.incident_id, step.index)
        )
        numbers = list(dict.fromkeys(step.incident_id for step in gravest))[:limit]
        return [self._due(number, before) for number in numbers]

    def _owns(self, number: int) -> bool:
        return self._guild_id in (None, self.state.incidents[number].guild_id)

    def _due(self, number: int, before: datetime) -> Due:
        own = [step for step in _pending(self.state) if step.incident_id == number]
        due, following = split(sorted(own, key=lambda step: (step.due_at, step.index)), before)
        pages = [
            stored.delivery
            for stored in self.state.deliveries.values()
            if stored.delivery.incident_id == number and stored.delivery.kind is DeliveryKind.PAGE
        ]
        told = Counter(_person(page) for page in pages if page.status is DeliveryStatus.SENT)
        failed = {_person(page) for page in pages if page.status is DeliveryStatus.FAILED}
        last = max(index for incident_id, index in self.state.steps if incident_id == number)
        reached = dict(told), tuple(sorted(failed - set(told)))
        return Due(self.state.incidents[number], due[-1], following, *reached, last, earlier=due[:-1])

    async def finish_steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            known = self.state.steps[step.incident_id, step.index]
            self.state.steps[step.incident_id, step.index] = replace(known, status=StepStatus.DONE)
            self.state.jobs.pop(f"step:{step.incident_id}:{step.index}", None)

    async def add_timelines(self, entries: Sequence[tuple[int, TimelineEntry]]) -> None:
        for number, entry in entries:
            history = self.state.timelines.setdefault(number, [])
            made = replace(entry, data=entry.data or None, id=next(self._sequences.entry))
            history.append(replace(made, recorded_at=self._now))

    async def insert_bundled(self, new: Sequence[NewDelivery], group: Group) -> None:
        for one in new:
            if self.state.delivery_by_key(one.key) is None:
                self._store(one)
        await self.bundle(group)

    async def bundle(self, group: Group, *, apart: Collection[str] = ()) -> int:
        bundle_id = self._open_bundle(group)
        for stored in [one for one in waiting_of(self.state, group) if one.delivery.key not in apart]:
            delivery = replace(stored.delivery, bundle_id=bundle_id)
            self.state.deliveries[delivery.id] = replace(stored, delivery=delivery, next_try_at=_NEVER)
            self.state.jobs.pop(f"deliver:{delivery.id}", None)
        return bundle_id

    async def close_bundle(self, delivery_id: int) -> int:
        stored = self.state.deliveries[delivery_id]
        closed = replace(stored.delivery, status=DeliveryStatus.SENDING)
        self.state.deliveries[delivery_id] = replace(stored, delivery=closed)
        left = [one for one in members(self.state, delivery_id) if one.status in UNFINISHED]
        return sum(one.held_at is None or not self._is_overtaken(one) for one in left)

    def _is_overtaken(self, owed: Delivery) -> bool:
        every = (stored.delivery for stored in self.state.deliveries.values() if stored.delivery.id > owed.id)
        about = (owed.incident_id, owed.kind, owed.to)
        later = (one for one in every if (one.incident_id, one.kind, one.to) == about)
        return any(one.status is not DeliveryStatus.CANCELLED for one in later)

    async def bundled(self, delivery_id: int) -> list[Bundled]:
        return [
            Bundled(one.id, one.incident_id or 0, one.kind, one.to)
            for one in members(self.state, delivery_id)
        ]

    async def mark_bundle_emailed(self, bundle_id: int, *, to: Sequence[str], is_done: bool) -> None:
        for one in members(self.state, bundle_id):
            stored = self.state.deliveries[one.id]
            told = emailed(one, to=to, is_done=is_done)
            self.state.deliveries[one.id] = replace(stored, delivery=told)

    def _open_bundle(self, group: Group) -> int:
        data = {"of": group.kind.value, "severity": group.severity, "mention": group.mention}
        for stored in self.state.deliveries.values():
            known = stored.delivery
            is_same = (known.to, known.guild_id, known.data) == (group.to, group.guild_id, data)
            if known.kind is DeliveryKind.BUNDLE and is_same and known.status is DeliveryStatus.PENDING:
                return known.id
        key = f"bundle:{secrets.token_hex(16)}"
        new = NewDelivery(
            DeliveryKind.BUNDLE,
            group.to,
            key,
            group.guild_id,
            data=data,
            priority=group.priority,
        )
        made = self._store(new)
        self._enqueue(Job(JobName.DELIVER, str(made), f"deliver:{made}", group.priority, GATHER))
        return made

    def _store(self, new: NewDelivery) -> int:
        delivery = self._owed(new)
        self.state.deliveries[delivery.id] = StoredDelivery(delivery, new.after, self._now)
        return delivery.id


class FakeStormReads:
    """What is read of many at once."""

    clock: FakeClock
    _state: State

    def _check(self) -> None:
        """As the store does."""
        raise NotImplementedError

    def _sees(self, guild_id: int) -> bool:
        """As the store does."""
        raise NotImplementedError

    async def due_incidents(
        self, before: datetime, *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        self._check()
        due: dict[int, tuple[int, datetime]] = {}
        for step in _pending(self._state):
            if step.due_at <= before and self._sees(self._state.incidents[step.incident_id].guild_id):
                grave, at = due.get(step.incident_id, (step.priority, step.due_at))
                due[step.incident_id] = (max(grave, step.priority), min(at, step.due_at))
        fresh = [number for number in due if since is None or due[number][1] > since]
        order = sorted(fresh, key=lambda number: (-due[number][0], due[number][1], number))
        return [self._state.incidents[number] for number in order[:limit]]

    async def put_off_steps(self, by: timedelta) -> None:
        self._check()
        self._put_off(lambda due_at: None if due_at > self.clock.time else self.clock.time + by)

    async def put_off_until_due(self) -> None:
        self._check()
        self._put_off(lambda due_at: due_at if due_at > self.clock.time else None)

    def _put_off(self, until: Callable[[datetime], datetime | None]) -> None:
        """Give the jobs that are ready another time, if *until* knows one for the step's due time."""
        due = {
            step_key(one.incident_id, one.index): one.due_at
            for one in _pending(self._state)
            if self._sees(self._state.incidents[one.incident_id].guild_id)
        }
        for key, queued in list(self._state.jobs.items()):
            is_ready = queued.job.name is JobName.ESCALATE and queued.due_at <= self.clock.time
            if is_ready and key in due and (then := until(due[key])):
                self._state.jobs[key] = replace(queued, due_at=then)

    async def before_sending(self, delivery_id: int, *, at_most: int) -> Prospect | None:
        self._check()
        stored = self._state.deliveries[delivery_id]
        if stored.delivery.status not in UNFINISHED or stored.delivery.bundle_id is not None:
            return None
        group = _group(self._state, stored) if _is_untouched(stored) else None
        waiting = 0 if group is None else min(len(waiting_of(self._state, group)), at_most)
        delivery = self._state.delivery(delivery_id)
        dues = self._due_since(), self._is_behind(delivery)
        return Prospect(delivery, self.clock.time, *dues, group, waiting)

    async def step_due_in(self, incident_id: int, index: int) -> timedelta | None:
        self._check()
        step = self._state.steps.get((incident_id, index))
        return (
            None if step is None or step.status is not StepStatus.PENDING else step.due_at - self.clock.time
        )

    def _is_behind(self, own: Delivery) -> bool:
        if own.kind not in {DeliveryKind.NOTICE, DeliveryKind.ESCALATION}:
            return False
        those = (stored.delivery for stored in self._state.deliveries.values())
        return any(
            one.id < own.id and one.held_at is not None and one.status in UNFINISHED
            for one in those
            if (one.incident_id, one.to) == (own.incident_id, own.to)
            and one.kind in {own.kind, DeliveryKind.ALERT}
        )

    def _due_since(self) -> datetime | None:
        own = (
            step
            for step in _pending(self._state)
            if self._sees(self._state.incidents[step.incident_id].guild_id)
        )
        return min((step.due_at for step in own if step.due_at <= self.clock.time), default=None)

    async def bundle(self, delivery_id: int) -> Bundle:
        self._check()
        told = {one.incident_id or 0 for one in members(self._state, delivery_id)}
        known = (self._state.incidents[number] for number in told)
        found = sorted((one for one in known if self._sees(one.guild_id)), key=lambda one: one.id)
        waiting = sorted(
            (one for one in found if one.status is Status.TRIGGERED),
            key=lambda one: (one.triggered_at, one.id),
        )
        data = self._state.deliveries[delivery_id].delivery.data
        facts = (DeliveryKind(str(data["of"])), str(data["severity"]), str(data["mention"]))
        return Bundle(
            delivery_id, *facts, len(found), len(waiting), tuple(waiting[:LISTED]), now=self.clock.time
        )

    async def incidents_by_messages(self, message_ids: Sequence[int]) -> Mapping[int, list[Incident]]:
        self._check()
        found: dict[int, set[int]] = {}
        for stored in self._state.deliveries.values():
            sent = stored.delivery
            counts = sent.status is DeliveryStatus.SENT and sent.kind in ACK_PLACES
            message_id = sent.message_id or 0
            if counts and sent.incident_id is not None and message_id in message_ids:
                found.setdefault(message_id, set()).add(sent.incident_id)
        for message_id, (_, number) in self._state.alert_messages.items():
            if message_id in message_ids:
                found.setdefault(message_id, set()).add(number)
        incidents = self._state.incidents
        own = {
            message_id: [incidents[one] for one in sorted(numbers) if self._sees(incidents[one].guild_id)]
            for message_id, numbers in found.items()
        }
        return {message_id: seen for message_id, seen in own.items() if seen}

    async def unacknowledged(self, *, after: int, limit: int) -> list[Incident]:
        self._check()
        waiting = (one for one in self._state.incidents.values() if one.status is Status.TRIGGERED)
        own = (one for one in waiting if one.id > after and self._sees(one.guild_id))
        return sorted(own, key=lambda one: one.id)[:limit]

    async def open_page(self, guild_id: int, *, after: int, limit: int) -> list[Incident]:
        self._check()
        own = (one for one in self._state.incidents.values() if one.guild_id == guild_id and one.is_open)
        return sorted((one for one in own if one.id > after), key=lambda one: one.id)[:limit]

    async def count_open(self, guild_id: int) -> list[OpenCount]:
        self._check()
        found: dict[str, list[Incident]] = {}
        for one in self._state.incidents.values():
            if one.guild_id == guild_id and one.is_open and not one.is_drill:
                found.setdefault(one.severity, []).append(one)
        return [_counted(guild_id, severity, found[severity]) for severity in sorted(found)]


_NEVER = datetime.max.replace(tzinfo=UTC)


def members(state: State, bundle_id: int) -> list[Delivery]:
    """What a bundle tells of, but what became moot first."""
    own = (stored.delivery for stored in state.deliveries.values() if stored.delivery.bundle_id == bundle_id)
    return [one for one in own if one.status is not DeliveryStatus.CANCELLED]


def waiting_of(state: State, group: Group) -> list[StoredDelivery]:
    """What a group could bundle now."""
    return [
        stored
        for stored in state.deliveries.values()
        if _is_untouched(stored) and _group(state, stored) == group
    ]


def _is_untouched(stored: StoredDelivery) -> bool:
    delivery = stored.delivery
    is_waiting = delivery.status is DeliveryStatus.PENDING and delivery.bundle_id is None
    return is_waiting and delivery.request is None


def _group(state: State, stored: StoredDelivery) -> Group | None:
    owed = stored.delivery
    incident = state.incidents.get(owed.incident_id or 0)
    if incident is None:
        return None
    new = NewDelivery(
        owed.kind,
        owed.to,
        owed.key,
        owed.guild_id,
        incident_id=incident.id,
        data=owed.data,
        after=stored.after,
        priority=owed.priority,
    )
    return group_of(new, incident)


def _pending(state: State) -> list[Step]:
    return [
        step
        for step in state.steps.values()
        if step.status is StepStatus.PENDING and state.incidents[step.incident_id].status is Status.TRIGGERED
    ]


def _person(page: Delivery) -> str:
    recipient = None if page.request is None else page.request.recipient
    return page.to.removeprefix("person:") if recipient is None else marked(recipient)


def _counted(guild_id: int, severity: str, found: list[Incident]) -> OpenCount:
    waiting = [one for one in found if one.status is Status.TRIGGERED]
    deadlines = [one.ack_due_at for one in waiting]
    return OpenCount(guild_id, severity, len(found), len(waiting), min(deadlines, default=None))
