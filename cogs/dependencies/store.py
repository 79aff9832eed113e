"""The alerts that incidents hold."""

from collections.abc import Sequence

from bot.domain.alerts.decisions import HeldAlert
from bot.storage.database.sql import Sql
from bot.storage.rows import from_row
from cogs.dependencies.rules import HeldDependant


class HeldAlerts:
    """The alerts that incidents of a guild hold, within a transaction or without one."""

    def __init__(self, sql: Sql, guild_id: int) -> None:
        self._sql = sql
        self._guild_id = guild_id

    async def holder(self, targets: Sequence[str]) -> int | None:
        """Lock and return the open incident about one of *targets*: it stays open until the commit."""
        names = [target.lower() for target in targets]
        row = await self._sql.first("holding_incident", guild_id=self._guild_id, targets=names)
        return None if row is None else row["id"]

    async def held_by(self, number: int, *, fingerprint: str | None = None) -> list[HeldDependant]:
        """Return the alerts that an incident holds: the one of *fingerprint*, or all."""
        rows = await self._sql.all(
            "dependants_held", guild_id=self._guild_id, number=number, fingerprint=fingerprint
        )
        return [from_row(HeldDependant, row, alert=HeldAlert.from_json(row["held"])) for row in rows]

    async def fires_still(self, number: int, fingerprint: str) -> bool:
        """Return True if an alert that an incident holds is not over. The fingerprint must be locked."""
        row = await self._sql.one(
            "dependant_fires", guild_id=self._guild_id, number=number, fingerprint=fingerprint
        )
        fires: bool = row["fires"]
        return fires

    async def tracked_since(self, held: HeldDependant) -> int | None:
        """Return the incident on which the alert was counted since it was held last; None without one."""
        row = await self._sql.first("dependant_tracked_since", held, guild_id=self._guild_id)
        return None if row is None else row["incident_id"]

    async def move(self, number: int, fingerprint: str, *, to: int) -> None:
        """Let another incident hold an alert."""
        await self._sql.all(
            "hold_by_other", guild_id=self._guild_id, number=number, fingerprint=fingerprint, other=to
        )

    async def forget(self, number: int, fingerprint: str) -> None:
        """End the hold of an alert that is over."""
        await self._sql.all("forget_held", guild_id=self._guild_id, number=number, fingerprint=fingerprint)

    async def adopt(self, number: int, fingerprint: str, *, incident_id: int) -> None:
        """Count what an incident has held of an alert on the incident of that alert."""
        await self._sql.all(
            "adopt_dependant",
            guild_id=self._guild_id,
            number=number,
            fingerprint=fingerprint,
            incident_id=incident_id,
        )
