"""How many connections a process takes, and what becomes of one that is refused."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.doctor.finding import State
from bot.doctor.storage import check_connections
from bot.domain.errors import StorageBroken
from bot.storage.database.pools import LEASE_CONNECTIONS, Connections, borrow, open_pool
from tests.pg_proxy import PgProxy, Refusal


@pytest_asyncio.fixture
async def proxy(database_url: str) -> AsyncIterator[PgProxy]:
    """A proxy before a database of this test's own."""
    async with PgProxy(database_url).running() as proxy:
        yield proxy


@pytest.mark.parametrize("total", [7, 10, 20, 200])
def test_the_parts_add_up(total: int) -> None:
    """All connections that a process may have are divided, and each part of the process gets some."""
    parts = Connections(total)
    assert LEASE_CONNECTIONS + parts.queue + parts.own == total
    assert parts.queue > 1, "one listens all the time"
    assert parts.own > 0


async def test_a_refused_connection_waits_for_another(proxy: PgProxy) -> None:
    """A pool that is not allowed to grow lends what it has, one after the other."""
    proxy.limit = 1
    pool = await open_pool(proxy.dsn(), max_size=3)

    async def ask() -> int:
        async with borrow(pool) as connection:
            return int(await connection.fetchval("SELECT 1 FROM pg_sleep(0.05)"))

    assert sum(await asyncio.gather(ask(), ask(), ask())) == 3
    assert proxy.refused > 0
    await pool.close()


async def test_nobody_may_enter(proxy: PgProxy) -> None:
    """If the database refuses every connection with an internal error, the store is reported as broken."""
    pool = await open_pool(proxy.dsn(), min_size=0)
    proxy.refuse = lambda _startup: Refusal()
    with pytest.raises(StorageBroken, match="InternalServerError"):
        async with borrow(pool):
            pass
    await pool.close()


async def test_the_doctor_tries_as_many_as_a_process_needs(proxy: PgProxy) -> None:
    """The doctor tries the connections that a process needs, and warns if fewer are allowed.

    The warning says how many were allowed and why no more, without the database's address.
    """
    assert (await check_connections(proxy.dsn(), 7)).state is State.OK
    proxy.limit = 5
    found = await check_connections(proxy.dsn(), 7)
    assert found.state is State.WARN
    assert found.said.startswith("only 5 of 7 more are allowed")
    assert "EMAXCONNSESSION" in found.said
    assert "postgresql://" not in found.said
