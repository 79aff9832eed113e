"""Statements are parsed before they are needed, and nobody waits for that."""

import asyncio

from bot.storage.database.pools import open_pool
from bot.storage.database.warming import warm
from tests.pg_proxy import PgProxy

_AWAY_S = 0.01
_CONNECTIONS = 5


async def test_learning_takes_one_connection_at_a_time(database_url: str) -> None:
    """At 100 ms an alert waited for two seconds while three of five connections learned at once."""
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
