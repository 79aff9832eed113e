"""The alerts that incidents hold."""

from collections.abc import Iterable, Sequence

from bot.storage.database.sql import Sql


class DependantRows:
    """The alerts that incidents of a guild hold, within a transaction or without one."""

    def __init__(self, sql: Sql, guild_id: int) -> None:
        self._sql = sql
        self._guild_id = guild_id

    async def holder(self, targets: Sequence[str], *, besides: Iterable[str]) -> int | None:
        """Lock and return the open incident about one of *targets*: it stays open until the commit.

        Args:
            besides: The severities whose incidents do not count.
        """
        names = [target.lower() for target in targets]
        row = await self._sql.first(
            "holding_incident", guild_id=self._guild_id, targets=names, besides=list(besides)
        )
        return None if row is None else row["id"]

    async def held_by(self, number: int) -> list[str]:
        """Return the fingerprints of the alerts that an incident holds."""
        rows = await self._sql.all("dependants_held", guild_id=self._guild_id, number=number)
        return [row["fingerprint"] for row in rows]
