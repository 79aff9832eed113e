"""Pages that are kept in step with systems outside."""

from datetime import timedelta

from bot.domain.delivery.delivery import Delivery
from bot.domain.paging.sync import SyncedPage, SyncedState
from bot.domain.paging.ways import Way
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart


class PostgresPagingReads(ReadPart):
    """A `bot.services.ports.store.paging.PagingReads`."""

    async def kept_page(self, delivery_id: int) -> SyncedPage | None:
        row = await self._sql.first("kept_page", delivery_id=delivery_id)
        return None if row is None else _page(row)

    async def kept_pages_of(self, incident_id: int, way: Way) -> list[SyncedPage]:
        rows = await self._sql.all("kept_pages_of", incident_id=incident_id, way=way)
        return [_page(row) for row in rows]


class PostgresPagingWrites(PostgresPagingReads):
    """A `bot.services.ports.store.paging.PagingWrites`."""

    async def keep_outside_page(self, delivery: Delivery, way: Way, reference: str) -> bool:
        return await self._sql.has(
            "keep_outside_page",
            delivery,
            delivery_id=delivery.id,
            way=way,
            reference=reference,
        )

    async def save_kept_page(self, page: SyncedPage, *, wait: timedelta | None) -> None:
        await self._sql.all("save_kept_page", page, told=page.state, wait=wait)


def _page(row: Row) -> SyncedPage:
    return from_row(SyncedPage, row, way=Way(row["way"]), state=SyncedState(row["told"]))
