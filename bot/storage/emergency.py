"""What is mirrored for the time when the database is away."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bot.domain.delivery import ACK_PLACES
from bot.domain.emergency import Watch
from bot.services.emergency_journal import watch_from_data
from bot.storage.pulse import Pulse
from bot.storage.sql import Row, Sql


class EmergencyReads:
    """The part of a store that is about the mirror."""

    _sql: Sql
    _pulse: Pulse
    _guild_id: int | None

    async def beat(self, *, mirror: UUID | None = None) -> datetime:
        return await self._pulse.beat(mirror, self._guild_id)

    async def leave(self, mirror: UUID) -> None:
        await self._sql.all("leave", mirror)

    async def is_untold(self) -> bool:
        is_untold: bool = (await self._sql.one("is_untold", self._guild_id))["is_untold"]
        return is_untold

    async def watched(self, *, without: Sequence[str], limit: int) -> list[Watch]:
        rows = await self._sql.all("watched", list(without), sorted(ACK_PLACES), self._guild_id, limit)
        return [_watch(row) for row in rows]


def _watch(row: Row) -> Watch:
    kept = {key: value for key, value in row.items() if key != "thread_id"}
    in_thread = row["is_private"] and row["thread_id"] is not None
    return watch_from_data({**kept, "to": f"thread:{row['thread_id']}" if in_thread else "channel"})
