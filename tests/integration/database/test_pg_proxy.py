"""The proxy before PostgreSQL does what the rows that use it say."""

import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from tests.pg_proxy import Commits, PgProxy, Refusal
from tests.postgres import connect

_WAY_S = 0.05


@pytest_asyncio.fixture
async def proxy(database_url: str) -> AsyncIterator[PgProxy]:
    """A proxy before a database of this test's own, which has a table t."""
    async with PgProxy(database_url).running() as proxy:
        connection = await connect(proxy.dsn())
        await connection.execute("CREATE TABLE t (n int)")
        await connection.close()
        yield proxy


async def _rows(database_url: str) -> int:
    connection = await connect(database_url)
    rows = await connection.fetchval("SELECT count(*) FROM t")
    await connection.close()
    return int(rows)


async def _insert(proxy: PgProxy) -> None:
    connection = await connect(proxy.dsn())
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO t VALUES ($1)", 1)
    finally:
        connection.terminate()


@pytest.mark.quiet
async def test_each_direction_is_delayed(proxy: PgProxy) -> None:
    """A round trip takes twice the way, and ten statements at once no longer than that."""
    connection = await connect(proxy.dsn())
    proxy.delay_s = _WAY_S
    began = time.monotonic()
    await connection.execute(";".join(["SELECT 1"] * 10))
    took_s = time.monotonic() - began
    assert 2 * _WAY_S <= took_s < 6 * _WAY_S
    await connection.close()


async def test_one_connection_too_many_is_refused(proxy: PgProxy) -> None:
    """The proxy refuses one connection too many as a pooler does; after one has left, the next may enter."""
    proxy.limit = 1
    first = await connect(proxy.dsn())
    with pytest.raises(asyncpg.InternalServerError, match="EMAXCONNSESSION"):
        await connect(proxy.dsn())
    await first.close()
    await _insert(proxy)
    assert (proxy.most, proxy.refused) == (1, 1)


async def test_a_connection_is_refused_by_its_name(proxy: PgProxy) -> None:
    """The proxy refuses only connections of one application name and lets others through."""
    proxy.refuse = lambda startup: Refusal("53300") if startup.get("application_name") == "queue" else None
    await _insert(proxy)
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(proxy.dsn(), server_settings={"application_name": "queue"})


async def test_a_statement_is_refused(proxy: PgProxy) -> None:
    """The proxy refuses the chosen statement, and the statement's connection ends."""
    connection = await connect(proxy.dsn())
    proxy.refuse_statement = lambda text: Refusal("53300") if "pgqueuer" in text else None
    assert await connection.fetchval("SELECT 1") == 1
    with pytest.raises(asyncpg.ConnectionDoesNotExistError, match="EMAXCONNSESSION"):
        await connection.fetchval("SELECT count(*) FROM pgqueuer WHERE id > $1", 0)
    assert connection.is_closed()


@pytest.mark.parametrize(("commits", "rows"), [(Commits.UNANSWERED, 1), (Commits.PREVENTED, 0)])
async def test_a_commit_is_lost(proxy: PgProxy, database_url: str, commits: Commits, rows: int) -> None:
    """A lost COMMIT raises an error; the row is there only if just the answer was lost."""
    proxy.commits = commits
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await _insert(proxy)
    assert (await _rows(database_url), proxy.commits_met) == (rows, 1)


async def test_last_words_are_of_the_transaction_that_is_committed(proxy: PgProxy, database_url: str) -> None:
    """Only the COMMIT of a transaction that has run the chosen statement loses its answer.

    A statement that was only prepared, or ran in an earlier transaction, does not count.
    """
    connection = await connect(proxy.dsn())
    async with connection.transaction():
        await connection.execute("INSERT INTO t VALUES ($1)", 0)
    insert = await connection.prepare("INSERT INTO t VALUES ($1)")
    proxy.last_words = "INTO t"
    async with connection.transaction():
        assert await connection.fetchval("SELECT $1::int", 1) == 1
    assert proxy.commits_met == 0
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        async with connection.transaction():
            await insert.fetch(2)
    assert (await _rows(database_url), proxy.commits_met) == (2, 1)


async def test_connections_are_broken(proxy: PgProxy) -> None:
    """The proxy breaks the connections that exist, and a new connection works."""
    connection = await connect(proxy.dsn())
    assert proxy.break_all() == 1
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT 1")
    await _insert(proxy)
