"""The watch over new failures of the highest severity."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.dlq.watch import DEEP, DlqBurst, DlqWatch, SeenFailure
from bot.storage.database.sql import Row, many
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresDlqWatchReads(ReadPart):
    """A `bot.services.ports.store.dlq.watch.DlqWatchReads`."""

    async def dlq_watch(self, guild_id: int) -> DlqWatch | None:
        row = await self._sql.first("dlq_watch", guild_id=guild_id)
        return None if row is None else from_row(DlqWatch, row)

    async def unseen_failures(self, guild_id: int, entry_ids: Sequence[str]) -> frozenset[str]:
        rows = await self._sql.all("unseen_failures", guild_id=guild_id, entry_ids=list(entry_ids))
        return frozenset(row["entry_id"] for row in rows)

    async def dlq_burst(self, burst_id: int) -> DlqBurst | None:
        row = await self._sql.first("dlq_burst", burst_id=burst_id)
        return None if row is None else _burst(row)


class PostgresDlqWatchWrites(TransactionPart):
    """A `bot.services.ports.store.dlq.watch.DlqWatchWrites`."""

    async def begin_dlq_watch(self, guild_id: int) -> bool:
        return await self._sql.has("begin_dlq_watch", guild_id=guild_id)

    async def lock_dlq_watch(self, guild_id: int) -> bool:
        return await self._sql.has("lock_dlq_watch", guild_id=guild_id)

    async def end_dlq_watch(self, guild_id: int) -> None:
        await self._sql.all("end_dlq_watch", guild_id=guild_id)

    async def note_seen(self, guild_id: int, failures: Sequence[SeenFailure]) -> frozenset[str]:
        keys = [{"id": one.id, "attempted_at": one.attempted_at.isoformat()} for one in failures]
        rows = await self._sql.all("note_seen", guild_id=guild_id, failures=many(keys))
        return frozenset(row["entry_id"] for row in rows)

    async def move_dlq_watch(self, guild_id: int, *, at: datetime, is_deep: bool) -> None:
        # Twice as far back as it ever looks again.
        await self._sql.all(
            "move_dlq_watch", guild_id=guild_id, at=at, is_deep=is_deep, forgotten=at - 2 * DEEP
        )

    async def latest_burst(self, guild_id: int) -> DlqBurst | None:
        row = await self._sql.first("latest_burst", guild_id=guild_id)
        return None if row is None else _burst(row)

    async def open_burst(self, guild_id: int, *, count: int, shown: Sequence[SeenFailure]) -> DlqBurst:
        listed = [one.to_json() for one in shown]
        return _burst(await self._sql.one("open_burst", guild_id=guild_id, count=count, shown=listed))

    async def grow_burst(self, burst_id: int, *, count: int, shown: Sequence[SeenFailure]) -> None:
        listed = [one.to_json() for one in shown]
        await self._sql.all("grow_burst", burst_id=burst_id, count=count, shown=listed)


def _burst(row: Row) -> DlqBurst:
    return from_row(DlqBurst, row, shown=tuple(map(SeenFailure.from_json, row["shown"])))
