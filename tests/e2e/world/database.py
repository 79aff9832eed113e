"""The connections of a story to the bot's database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bot.storage.database.migrate import SEARCH_PATH

_MOST = 10


class StoryDatabase:
    """Lends connections that it keeps: the server starts a process for each, and a story asks it often."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._opening = asyncio.Lock()
        self._pool: asyncpg.Pool | None = None

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend one for the block."""
        async with (await self._opened()).acquire() as connection:
            yield connection

    async def _opened(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn, min_size=0, max_size=_MOST, server_settings={"search_path": SEARCH_PATH}
                )
            return self._pool

    def close(self) -> None:
        """End what is left of them."""
        if self._pool is not None:
            self._pool.terminate()
