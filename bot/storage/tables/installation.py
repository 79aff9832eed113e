"""What this installation serves."""

from datetime import datetime

from bot.domain.installation import Installation
from bot.storage.tables.parts import ReadPart


class PostgresInstallation(ReadPart):
    """A `bot.services.ports.store.installation.InstallationReads`."""

    async def installation(self) -> Installation:
        row = await self._sql.one("installation")
        return Installation(id=str(row["id"]), link_key=row["link_key"])

    async def register_guild(self, guild_id: int) -> datetime:
        await self._sql.all("register_guild", guild_id=guild_id)
        installed_at: datetime = (await self._sql.one("guild_installed_at", guild_id=guild_id))[
            "installed_at"
        ]
        return installed_at
