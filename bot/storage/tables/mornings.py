"""Morning triages, and weekly digests."""

from collections.abc import Sequence
from datetime import date, datetime

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.incident.incident import Incident
from bot.domain.morning import Morning, MorningView
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresMorningReads(ReadPart):
    """A `MorningReads` and a `DigestReads` of `bot.services.ports.store.mornings`."""

    async def morning_view(self, guild_id: int, day: date) -> MorningView | None:
        row = await self._sql.first("morning", guild_id=guild_id, day=day)
        return None if row is None else await _view(self._sql, _from_row(row))

    async def is_digest_claimed(self, guild_id: int, week: IsoWeek) -> bool:
        return await self._sql.has("digest", guild_id=guild_id, week=str(week))

    async def mornings_with(self, incident: Incident, *, since: date) -> list[Morning]:
        rows = await self._sql.all(
            "mornings_with", guild_id=incident.guild_id, incident_id=incident.id, since=since
        )
        return [_from_row(row) for row in rows]


class PostgresMorningWrites(TransactionPart):
    """A `MorningWrites` and a `DigestWrites` of `bot.services.ports.store.mornings`."""

    async def due_before(
        self, guild_id: int, *, severities: Sequence[str], before: datetime
    ) -> list[Incident]:
        rows = await self._sql.all("due_before", guild_id=guild_id, severities=severities, before=before)
        return [incident_from_row(row) for row in rows]

    async def claim_morning(self, morning: Morning) -> bool:
        return await self._sql.has("claim_morning", morning)

    async def morning(self, guild_id: int, day: date) -> MorningView | None:
        row = await self._sql.first("lock_morning", guild_id=guild_id, day=day)
        return None if row is None else await _view(self._sql, _from_row(row))

    async def save_morning(self, morning: Morning) -> None:
        await self._sql.all("save_morning", morning)

    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        return await self._sql.has("claim_digest", guild_id=guild_id, week=str(week), due_at=due_at)


async def _view(sql: Sql, morning: Morning) -> MorningView:
    rows = await sql.all("incidents_of", incident_ids=morning.incident_ids)
    return MorningView(morning, tuple(incident_from_row(row) for row in rows))


def _from_row(row: Row) -> Morning:
    return from_row(Morning, row, incident_ids=tuple(row["incident_ids"]))
