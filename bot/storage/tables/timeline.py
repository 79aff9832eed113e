"""The timeline of incidents, and the audit log."""

from collections.abc import Mapping, Sequence

from bot.domain.audit import AuditData, AuditQuestion, AuditRow
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.rows import entries_from_rows
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresTimelineReads(ReadPart):
    """A `TimelineReads` and an `AuditLog` of `bot.services.ports.store.timeline`."""

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return entries_from_rows(await self._sql.all("timeline", incident_id=incident_id))

    async def pinned_in(self, message_id: int) -> list[int]:
        return [
            row["incident_id"]
            for row in await self._sql.all("pinned_in", message_id=message_id, guild_id=self._guild_id)
        ]

    async def audit(
        self,
        *,
        guild_id: int,
        by: Person,
        action: str,
        allowed: bool,
        data: AuditData | None = None,
    ) -> None:
        await self._sql.all(
            "audit",
            guild_id=guild_id,
            actor_id=by.id,
            actor_name=by.name,
            action=action,
            allowed=allowed,
            data=(data or AuditData()).to_json(),
        )

    async def audit_rows(self, guild_id: int, asked: AuditQuestion, *, limit: int) -> list[AuditRow]:
        rows = await self._sql.all("audit_rows", asked, guild_id=guild_id, limit=limit)
        return [AuditRow(**{**row, "data": AuditData.from_json(row["data"])}) for row in rows]


class PostgresTimelineWrites(TransactionPart):
    """A `TimelineWrites` and an `AuditWrites` of `bot.services.ports.store.timeline`."""

    async def record(self, incident: Incident, entry: TimelineEntry, *, by: Person, data: AuditData) -> None:
        self._appends.tell(incident.id, entry)
        self._appends.audit(incident.guild_id, by, entry.kind, data)

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        self._appends.tell(incident_id, *entries)

    async def add_timelines(self, entries: Sequence[tuple[int, TimelineEntry]]) -> None:
        for number, entry in entries:
            self._appends.tell(number, entry)

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        return await self._sql.has(
            "pin",
            incident_id=incident_id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            data=dict(entry.data or {}),
        )

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        return await self._sql.has(
            "fill_pin", incident_id=incident_id, message_id=message_id, data=dict(data)
        )

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return entries_from_rows(await self._sql.all("timeline", incident_id=incident_id))

    async def audit(self, *, guild_id: int, by: Person, action: str, data: AuditData | None = None) -> None:
        self._appends.audit(guild_id, by, action, data or AuditData())
