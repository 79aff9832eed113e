"""Morning triages: what readers see, and what a transaction writes."""

from collections.abc import Sequence
from datetime import date, datetime

from bot.domain.incident.incident import Incident
from bot.domain.morning import Morning, MorningView
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import incident_from_row


class MorningReads:
    """The part of a store that is about morning triages."""

    _sql: Sql

    async def morning_view(self, guild_id: int, day: date) -> MorningView | None:
        row = await self._sql.first("morning", guild_id=guild_id, day=day)
        return None if row is None else await _view(self._sql, _from_row(row))

    async def mornings_with(self, incident: Incident, *, since: date) -> list[Morning]:
        rows = await self._sql.all(
            "mornings_with", guild_id=incident.guild_id, incident_id=incident.id, since=since
        )
        return [_from_row(row) for row in rows]


class MorningWrites:
    """The part of a transaction that is about morning triages."""

    _sql: Sql

    async def due_before(
        self, guild_id: int, *, severities: Sequence[str], before: datetime
    ) -> list[Incident]:
        rows = await self._sql.all("due_before", guild_id=guild_id, severities=severities, before=before)
        return [incident_from_row(row) for row in rows]

    async def claim_morning(self, morning: Morning) -> bool:
        row = await self._sql.first(
            "claim_morning",
            guild_id=morning.guild_id,
            day=morning.day,
            incident_ids=morning.incident_ids,
            nag_at=morning.nag_at,
        )
        return row is not None

    async def morning(self, guild_id: int, day: date) -> MorningView | None:
        row = await self._sql.first("lock_morning", guild_id=guild_id, day=day)
        return None if row is None else await _view(self._sql, _from_row(row))

    async def save_morning(self, morning: Morning) -> None:
        await self._sql.all(
            "save_morning",
            guild_id=morning.guild_id,
            day=morning.day,
            nag_at=morning.nag_at,
            nags=morning.nags,
        )


async def _view(sql: Sql, morning: Morning) -> MorningView:
    rows = await sql.all("incidents_of", incident_ids=morning.incident_ids)
    return MorningView(morning, tuple(incident_from_row(row) for row in rows))


def _from_row(row: Row) -> Morning:
    return Morning(
        guild_id=row["guild_id"],
        day=row["day"],
        incident_ids=tuple(row["incident_ids"]),
        nag_at=row["nag_at"],
        nags=row["nags"],
    )
