"""A transaction in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.digest import IsoWeek
from bot.domain.dlq import ReplayRecord
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.escalation.watches import Change
from bot.domain.incident.incident import Holder, Incident, NewIncident, Status, Tracked
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.privacy import RemovedMember
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from tests.fakes.alerts import FakeAlerts
from tests.fakes.deliveries import FakeDeliveries
from tests.fakes.drills import FakeDrills
from tests.fakes.mornings import FakeMornings
from tests.fakes.oncall import FakeOnCall
from tests.fakes.state import AuditRow, Responder, removed_of, responders_of
from tests.fakes.storms import FakeStorms
from tests.fakes.triages import FakeTriages
from tests.fakes.watches import change


class FakeTransaction(
    FakeDeliveries, FakeStorms, FakeTriages, FakeAlerts, FakeDrills, FakeMornings, FakeOnCall
):
    """A `bot.services.ports.Transaction` on a copy of the tables."""

    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime, thread_channel: str | None = None
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
            triggered_at=new.triggered_at or self._now,
            ack_due_at=ack_due_at,
            reported_by=Holder(new.reported_by.id, new.reported_by.name),
            kind=new.kind,
            thread_channel=thread_channel,
            is_drill=new.is_drill,
            rings=new.rings,
            is_private=new.is_private,
            tracked=Tracked(
                source=new.source,
                fingerprint=new.fingerprint,
                last_seen_at=self._now if new.fingerprint is not None else None,
            ),
        )
        self.state.incidents[incident.id] = incident
        self.state.incident_keys[new.key] = incident.id
        return incident, True

    async def incident_by_key(self, key: str) -> Incident | None:
        known = self.state.incident_keys.get(key)
        return None if known is None else self.state.incidents[known]

    async def incident(
        self, incident_id: int, *, lock: bool = False, known: Incident | None = None
    ) -> Incident:
        return self._incident(incident_id)

    async def save(self, incident: Incident) -> None:
        if incident.status is Status.TRIGGERED:
            self.begun.add(incident.id)
        known = self._incident(incident.id)
        if known.version != incident.version - 1:
            raise RuntimeError(f"{incident.label} is at version {known.version}, not {incident.version - 1}")
        self.state.incidents[incident.id] = replace(
            incident,
            post=replace(incident.post, channel_id=known.post.channel_id, message_id=known.post.message_id),
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
        channel_id, message_id = alert or (known.post.channel_id, known.post.message_id)
        return self._change(
            known,
            post=replace(known.post, channel_id=channel_id, message_id=message_id),
            thread_id=thread_id or known.thread_id,
        )

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        incident, key = self.state.incidents.get(incident_id), (incident_id, by.id)
        if incident is None or self._guild_id not in (None, incident.guild_id):
            return False
        known = self.state.responders.get(key)
        joins = incident.is_open and (known is None or known.has_left)
        if joins:
            self.state.responders[key] = (
                Responder(by.name, via, self._now)
                if known is None
                else replace(known, has_left=False, joined_at=self._now)
            )
        return joins

    async def leave(self, incident_id: int, user_id: int | None = None) -> list[Holder]:
        own = {key: who for key, who in self.state.responders.items() if key[0] == incident_id}
        for key, who in own.items():
            if user_id in (None, key[1]):
                self.state.responders[key] = replace(who, has_left=True)
        return await self.on_it(incident_id)

    async def on_it(self, incident_id: int) -> list[Holder]:
        own = [(key[1], who) for key, who in self.state.responders.items() if key[0] == incident_id]
        there = sorted((who.joined_at, user, who.name) for user, who in own if not who.has_left)
        return [Holder(user, name) for _, user, name in there]

    async def responders(self, incident_id: int) -> list[Holder]:
        return responders_of(self.state, incident_id)

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return list(self.state.timelines.get(incident_id, []))

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        if self._pin(incident_id, (entry.data or {})["message_id"]) is not None:
            return False
        await self.add_timeline(incident_id, entry)
        return True

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        history = self.state.timelines.get(incident_id, [])
        index = self._pin(incident_id, message_id)
        if index is None or history[index].said:
            return False
        history[index] = replace(history[index], data={**(history[index].data or {}), **data})
        return True

    def _pin(self, incident_id: int, message_id: object) -> int | None:
        history = self.state.timelines.get(incident_id, [])
        pins = (index for index, entry in enumerate(history) if entry.kind is TimelineKind.PINNED)
        return next((n for n in pins if (history[n].data or {}).get("message_id") == message_id), None)

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        is_new = link_id not in self.state.used_links
        self.state.used_links.add(link_id)
        return is_new

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        history = self.state.timelines.setdefault(self._incident(incident_id).id, [])
        history.extend(
            replace(entry, data=entry.data or None, id=next(self._sequences.entry), recorded_at=self._now)
            for entry in entries
        )
        history.sort(key=lambda entry: entry.at)

    async def link(self, incident_id: int, related_id: int, *, by: Person) -> bool:
        first, second = sorted((self._incident(incident_id).id, self._incident(related_id).id))
        if (first, second) in self.state.links:
            return False
        self.state.links[first, second] = by.name
        return True

    async def unlink(self, incident_id: int, related_id: int) -> bool:
        first, second = sorted((incident_id, related_id))
        return self.state.links.pop((first, second), None) is not None

    async def add_member(self, incident_id: int, *, user_id: int, name: str, by: Person) -> bool:
        key = (self._incident(incident_id).id, user_id)
        is_new = key not in self.state.members
        self.state.members.setdefault(key, name)
        return is_new

    async def remove_member(self, incident_id: int, who: Person, *, by: Person) -> bool:
        key = (self._incident(incident_id).id, who.id)
        self.state.removed[key] = RemovedMember(who.id, who.username, self._now)
        return self.state.members.pop(key, None) is not None

    async def readmit(self, incident_id: int, user_id: int) -> None:
        self.state.removed.pop((incident_id, user_id), None)

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        return (incident_id, user_id) in self.state.members

    async def members(self, incident_id: int) -> list[int]:
        return [user_id for number, user_id in self.state.members if number == incident_id]

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        return removed_of(self.state, incident_id)

    async def audit(
        self, *, guild_id: int, by: Person, action: str, data: Mapping[str, object] | None = None
    ) -> None:
        row = AuditRow(self._now, guild_id, by.id, by.name, action, allowed=True, data=dict(data or {}))
        self.state.audit.append(row)

    async def record(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, data: Mapping[str, object]
    ) -> None:
        await self.add_timeline(incident.id, entry)
        await self.audit(guild_id=incident.guild_id, by=by, action=entry.kind.value, data=data)

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            after = step.due_at - (step.starts_at or self._incident(step.incident_id).triggered_at)
            key = (step.incident_id, step.index)
            self.state.steps[key] = replace(step, rung=replace(step.rung, after=after))

    async def steps(self, incident_id: int) -> list[Step]:
        return ladder(self.state.steps.values(), incident_id)

    async def resume_ladder(self, incident_id: int, *, since: datetime, priority: int) -> bool:
        self.begun.add(incident_id)
        steps = await self.steps(incident_id)
        latest = max((step.starts_at for step in steps if step.starts_at is not None), default=None)
        again = [
            step
            for step in steps
            if (step.status, step.priority, step.starts_at) == (StepStatus.CANCELLED, priority, latest)
        ]
        shift = max(since - min((step.due_at for step in again), default=since), timedelta())
        for step in again:
            due_at = step.due_at + shift
            rung = replace(step.rung, after=due_at - (step.starts_at or since))
            resumed = replace(step, status=StepStatus.PENDING, due_at=due_at, rung=rung)
            self.state.steps[incident_id, step.index] = resumed
        return bool(again)

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        step = self.state.steps.get((incident_id, index))
        return step if step is not None and step.status is StepStatus.PENDING else None

    async def finish_step(self, incident_id: int, index: int) -> None:
        step = self.state.steps[incident_id, index]
        if step.status is not StepStatus.PENDING:
            raise RuntimeError(f"step {incident_id}:{index} is decided")
        self.state.steps[incident_id, index] = replace(step, status=StepStatus.DONE)

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, via: AckVia, data: Mapping[str, object]
    ) -> list[int]:
        by = Person(id=entry.actor_id or 0, name=entry.actor_name or "")
        await self.save(incident)
        await self.join(incident.id, by, via=via)
        await self.record(incident, entry, by=by, data=data)
        return await self.cancel_ladder(incident.id)

    def watch(self, incident_id: int) -> None:
        self.begun.add(incident_id)

    def change(self) -> Change | None:
        """What to tell whoever listens."""
        return change(self.state, self.begun, self.ended)

    async def cancel_ladder(self, incident_id: int) -> list[int]:
        self.ended.add(incident_id)
        self._cancel_paging(incident_id)
        pending = [step for step in await self.steps(incident_id) if step.status is StepStatus.PENDING]
        for step in pending:
            key = (incident_id, step.index)
            self.state.steps[key] = replace(step, status=StepStatus.CANCELLED)
        return sorted(step.index for step in pending)

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
