"""A process that is stopped within a transaction blocks no other, wherever in a statement it stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from bot.domain.shards import Instance
from bot.storage.database.leases import Leases, open_lease_pool
from tests.postgres import connect

_LOCK = "SELECT pg_advisory_xact_lock(1)"
_WITHIN_S = 10.0


@asynccontextmanager
async def stopped(dsn: str, *, seen_s_ago: int) -> AsyncIterator[asyncpg.Connection]:
    """A process within a transaction, last seen so long ago."""
    me = uuid4()
    connection = await asyncpg.connect(dsn, server_settings={"application_name": f"incident-bot {me}"})
    other = await connect(dsn)
    await other.execute(
        "INSERT INTO instances (id, host, version, shard_count, seen_at)"
        f" VALUES ($1, 'host', '1', 1, clock_timestamp() - interval '{seen_s_ago} seconds')",
        me,
    )
    await other.close()
    await connection.execute("BEGIN")
    await connection.execute(_LOCK)
    yield connection
    connection.terminate()


async def is_free(dsn: str) -> bool:
    """Return True if another connection gets the lock."""
    connection = await connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT pg_try_advisory_lock(1)"))
    finally:
        await connection.close()


@pytest.mark.parametrize("is_between", [False, True], ids=["idle", "between the parts of a statement"])
async def test_the_silent_lose_their_locks(database_url: str, is_between: bool) -> None:
    """The next one that beats ends its transaction."""
    pool = await open_lease_pool(database_url)
    async with stopped(database_url, seen_s_ago=10) as connection:
        if is_between:
            await connection.prepare("SELECT 2")  # described, and not yet carried out
        me = Instance(uuid4(), "here", "1", 1)
        async with asyncio.timeout(_WITHIN_S):
            while not await is_free(database_url):
                await Leases(pool).beat(me, [])
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.fetchval("SELECT 1")
    await pool.close()


async def test_the_living_keep_theirs(database_url: str) -> None:
    """A long transaction of an instance that was seen recently is left alone."""
    pool = await open_lease_pool(database_url)
    async with stopped(database_url, seen_s_ago=-60) as connection:
        me = Instance(uuid4(), "here", "1", 1)
        for _ in range(15):
            await Leases(pool).beat(me, [])
            await asyncio.sleep(0.1)  # a transaction that is younger than a second is left alone anyway
        assert await connection.fetchval("SELECT 1") == 1
    await pool.close()
