"""What this installation serves, and the guild of a row, looked up over all guilds."""

from datetime import datetime

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.installation import Installation
from bot.storage.tables.bases import ReadPart


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


class PostgresGuildFinder(ReadPart):
    """A `bot.services.ports.GuildFinder`."""

    async def guild_of_incident(self, incident_id: int) -> int | None:
        return await self._guild("guild_of_incident", incident_id=incident_id)

    async def guild_of_triage(self, triage_id: int) -> int | None:
        return await self._guild("guild_of_triage", triage_id=triage_id)

    async def guild_of(self, query: str, number: int) -> int | None:
        return await self._guild(query, number=number)

    async def guild_of_delivery(self, delivery_id: int) -> int | None:
        return await self._guild("guild_of_delivery", delivery_id=delivery_id)

    async def guild_of_message(self, message_id: int) -> int | None:
        return await self._guild(
            "incident_by_message", message_id=message_id, kinds=sorted(ACK_KINDS), guild_id=None
        )

    async def _guild(self, query: str, **parameters: object) -> int | None:
        row = await self._sql.first(query, **parameters)
        return None if row is None else row["guild_id"]
