"""What a connection of ours is like."""

import asyncio
from datetime import datetime
from typing import Final

import asyncpg
import pytest

from bot.storage import pools
from bot.storage.pools import open_pool

_QUERY: Final = "SELECT count(*) FROM incidents WHERE id = ANY ($1::bigint[])"
_PREPARED: Final = "SELECT prepare_time FROM pg_prepared_statements WHERE statement = $1"


async def _planned_at(pool: asyncpg.Pool) -> datetime:
    """When the statement was prepared that the query runs by now."""
    async with pool.acquire() as connection:
        await connection.fetchval(_QUERY, [1])
        rows = await connection.fetch(_PREPARED, _QUERY)
    last: datetime = max(row["prepare_time"] for row in rows)
    return last


async def test_a_plan_is_kept_for_a_while(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And made anew afterwards: a storm has made a table of a dozen rows one of thousands meanwhile."""
    monkeypatch.setattr(pools, "PLANS_S", 1)
    pool = await open_pool(database_url, max_size=1)
    first = await _planned_at(pool)
    assert await _planned_at(pool) == first
    async with asyncio.timeout(5):
        while await _planned_at(pool) == first:  # noqa: ASYNC110  # it is in use: that keeps it no longer
            await asyncio.sleep(0.05)
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
