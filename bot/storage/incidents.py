"""Incidents, their history and their ladder, within a transaction."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.errors import IncidentNotFound
from bot.domain.escalation import Step
from bot.domain.incident import AckVia, Incident, NewIncident, TimelineEntry
from bot.domain.people import Person
from bot.storage.rows import entry_from_row, incident_from_row, step_from_row
from bot.storage.sql import Sql


class IncidentWrites:
    """The part of a transaction that is about incidents."""

    _sql: Sql

    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime
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
        )
        if row is not None:
            return incident_from_row(row), True
        return incident_from_row(await self._sql.one("incident_by_key", new.key)), False

    async def incident(self, incident_id: int, *, lock: bool = False) -> Incident:
        row = await self._sql.first("lock_incident" if lock else "incident", incident_id)
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def save(self, incident: Incident) -> None:
        await self._sql.one(
            "save_incident",
            incident.id,
            incident.version,
            incident.status,
            incident.acknowledged_at,
            incident.acknowledged_by_id,
            incident.acknowledged_by_name,
            incident.resolved_at,
            incident.resolved_by_id,
            incident.resolved_by_name,
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

    async def add_responder(self, incident_id: int, by: Person, *, via: AckVia, at: datetime) -> bool:
        return await self._sql.first("add_responder", incident_id, by.id, by.name, via, at) is not None

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        await self._sql.all("add_timeline", incident_id, [_entry_as_json(entry) for entry in entries])

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return [entry_from_row(row) for row in await self._sql.all("timeline", incident_id)]

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        await self._sql.all("insert_steps", [_step_as_json(step) for step in steps])

    async def steps(self, incident_id: int) -> list[Step]:
        return [step_from_row(row) for row in await self._sql.all("steps", incident_id)]

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        await self._sql.all("lock_incident", incident_id)  # always first: see store.py
        row = await self._sql.first("claim_step", incident_id, index)
        return None if row is None else step_from_row(row)

    async def finish_step(self, incident_id: int, index: int) -> None:
        await self._sql.one("finish_step", incident_id, index)

    async def cancel_steps(self, incident_id: int) -> list[int]:
        await self._sql.all("lock_incident", incident_id)
        return sorted(row["index"] for row in await self._sql.all("cancel_steps", incident_id))


def _entry_as_json(entry: TimelineEntry) -> dict[str, object]:
    return {
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "data": dict(entry.data or {}),
    }


def _step_as_json(step: Step) -> dict[str, object]:
    return {
        "incident_id": step.incident_id,
        "index": step.index,
        "due_at": step.due_at.isoformat(),
        "mention": step.rung.mention,
        "dm": step.rung.dm,
    }
