"""How incidents were resolved."""

from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Resolution
from bot.storage.database.sql import Sql


class ResolutionRows:
    """How incidents were resolved. What saves needs a transaction that has locked the incident."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def resolution(self, incident_id: int) -> Resolution | None:
        """Return how an incident was resolved last; None if no words were kept."""
        row = await self._sql.first("resolution", incident_id=incident_id, guild_id=self._sql.guild_id)
        return None if row is None else Resolution.from_json(row)

    async def save_resolution(self, incident: Incident, resolution: Resolution) -> None:
        """Write how an incident was resolved, in the place of what was written before."""
        await self._sql.one(
            "save_resolution", resolution, incident_id=incident.id, guild_id=incident.guild_id
        )
