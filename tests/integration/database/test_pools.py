"""The connections of a pool: which plans they keep, and what they never ask PostgreSQL for."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from bot.storage.database import pools
from bot.storage.database.pools import borrow, open_pool
from bot.storage.store import Store
from tests.pg_proxy import PgProxy

_QUERY: Final = "SELECT count(*) FROM deliveries WHERE id = ANY ($1::bigint[]) OR kind = 'notice'"
_MANY: Final = """
INSERT INTO deliveries (guild_id, kind, target, key, nonce)
SELECT 1, 'notice', 'nobody', 'many:' || n, 'many' || n FROM generate_series(1, 5000) AS n
"""
_WRITE: Final = "INSERT INTO guilds (guild_id) VALUES (1)"
_STATEMENT: Final = "SELECT name, prepare_time FROM pg_prepared_statements WHERE statement = $1"


async def _estimate(pool: asyncpg.Pool) -> int:
    """How many rows the plan by which the query runs expects."""
    async with pool.acquire() as connection:
        await connection.fetchval(_QUERY, [1])
        name = await connection.fetchval(_STATEMENT, _QUERY)
        [[plan]] = await connection.fetch(f"EXPLAIN (FORMAT json) EXECUTE {name}(ARRAY[1])")
    return int(json.loads(plan)[0]["Plan"]["Plans"][0]["Plan Rows"])


@pytest.mark.parametrize("begins", [True, False])
async def test_a_plan_is_kept_for_a_while(
    begins: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query's plan is kept for a while and then made anew.

    Meanwhile a storm may have made a table of a dozen rows one of thousands.
    """
    pool = await open_pool(database_url, max_size=1)
    first = await _estimate(pool)
    async with pool.acquire() as connection:
        await connection.execute(_MANY)
    assert await _estimate(pool) == first
    monkeypatch.setattr(pools, "PLANS_S", 0.0)
    if begins:
        async with Store(pool).transaction():
            monkeypatch.undo()
    else:
        await Store(pool).now()
        monkeypatch.undo()
    assert await _estimate(pool) != first
    await pool.close()


async def test_nothing_is_parsed_twice(database_url: str) -> None:
    """A statement stays prepared when its plan has become old and after hundreds of other statements.

    Preparing a statement again would be a round trip each time.
    """
    pool = await open_pool(database_url, max_size=1)
    async with pool.acquire() as connection:
        await connection.learn([_QUERY])
        first = await connection.fetchrow(_STATEMENT, _QUERY)
        for number in range(300):
            await connection.fetchval(f"SELECT {number}")
        await connection.forget_old_plans()
        await connection.fetchval(_QUERY, [1])
        assert await connection.fetch(_STATEMENT, _QUERY) == [first]
    await pool.close()


async def test_a_connection_that_has_learned_is_in_no_transaction(database_url: str) -> None:
    """The next one chooses its isolation, which the server refuses within another."""
    pool = await open_pool(database_url, max_size=1)
    async with pool.acquire() as connection:
        await connection.learn([_QUERY])
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            assert await connection.fetchval("SELECT 1") == 1
    await pool.close()


async def test_nor_is_one_whose_learning_was_cancelled(database_url: str) -> None:
    """A connection whose preparing was cancelled, at whichever moment, is in no transaction afterwards."""
    pool = await open_pool(database_url, max_size=1)
    statements = [f"SELECT {number}" for number in range(60)]
    for moment in range(100):
        async with borrow(pool) as connection:
            learning = asyncio.create_task(connection.learn(statements))
            for _ in range(moment):
                await asyncio.sleep(0)
            learning.cancel()
            with suppress(asyncio.CancelledError):
                await learning
        async with (
            borrow(pool) as another,
            another.transaction(isolation="repeatable_read", readonly=True),
        ):
            assert await another.fetchval("SELECT 1") == 1
    await pool.close()


async def test_no_statement_with_an_array_is_planned_each_time(database_url: str) -> None:
    """The server would, as each array may be of another length."""
    pool = await open_pool(database_url, max_size=1)
    async with pool.acquire() as connection:
        for _ in range(3):
            await connection.fetchval(_QUERY, [1, 2, 3])
        [row] = await connection.fetch(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1", _QUERY
        )
    await pool.close()
    assert (row["generic_plans"], row["custom_plans"]) == (3, 0)


_ARRAYS: Final = {
    "bool": True,
    "int2": 2,
    "int4": 4,
    "int8": 8,
    "float8": 0.5,
    "date": date(2026, 4, 1),
    "timestamptz": datetime(2026, 4, 1, tzinfo=UTC),
    "interval": timedelta(minutes=30),
    "uuid": UUID(int=7),
}
_LOOK_UPS: Final = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH % typeinfo_tree(%'"


async def test_built_in_arrays_take_no_look_up(database_url: str) -> None:
    """Arrays of built-in types are sent without a look-up in the catalogs.

    Each connection would need the look-up, which takes longer than all that a start asks.
    """
    pool = await open_pool(database_url, max_size=1)
    async with pool.acquire() as connection:
        for element, value in _ARRAYS.items():
            assert await connection.fetchval(f"SELECT $1::{element}[]", [value, None]) == [value, None]
        assert await connection.fetchval(_LOOK_UPS) == 0
        # asyncpg does look up what it has not been told of; else the count above says nothing.
        assert await connection.fetchval("SELECT $1::numeric[]", [1]) == [1]
        assert await connection.fetchval(_LOOK_UPS) == 1
    await pool.close()


async def _leave_it_open(pool: asyncpg.Pool) -> None:
    async with borrow(pool) as connection:
        await connection.execute("BEGIN")
        await connection.execute(_WRITE)


async def _be_cancelled_twice(pool: asyncpg.Pool) -> None:
    """In a statement, and again before the ROLLBACK is sent, which waits for the end of the statement."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    with suppress(asyncio.CancelledError):
        async with borrow(pool) as connection, connection.transaction():
            await connection.execute(_WRITE)
            loop.call_later(0.2, task.cancel)  # the server hears of it when the statement runs, or not at all
            try:
                await connection.execute("SELECT pg_sleep(60)")
            finally:
                loop.call_soon(task.cancel)
    assert [task.uncancel() for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("leave", [_leave_it_open, _be_cancelled_twice])
async def test_a_transaction_left_open_goes_with_its_connection(
    leave: Callable[[asyncpg.Pool], Awaitable[None]], database_url: str
) -> None:
    """A transaction left open is undone with its connection; nothing is logged, and the pool goes on."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    pool = await open_pool(database_url, max_size=1)
    async with borrow(pool) as connection:
        before = connection.get_server_pid()
    await leave(pool)
    async with borrow(pool) as connection:
        assert connection.get_server_pid() != before
        await connection.execute(_WRITE)  # it waits for what still holds the row, and then is the first
        assert await connection.fetchval("SELECT count(*) FROM guilds") == 1
    await pool.close()
    assert complaints == []


async def test_a_connection_is_given_back_as_it_is(database_url: str) -> None:
    """The same one, and on the way nothing is asked of the server."""
    pool = await open_pool(database_url, max_size=1)
    asked: list[asyncpg.connection.LoggedQuery] = []
    async with borrow(pool) as connection:
        before = connection.get_server_pid()
        async with connection.transaction():
            await connection.execute(_WRITE)
        connection.add_query_logger(asked.append)
    async with borrow(pool) as connection:
        assert connection.get_server_pid() == before
    await pool.close()
    assert asked == []


async def test_a_transaction_that_is_cancelled_while_it_begins_is_ended(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Far away the server has begun it when the wish to cancel arrives; the pool would log an error."""
    async with PgProxy(database_url, delay_s=0.02).running() as proxy:
        pool = await open_pool(proxy.dsn(), max_size=1)
        store = Store(pool)
        for wait_s in (0.0, 0.005, 0.015, 0.025, 0.035):
            begun = asyncio.create_task(_in_transaction(store))
            await asyncio.wait({begun}, timeout=wait_s)
            begun.cancel()
            await asyncio.wait({begun})
        await pool.fetchval("SELECT 1")
        await pool.close()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def _in_transaction(store: Store) -> None:
    async with store.transaction():
        await asyncio.Event().wait()
