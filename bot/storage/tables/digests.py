"""Weekly digests."""

from datetime import datetime

from bot.domain.calendar.iso_week import IsoWeek
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresDigestReads(ReadPart):
    """A `bot.services.ports.store.digests.DigestReads`."""

    async def is_digest_claimed(self, guild_id: int, week: IsoWeek) -> bool:
        return await self._sql.has("digest", guild_id=guild_id, week=str(week))


class PostgresDigestWrites(TransactionPart):
    """A `bot.services.ports.store.digests.DigestWrites`."""

    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        return await self._sql.has("claim_digest", guild_id=guild_id, week=str(week), due_at=due_at)
