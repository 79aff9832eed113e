"""Pages that are kept in step with systems outside."""

from datetime import timedelta

from bot.domain.delivery.delivery import Delivery
from bot.domain.paging import SyncedPage, SyncedState, Way
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row


class SyncedPageRows:
    """Pages that are kept in step with systems outside."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def kept_page(self, delivery_id: int) -> SyncedPage | None:
        """Return the page of a delivery; None if it is not kept in step any more."""
        row = await self._sql.first("kept_page", delivery_id=delivery_id)
        return None if row is None else _page(row)

    async def kept_pages_of(self, incident_id: int, way: Way) -> list[SyncedPage]:
        """Return an incident's pages at one system, the latest first, also those that are over."""
        rows = await self._sql.all("kept_pages_of", incident_id=incident_id, way=way)
        return [_page(row) for row in rows]

    async def keep_outside_page(self, delivery: Delivery, way: Way, reference: str) -> bool:
        """Begin to keep a page in step; False if that system has the same page already."""
        return await self._sql.has(
            "keep_outside_page",
            delivery,
            delivery_id=delivery.id,
            way=way,
            reference=reference,
        )

    async def save_kept_page(self, page: SyncedPage, *, wait: timedelta | None) -> None:
        """Write what the system knows, and the time until the next look; None: there is none."""
        await self._sql.all("save_kept_page", page, told=page.state, wait=wait)


def _page(row: Row) -> SyncedPage:
    return from_row(SyncedPage, row, way=Way(row["way"]), state=SyncedState(row["told"]))
