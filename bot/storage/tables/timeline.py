"""The timeline of incidents, pasted output that its author has not confirmed yet, and the audit log."""

from collections.abc import Mapping, Sequence

from bot.domain.audit import AuditData, AuditQuestion, AuditRow
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.sheets import OutputPreview
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.database.sql import Sql
from bot.storage.rows import entries_from_rows, from_row
from bot.storage.transaction import TransactionSql


class TimelineRows:
    """The timelines of incidents."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """Return the timeline of an incident, oldest first."""
        return entries_from_rows(await self._sql.all("timeline", incident_id=incident_id))

    async def pinned_in(self, message_id: int) -> list[int]:
        """Return the numbers of the incidents to whose timeline a message was pinned."""
        return [
            row["incident_id"]
            for row in await self._sql.all("pinned_in", message_id=message_id, guild_id=self._sql.guild_id)
        ]

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        """Append a message of the thread (PINNED, with its "message_id"); False when it is there already."""
        return await self._sql.has(
            "pin",
            incident_id=incident_id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            data=dict(entry.data or {}),
        )

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        """Give a pinned message without words those of *data*; False when it has some, or is not there."""
        return await self._sql.has(
            "fill_pin", incident_id=incident_id, message_id=message_id, data=dict(data)
        )


class AuditRows:
    """The audit log."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def audit(
        self,
        *,
        guild_id: int,
        by: Person,
        action: str,
        allowed: bool,
        data: AuditData | None = None,
    ) -> None:
        """Record a refusal or a change outside any transaction of the caller's."""
        await self._sql.all(
            "audit",
            guild_id=guild_id,
            actor_id=by.id,
            actor_name=by.name,
            action=action,
            allowed=allowed,
            data=(data or AuditData()).to_json(),
        )

    async def audit_rows(self, guild_id: int, question: AuditQuestion, *, limit: int) -> list[AuditRow]:
        """Return rows of the audit log, the latest first, at most *limit*."""
        rows = await self._sql.all("audit_rows", question, guild_id=guild_id, limit=limit)
        return [AuditRow(**{**row, "data": AuditData.from_json(row["data"])}) for row in rows]


class TimelineWrites:
    """Adds to timelines, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def record(self, incident: Incident, entry: TimelineEntry, *, by: Person, data: AuditData) -> None:
        """Append an entry about what *by* did, and audit it under the entry's kind with *data*."""
        self._sql.appends.tell(incident.id, entry)
        self._sql.appends.audit(incident.guild_id, by, entry.kind, data)

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        """Append *entries* to the incident's timeline."""
        self._sql.appends.tell(incident_id, *entries)

    async def add_timelines(self, entries: Sequence[tuple[int, TimelineEntry]]) -> None:
        """Append to the histories of several incidents, by number."""
        for number, entry in entries:
            self._sql.appends.tell(number, entry)


class AuditWrites:
    """Adds to the audit log in the transaction that makes the change."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def audit(self, *, guild_id: int, by: Person, action: str, data: AuditData | None = None) -> None:
        """Record a change that a person made, in the commit that makes it."""
        self._sql.appends.audit(guild_id, by, action, data or AuditData())


class OutputPreviewRows:
    """Pasted output that its author has not confirmed yet."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add_output_preview(self, preview: OutputPreview) -> None:
        """Store a preview; one with the same id stays. Previews that are a day old are deleted."""
        await self._sql.all("add_output_preview", preview, counts=dict(preview.counts))

    async def take_output_preview(
        self, preview_id: int, *, incident_id: int, by_id: int
    ) -> OutputPreview | None:
        """Delete a preview of one person and return it; None if there is none (any more)."""
        row = await self._sql.first(
            "take_output_preview", preview_id=preview_id, incident_id=incident_id, by_id=by_id
        )
        return None if row is None else from_row(OutputPreview, row)
