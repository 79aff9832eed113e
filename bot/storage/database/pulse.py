"""The check that the work's tables can be written: one check for all concurrent callers, with a timeout."""

import asyncio
import time
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from bot.domain.errors import StorageUnavailable
from bot.storage.database.errors import every_storage_error
from bot.storage.database.pools import borrow
from bot.storage.database.sql import Sql

WITHIN_S: Final = 2.0
"""How long a write may take before the database counts as away, seconds."""

FULL_S: Final = 5.0
"""For how long a write for which there was no room counts, seconds: the queue tries at least every two."""

#: Takes the lock of an ordinary writer on each table that deadlines need, and releases it at once. A backup,
#: a migration or a person may hold a lock that conflicts with it: then no deadline can be decided, although
#: the beat's own rows can be written. It also proves the permission to write. One implicit transaction, so
#: one round trip.
_TABLES_CAN_BE_WRITTEN: Final = """
SET LOCAL lock_timeout = '1s';
LOCK TABLE incidents, escalation_steps, deliveries, pgqueuer IN ROW EXCLUSIVE MODE
"""

_FULL: Final = asyncpg.DiskFullError.__name__


class Pulse:
    """The signs of life of one process, written once for all its guilds: they share the row."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._told: dict[UUID, int | None] = {}
        self._coming: asyncio.Task[datetime] | None = None
        self._full_at = float("-inf")

    def refused(self, reason: str) -> None:
        """Note that the queue or a job could not write; *reason*: PostgreSQL's error by asyncpg's name.

        On a full disk a beat, which writes the same rows again, finds room where nothing else does: it proves
        nothing then.
        """
        if reason == _FULL:
            self._full_at = time.monotonic()

    async def beat(self, mirror: UUID | None, guild_id: int | None) -> datetime:
        """See `bot.storage.store.Store.beat`."""
        if time.monotonic() - self._full_at < FULL_S:
            raise StorageUnavailable(_FULL)
        if mirror is not None:
            self._told[mirror] = guild_id
        if self._coming is None:
            self._coming = asyncio.create_task(self._write(), name="beat")
        return await asyncio.shield(self._coming)

    async def _write(self) -> datetime:
        await asyncio.sleep(0)  # lets concurrent callers join
        told, self._told, self._coming = self._told, {}, None
        try:
            async with asyncio.timeout(WITHIN_S):
                with every_storage_error():
                    return await self._written(told)
        except TimeoutError:
            raise StorageUnavailable("TimeoutError") from None

    async def _written(self, told: dict[UUID, int | None]) -> datetime:
        async with borrow(self._pool) as connection:
            try:
                await connection.execute(_TABLES_CAN_BE_WRITTEN)  # first: a beat says that writing works
                now: datetime = (
                    await Sql(connection).one("beat", mirrors=list(told), guild_ids=list(told.values()))
                )["now"]
            except asyncio.CancelledError:
                connection.terminate()  # asyncpg would wait until the server has heard that it is to stop
                raise
            return now
