"""The table of incidents that are put to rest."""

from bot.domain.incident.incident import Incident
from bot.storage.database.sql import Sql
from bot.storage.rows import from_row
from cogs.snooze.rules import Snoozed


class Snoozes:
    """The snoozes that *sql* sees, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of_incident(self, incident_id: int) -> Snoozed | None:
        """Return until when an incident rests; None if it does not."""
        row = await self._sql.first("snooze_of_incident", incident_id=incident_id)
        return None if row is None else from_row(Snoozed, row)

    async def save(self, snoozed: Snoozed) -> None:
        """Keep the latest snooze of an incident; a second one replaces the first."""
        await self._sql.all("save_snooze", snoozed)

    async def forget(self, incident_id: int) -> bool:
        """Return True if the incident rested; it does no more."""
        return await self._sql.has("forget_snooze", incident_id=incident_id)


async def of_incident(sql: Sql, incident: Incident) -> Snoozed | None:
    """Return until when *incident* rests, for `/incident show`."""
    return await Snoozes(sql).of_incident(incident.id)
