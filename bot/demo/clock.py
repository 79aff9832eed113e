"""A movable `now()` for the demo's own database: the tour shows a missed deadline without waiting for it.

The bot reads the time from its database, unqualified and with our schema ahead of pg_catalog; a function
`now()` in our schema therefore moves the time of every instance and of the job queue alike. Nothing outside
the demo and the tests creates that function.

Every *connection* here has the bot's search_path.
"""

from datetime import timedelta

import asyncpg

from bot.demo.sql import queries


async def install(connection: asyncpg.Connection) -> None:
    """Make `now()` movable."""
    known = queries("clock.sql")
    await connection.execute(known["install_clock"])
    await connection.execute(known["free_defaults"])


async def is_busy(connection: asyncpg.Connection) -> bool:
    """Return True if the job queue has work that is running or due."""
    return bool(await connection.fetchval(queries("clock.sql")["is_busy"]))


async def advance(connection: asyncpg.Connection, by: timedelta) -> None:
    """Move `now()` on and wake the workers to look at it.

    Only when the queue is idle (`is_busy`): a job in flight would look abandoned, and run a second time.
    """
    known = queries("clock.sql")
    await connection.execute(known["advance_clock"], by)
    await connection.execute(known["wake_workers"])
