"""A movable `now()` for the demo's own database: the tour shows a missed deadline without waiting for it.

The bot reads the time from its database, unqualified and with our schema ahead of pg_catalog; a function
`now()` in our schema therefore moves the time of every instance and of the job queue alike. Nothing outside
the demo and the tests creates that function.

Every *connection* here has the bot's search_path.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.storage.database.query import composed

_QUERIES: Final = composed([Path(__file__).with_name("clock.sql").read_text(encoding="utf-8")])

_EDITS_SOON: Final = timedelta(seconds=6)


async def install(connection: asyncpg.Connection) -> None:
    """Replace the database's `now()` by one that the demo can move."""
    await connection.execute(_QUERIES["install_clock"].text)
    await connection.execute(_QUERIES["free_defaults"].text)


async def shift(connection: asyncpg.Connection) -> timedelta:
    """Return how far the database's `now()` is ahead of the real time."""
    ahead: timedelta = await connection.fetchval(_QUERIES["clock_shift"].text)
    return ahead


async def is_busy(connection: asyncpg.Connection) -> bool:
    """Return True if the job queue has work that is running, due, or waits for a moment only."""
    return bool(await connection.fetchval(*_QUERIES["is_busy"].bound(edits=_EDITS_SOON)))


async def is_working(connection: asyncpg.Connection) -> bool:
    """Return True if a job is running or due, or a message is not sent yet; edits may wait."""
    return bool(await connection.fetchval(*_QUERIES["is_busy"].bound(edits=None)))


async def next_edit(connection: asyncpg.Connection) -> datetime | None:
    """Return when an edit is due that waits for a few seconds only."""
    due: datetime | None = await connection.fetchval(_QUERIES["next_edit"].text)
    return due


async def next_job(connection: asyncpg.Connection, kinds: Sequence[str]) -> asyncpg.Record | None:
    """Return the next job of these entrypoints: `at`, `kind` and the `number` of its incident, or None."""
    return await connection.fetchrow(*_QUERIES["next_job"].bound(kinds=[*kinds]))


async def is_looked_at(connection: asyncpg.Connection, at: datetime, *, morning: date | None) -> bool:
    """Return True if the bot has seen that *morning* is due; without one, that the digest of *at* is."""
    return bool(await connection.fetchval(*_QUERIES["is_looked_at"].bound(at=at, day=morning)))


async def sent(connection: asyncpg.Connection, kinds: Collection[AnyDeliveryKind]) -> frozenset[int]:
    """Return the ids of the messages that deliveries of these kinds have become."""
    rows = await connection.fetch(*_QUERIES["sent_messages"].bound(kinds=[kind.value for kind in kinds]))
    return frozenset(row["message_id"] for row in rows)


async def advance(connection: asyncpg.Connection, by: timedelta) -> None:
    """Move `now()` on and wake the workers to look at it.

    Only when the queue is idle (`is_busy`): a job in flight would look abandoned, and run a second time.
    """
    await move(connection, by)
    await wake(connection)


async def wake(connection: asyncpg.Connection) -> None:
    """Wake the queue's workers, so that they look at what is due."""
    await connection.execute(_QUERIES["wake_workers"].text)


async def move(connection: asyncpg.Connection, by: timedelta) -> None:
    """Move `now()` on without waking anybody: no table of the bot is touched, which may be locked."""
    await connection.execute(*_QUERIES["advance_clock"].bound(span=by))
