"""Pages that are kept in step with systems outside."""

from datetime import timedelta
from typing import Protocol

from bot.domain.delivery.delivery import Delivery
from bot.domain.paging.sync import SyncedPage
from bot.domain.paging.ways import Way


class PagingReads(Protocol):
    """Reads the pages that are kept in step."""

    async def kept_page(self, delivery_id: int) -> SyncedPage | None:
        """Return the page of a delivery; None if it is not kept in step any more."""

    async def kept_pages_of(self, incident_id: int, way: Way) -> list[SyncedPage]:
        """Return an incident's pages at one system, the latest first, also those that are over."""


class PagingWrites(PagingReads, Protocol):
    """The part of a transaction that is about them."""

    async def keep_outside_page(self, delivery: Delivery, way: Way, reference: str) -> bool:
        """Begin to keep a page in step; False if that system has the same page already."""

    async def save_kept_page(self, page: SyncedPage, *, wait: timedelta | None) -> None:
        """Write what the system knows, and the time until the next look; None: there is none."""
