"""Statements are prepared before they are needed, in the background."""

import asyncio

import pytest

from bot.domain.errors import StorageUnavailable
from bot.storage.database.pools import borrow, open_pool
from bot.storage.database.warming import teach, warm
from tests.patience import PATIENCE_S
from tests.pg_proxy import PgProxy

_AWAY_S = 0.01
_CONNECTIONS = 5


async def test_learning_takes_one_connection_at_a_time(database_url: str) -> None:
    """Preparing statements in the background hardly ever keeps more than one connection busy.

    At 100 ms an alert waited for two seconds while three of five connections prepared at once.
    """
    async with PgProxy(database_url, delay_s=_AWAY_S / 2).running() as proxy:
        pool = await open_pool(proxy.dsn(), min_size=_CONNECTIONS, max_size=_CONNECTIONS)
        busy: list[int] = []
        learning = asyncio.create_task(warm(pool))
        while not learning.done():
            busy.append(pool.get_size() - pool.get_idle_size())
            await asyncio.sleep(_AWAY_S / 5)
        await learning
        await warm(pool)  # nothing is left to learn
        await pool.close()
    assert len(busy) > 100
    assert sum(one > 1 for one in busy) < len(busy) / 10


async def test_whoever_needs_a_connection_waits_for_no_learning(database_url: str) -> None:
    """Two of five are busy for long: all others were kept until one of them came back."""
    pool = await open_pool(database_url, min_size=_CONNECTIONS, max_size=_CONNECTIONS)
    await warm(pool)
    async with borrow(pool), borrow(pool):
        learning = asyncio.create_task(warm(pool))
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S), borrow(pool) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        await learning
    await pool.close()


async def test_a_small_pool_learns_too(database_url: str) -> None:
    """In a pool of two connections, one learns the statements and the other one stays free."""
    pool = await open_pool(database_url, min_size=2, max_size=2)
    await warm(pool)
    await warm(pool)
    async with borrow(pool) as one, borrow(pool) as other:
        known = [len(await each.fetch("SELECT FROM pg_prepared_statements")) for each in (one, other)]
    await pool.close()
    assert sorted(count > 30 for count in known) == [False, True]


async def test_a_connection_that_was_lost_is_an_outage(database_url: str) -> None:
    """Preparing statements on a lost connection raises StorageUnavailable.

    A lost connection is taken out of the pool and has no method `learn` any more.
    """
    pool = await open_pool(database_url, min_size=2, max_size=2)
    async with borrow(pool) as lost, borrow(pool) as other:
        ended = asyncio.Event()
        lost.add_termination_listener(lambda _: ended.set())
        await other.execute("SELECT pg_terminate_backend($1)", lost.get_server_pid())
        await ended.wait()
        with pytest.raises(StorageUnavailable):
            await teach(lost, ["SELECT 1"])
    await pool.close()
