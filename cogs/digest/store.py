"""The table of digests: which weeks have theirs."""

from datetime import datetime

from bot.domain.calendar.iso_week import IsoWeek
from bot.storage.database.sql import Sql


class DigestWeeks:
    """The weeks whose digest is reserved, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def is_claimed(self, guild_id: int, week: IsoWeek) -> bool:
        """Return True if a week's digest is reserved, posted or not."""
        return await self._sql.has("digest", guild_id=guild_id, week=str(week))

    async def claim(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        """Reserve a week's digest; False when it is taken."""
        return await self._sql.has("claim_digest", guild_id=guild_id, week=str(week), due_at=due_at)
