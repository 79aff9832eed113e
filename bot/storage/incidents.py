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
            guild_id=new.guild_id,
            key=new.key,
            severity=new.severity,
            priority=priority,
            title=new.title,
            targets=new.targets,
            symptoms=new.symptoms,
            path=new.path,
            started_at=new.started_at,
            ack_due_at=ack_due_at,
            reported_by_id=new.reported_by.id,
            reported_by_name=new.reported_by.name,
            kind=new.kind,
            is_drill=new.is_drill,
            rings=new.rings,
            is_private=new.is_private,
            source=None if new.source is None else source_as_json(new.source),
            source_message_id=None if new.source is None else new.source.message_id,
            fingerprint=new.fingerprint,
            thread_channel=thread_channel,
            triggered_at=new.triggered_at,
        )
        if row is not None:
            self._locked[row["id"]] = row["version"]  # nobody else sees it before the commit
            return incident_from_row(row), True
        return incident_from_row(await self._sql.one("incident_by_key", key=new.key)), False

    async def incident_by_key(self, key: str) -> Incident | None:
        row = await self._sql.first("incident_by_key", key=key)
        return None if row is None else incident_from_row(row)

    async def incident(
        self, incident_id: int, *, lock: bool = False, known: Incident | None = None
    ) -> Incident:
        if known is not None and self._locked.get(incident_id) == known.version:
            return known
        if lock:
            row = await self._locked_incident(incident_id)
        else:
            row = await self._sql.first("incident", incident_id=incident_id, guild_id=self._guild_id)
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def save(self, incident: Incident) -> None:
        if incident.status is Status.TRIGGERED:
            self._begun.add(incident.id)
        await self._sql.one(
            "save_incident",
            incident_id=incident.id,
            version=incident.version,
            status=incident.status,
            acknowledged_at=incident.acknowledged_at,
            acknowledged_by_id=incident.acknowledged_by_id,
            acknowledged_by_name=incident.acknowledged_by_name,
            resolved_at=incident.ended_at,
            resolved_by_id=incident.ended_by_id,
            resolved_by_name=incident.ended_by_name,
            **_details(incident),
        )

    async def set_details(
        self, incident_id: int, *, targets: Sequence[str], symptoms: Sequence[str]
    ) -> Incident:
        row = await self._sql.first(
            "set_details", incident_id=incident_id, targets=list(targets), symptoms=list(symptoms)
        )
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def set_places(
        self, incident_id: int, *, alert: tuple[int, int] | None = None, thread_id: int | None = None
    ) -> Incident:
        channel_id, message_id = alert or (None, None)
        row = await self._sql.first(
            "set_places",
            incident_id=incident_id,
            alert_channel_id=channel_id,
            alert_message_id=message_id,
            thread_id=thread_id,
        )
        if row is None:
            raise IncidentNotFound(number=incident_id)
        return incident_from_row(row)

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        await self._lock_incident(incident_id)
        return (
            await self._sql.first(
                "join", incident_id=incident_id, user_id=by.id, name=by.name, via=via, guild_id=self._guild_id
            )
            is not None
        )

    async def leave(self, incident_id: int, user_id: int | None = None) -> list[Holder]:
        await self._lock_incident(incident_id)
        await self._sql.all("leave_incident", incident_id=incident_id, user_id=user_id)
        return await self.on_it(incident_id)

    async def on_it(self, incident_id: int) -> list[Holder]:
        rows = await self._sql.all("on_it", incident_id=incident_id)
        return [Holder(row["user_id"], row["name"]) for row in rows]

    async def responders(self, incident_id: int) -> list[Holder]:
        rows = await self._sql.all("responders", incident_id=incident_id)
        return [Holder(row["user_id"], row["name"]) for row in rows]

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        return await self._sql.first("use_link", link_id=link_id, incident_id=incident_id) is not None

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        self._appends.tell(incident_id, *entries)

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        row = await self._sql.first(
            "pin",
            incident_id=incident_id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            data=dict(entry.data or {}),
        )
        return row is not None

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        return (
            await self._sql.first("fill_pin", incident_id=incident_id, message_id=message_id, data=dict(data))
            is not None
        )

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return entries_from_rows(await self._sql.all("timeline", incident_id=incident_id))

    async def link(self, incident_id: int, related_id: int, *, by: Person) -> bool:
        first, second = sorted((incident_id, related_id))
        return (
            await self._sql.first(
                "link_incidents", first_id=first, second_id=second, by_id=by.id, by_name=by.name
            )
            is not None
        )

    async def unlink(self, incident_id: int, related_id: int) -> bool:
        first, second = sorted((incident_id, related_id))
        return await self._sql.first("unlink_incidents", first_id=first, second_id=second) is not None

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        self._appends.add_steps(steps)

    async def steps(self, incident_id: int) -> list[Step]:
        return [step_from_row(row) for row in await self._sql.all("steps", incident_id=incident_id)]

    async def resume_ladder(self, incident_id: int, *, since: datetime, priority: int) -> bool:
        await self._lock_incident(incident_id)
        self._begun.add(incident_id)
        return bool(
            await self._sql.all("resume_ladder", incident_id=incident_id, since=since, priority=priority)
        )

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        await self._lock_incident(incident_id)
        row = await self._sql.first("claim_step", incident_id=incident_id, index=index)
        return None if row is None else step_from_row(row)

    async def finish_step(self, incident_id: int, index: int) -> None:
        await self._sql.one("finish_step", incident_id=incident_id, index=index)

    async def record(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, data: Mapping[str, object]
    ) -> None:
        self._appends.tell(incident.id, entry)
        self._appends.audit(incident.guild_id, by, entry.kind, data)


def _details(incident: Incident) -> dict[str, object]:
    """Return the parameters of `save_incident` beside the status and its times."""
    return {
        "severity": incident.severity,
        "priority": incident.priority,
        "ack_due_at": incident.ack_due_at,
        "kind": incident.kind,
        "is_private": incident.is_private,
        "merged_into_id": incident.merged_into_id,
        "posting": incident.posting,
        "thread_posting": incident.thread_posting,
        "roles": roles_as_json(incident),
        "last_update": update_as_json(incident.last_update),
        "next_update_at": incident.next_update_at,
        "reminders": incident.reminders,
        "archive_at": incident.archive_at,
        "occurrences": incident.occurrences,
        "last_seen_at": incident.last_seen_at,
        "thread_channel": incident.thread_channel,
        "reopened_at": incident.reopened_at,
        "reopened_by_id": incident.reopened_by_id,
        "reopened_by_name": incident.reopened_by_name,
        "first_ended_at": incident.first_ended_at,
        "remind_at": incident.remind_at,
        "duplicates": incident.duplicates,
        "linked": incident.linked,
        "checks": checks_as_json(incident),
        "merged_into_hidden": incident.merged_into_hidden,
        "title": incident.title,
        "started_at": incident.started_at,
        "details_version": incident.details_version,
        "unreached": incident.unreached,
        "taken": timed_as_json(incident.taken),
        "ack_ended": timed_as_json(incident.ack_ended),
    }
