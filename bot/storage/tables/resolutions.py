"""How incidents were resolved."""

from bot.domain.incident.aftermath import Resolution
from bot.domain.incident.incident import Incident
from bot.storage.tables.bases import ReadPart


class PostgresResolutionReads(ReadPart):
    """A `bot.services.ports.store.resolutions.ResolutionReads`."""

    async def resolution(self, incident_id: int) -> Resolution | None:
        row = await self._sql.first("resolution", incident_id=incident_id, guild_id=self._guild_id)
        return None if row is None else Resolution.from_json(row)


class PostgresResolutionWrites(PostgresResolutionReads):
    """A `bot.services.ports.store.resolutions.ResolutionWrites`."""

    async def save_resolution(self, incident: Incident, resolution: Resolution) -> None:
        await self._sql.one(
            "save_resolution", resolution, incident_id=incident.id, guild_id=incident.guild_id
        )
