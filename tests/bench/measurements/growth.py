"""What grows with the number of open incidents, and what must not."""

import time
from pathlib import Path
from typing import Final

from bot.storage.database.pools import open_pool
from bot.storage.store import Store
from bot.storage.tables.outage import MirrorRows
from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements import storms
from tests.bench.servers.stand import Discord, bot

COUNTS: Final = (1_000, 10_000, 100_000)

_STEPS: Final = 100
_READINGS: Final = 9
_MIRRORED: Final = 500  # as many as a process keeps in mind for a time without the database
_MEGABYTES: Final = 120
#: How late a step may be, milliseconds: half a second as a rule, and within the promise with very many.
_LATE: Final = {1_000: 500, 10_000: 500, 100_000: 5_000}


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """How late a step is, how large the bot is, and how long a mirror's reading takes, for each number."""
    return [row for count in COUNTS for row in await _rows(place, dsn, folder, count)]


async def _rows(place: Discord, dsn: str, folder: Path, count: int) -> list[Row]:
    opened = f"{count:,} open incidents"
    async with (
        bot({**place.settings, "DATABASE_URL": dsn}, folder) as running,
        storms.many_open(place, dsn, count=count),
    ):
        late = Figures.of(await storms.lateness(place, dsn, rounds=_STEPS))
        await running.get("/metrics")
        memory, read = Figures.plain([running.memory_mb]), Figures.of(await _readings(dsn))
    small, soon = Limit(worst_ms=_MEGABYTES), Limit(p99_ms=_LATE[count])
    return [
        Row(f"lateness of a step, {opened}", late, limit=soon, goal=f"p99 < {_LATE[count]:,} ms"),
        Row(f"memory of the bot, {opened}", memory, limit=small, goal=f"< {_MEGABYTES} MB", unit="MB"),
        Row(f"a mirror's reading, {opened}", read),
    ]


async def _readings(dsn: str) -> list[float]:
    """Seconds of reading what must be told without a database, one after the other."""
    pool, took = await open_pool(dsn), []
    for _ in range(_READINGS):
        started = time.monotonic()
        await MirrorRows(Store(pool).sql).watched(without=(), limit=_MIRRORED)
        took.append(time.monotonic() - started)
    await pool.close()
    return took
