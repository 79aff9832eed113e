"""Incidents, their history and their ladder, within a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.errors import IncidentNotFound
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Holder, Incident, NewIncident, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.appends import Appends
from bot.storage.database.locks import IncidentLocks
from bot.storage.rows import (
    checks_as_json,
    entries_from_rows,
    incident_from_row,
    roles_as_json,
    source_as_json,
    step_from_row,
    timed_as_json,
    update_as_json,
)


class IncidentWrites(IncidentLocks):
    """The part of a transaction that is about incidents."""

    _appends: Appends

    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime, thread_channel: str | None = None
    ) -> tuple[Incident, bool]:
        row = await self._sql.first(
            "insert_incident",
            new.guild_id,
            new.key,
            new.severity,
            priority,
            new.title,
            new.targets,
            new.symptoms,
            new.path,
            new.started_at,
            ack_due_at,
            new.reported_by.id,
            new.reported_by.name,
            new.kind,
            new.is_drill,
            new.rings,
            new.is_private,
            None if new.source is None else source_as_json(new.source),
            None if new.source is None else new.source.message_id,
            new.fingerprint,
            thread_channel,
            new.triggered_at,
        )
        if row is not None:
            self._locked[row["id"]] = row["version"]  # nobody else sees it before the commit
            return incident_from_row(row), True
        return incident_from_row(await self._sql.one("incident_by_key", new.key)), False

    async def incident_by_key(self, key: str) -> Incident | None:
        row = await self._sql.first("incident_by_key", key)
        return None if row is None else incident_from_row(row)

    async def incident(
        self, incident_id: int, *, lock: bool = False, known: Incident | None = None
    ) -> Incident:
        if known is not None and self._locked.get(incident_id) == known.version:
            return known
        if lock:
            row = await self._locked_incident(incident_id)
        else:
            row = await self._sql.first("incident", incident_id, self._guild_id)
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def save(self, incident: Incident) -> None:
        if incident.status is Status.TRIGGERED:
            self._begun.add(incident.id)
        await self._sql.one(
            "save_incident",
            incident.id,
            incident.version,
            incident.status,
            incident.acknowledged_at,
            incident.acknowledged_by_id,
            incident.acknowledged_by_name,
            incident.ended_at,
            incident.ended_by_id,
            incident.ended_by_name,
            *_life(incident),
        )

    async def set_details(
        self, incident_id: int, *, targets: Sequence[str], symptoms: Sequence[str]
    ) -> Incident:
        row = await self._sql.first("set_details", incident_id, list(targets), list(symptoms))
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def set_places(
        self, incident_id: int, *, alert: tuple[int, int] | None = None, thread_id: int | None = None
    ) -> Incident:
        channel_id, message_id = alert or (None, None)
        row = await self._sql.first("set_places", incident_id, channel_id, message_id, thread_id)
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        await self._lock_incident(incident_id)
        return await self._sql.first("join", incident_id, by.id, by.name, via, self._guild_id) is not None

    async def leave(self, incident_id: int, user_id: int | None = None) -> list[Holder]:
        await self._lock_incident(incident_id)
        await self._sql.all("leave_incident", incident_id, user_id)
        return await self.on_it(incident_id)

    async def on_it(self, incident_id: int) -> list[Holder]:
        rows = await self._sql.all("on_it", incident_id)
        return [Holder(row["user_id"], row["name"]) for row in rows]

    async def responders(self, incident_id: int) -> list[Holder]:
        rows = await self._sql.all("responders", incident_id)
        return [Holder(row["user_id"], row["name"]) for row in rows]

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        return await self._sql.first("use_link", link_id, incident_id) is not None

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        self._appends.tell(incident_id, *entries)

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        who = (entry.actor_id, entry.actor_name)
        row = await self._sql.first("pin", incident_id, entry.at, *who, dict(entry.data or {}))
        return row is not None

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        return await self._sql.first("fill_pin", incident_id, message_id, dict(data)) is not None

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return entries_from_rows(await self._sql.all("timeline", incident_id))

    async def link(self, incident_id: int, related_id: int, *, by: Person) -> bool:
        first, second = sorted((incident_id, related_id))
        return await self._sql.first("link_incidents", first, second, by.id, by.name) is not None

    async def unlink(self, incident_id: int, related_id: int) -> bool:
        first, second = sorted((incident_id, related_id))
        return await self._sql.first("unlink_incidents", first, second) is not None

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        self._appends.add_steps(steps)

    async def steps(self, incident_id: int) -> list[Step]:
        return [step_from_row(row) for row in await self._sql.all("steps", incident_id)]

    async def resume_ladder(self, incident_id: int, *, since: datetime, priority: int) -> bool:
        await self._lock_incident(incident_id)
        self._begun.add(incident_id)
        return bool(await self._sql.all("resume_ladder", incident_id, since, priority))

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        await self._lock_incident(incident_id)
        row = await self._sql.first("claim_step", incident_id, index)
        return None if row is None else step_from_row(row)

    async def finish_step(self, incident_id: int, index: int) -> None:
        await self._sql.one("finish_step", incident_id, index)

    async def record(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, data: Mapping[str, object]
    ) -> None:
        self._appends.tell(incident.id, entry)
        self._appends.audit(incident.guild_id, by, entry.kind, data)


def _life(incident: Incident) -> tuple[object, ...]:
    """Return the arguments that `save_incident` takes after the state, in order."""
    return (
        incident.severity,
        incident.priority,
        incident.ack_due_at,
        incident.kind,
        incident.is_private,
        incident.merged_into_id,
        incident.posting,
        incident.thread_posting,
        roles_as_json(incident),
        update_as_json(incident.last_update),
        incident.next_update_at,
        incident.reminders,
        incident.archive_at,
        incident.occurrences,
        incident.last_seen_at,
        incident.thread_channel,
        incident.reopened_at,
        incident.reopened_by_id,
        incident.reopened_by_name,
        incident.first_ended_at,
        incident.remind_at,
        incident.duplicates,
        incident.linked,
        checks_as_json(incident),
        incident.merged_into_hidden,
        incident.title,
        incident.started_at,
        incident.details_version,
        incident.unreached,
        timed_as_json(incident.taken),
        timed_as_json(incident.ack_ended),
    )
