"""The views of the DLQ's console that are too long for a button."""

from collections.abc import Mapping

from bot.storage.tables.bases import ReadPart


class PostgresDlqViews(ReadPart):
    """A `bot.services.ports.store.dlq.views.DlqViews`."""

    async def remember_dlq_views(self, guild_id: int, states: Mapping[str, str]) -> None:
        rows = [{"token": token, "state": state} for token, state in states.items()]
        await self._sql.all("remember_dlq_views", guild_id=guild_id, states=rows)

    async def dlq_view(self, guild_id: int, token: str) -> str | None:
        row = await self._sql.first("dlq_view", guild_id=guild_id, token=token)
        return None if row is None else row["state"]
