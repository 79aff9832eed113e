"""The table of mornings."""

from collections.abc import Sequence
from datetime import date, datetime

from bot.domain.incident.incident import Incident
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row
from cogs.morning_triage.rules import Morning, MorningView


class Mornings:
    """The gatherings that *sql* sees, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def view(self, guild_id: int, day: date) -> MorningView | None:
        """Return one day's gathering with its incidents; None if there was none."""
        row = await self._sql.first("morning", guild_id=guild_id, day=day)
        return None if row is None else await self._view(row)

    async def listing(self, incident: Incident, *, since: date) -> list[Morning]:
        """Return the gatherings from *since* on that list *incident*, oldest first."""
        rows = await self._sql.all(
            "mornings_with", guild_id=incident.guild_id, incident_id=incident.id, since=since
        )
        return [_from_row(row) for row in rows]

    async def due(self, guild_id: int, *, severities: Sequence[str], before: datetime) -> list[Incident]:
        """Return unacknowledged incidents of *severities* that are due before *before*, oldest first.

        Drills are left out.
        """
        rows = await self._sql.all("due_before", guild_id=guild_id, severities=severities, before=before)
        return [incident_from_row(row) for row in rows]

    async def claim(self, morning: Morning) -> bool:
        """Store a day's gathering; False when there is one."""
        return await self._sql.has("claim_morning", morning)

    async def locked(self, guild_id: int, day: date) -> MorningView | None:
        """Lock and return one day's gathering with its incidents."""
        row = await self._sql.first("lock_morning", guild_id=guild_id, day=day)
        return None if row is None else await self._view(row)

    async def save(self, morning: Morning) -> None:
        """Store when the gathering asks next, and how often it has asked. The row must be locked."""
        await self._sql.all("save_morning", morning)

    async def _view(self, row: Row) -> MorningView:
        morning = _from_row(row)
        rows = await self._sql.all("incidents_of", incident_ids=morning.incident_ids)
        return MorningView(morning, tuple(incident_from_row(each) for each in rows))


def _from_row(row: Row) -> Morning:
    return from_row(Morning, row, incident_ids=tuple(row["incident_ids"]))
