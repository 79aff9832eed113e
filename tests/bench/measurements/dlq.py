"""Pages of the DLQ's console over ten million rows, with the indexes that `doctor` suggests."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import asyncpg

from bot.domain.dlq import Cursor, DlqFilter, DlqTable, DlqView
from bot.storage.database.pools import open_dlq_pool
from bot.storage.dlq.store import PostgresDlqStore
from tests.bench.figures import Figures, Limit, Row
from tests.postgres import connect

ROWS: Final = 10_000_000
_MANY: Final = f"{ROWS // 1_000_000} M rows"

_TABLE: Final = DlqTable("bench", "failures")
_SIZE: Final = 10
_ROUNDS: Final = 300
_YEAR: Final = timedelta(days=364)
_PAGE: Final = Limit(p99_ms=10)
_COUNTS: Final = Limit(p99_ms=1_000)
_BARE: Final = "the same keyset query by asyncpg alone, one statement"
_SEED: Final = 42
#: A place before every failure.
_LATEST: Final = Cursor(datetime(9999, 1, 1, tzinfo=UTC), str(UUID(int=0)))

# A year of failures: a P0 in two hundred, one text in ten thousand, a few channels, answers and states.
_FILL: Final = f"""
CREATE SCHEMA bench;
CREATE TABLE bench.failures (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), attempted_at timestamptz NOT NULL, channel text NOT NULL,
    severity text, title text, http_status integer, retry_count integer NOT NULL DEFAULT 3,
    error_message text, status text NOT NULL DEFAULT 'failed',
    fallback_email_sent boolean NOT NULL DEFAULT false, payload jsonb);
INSERT INTO bench.failures (attempted_at, channel, severity, title, http_status, error_message, status,
                            payload)
SELECT now() - make_interval(secs => n * {_YEAR / timedelta(seconds=1)} / {ROWS}),
       (ARRAY['p0-alerts', 'p1-ops', 'p1-ops', 'p2-deploys', 'p2-deploys'])[1 + n % 5],
       CASE WHEN n % 200 = 0 THEN 'P0' WHEN n % 4 = 0 THEN 'P1' ELSE 'P2' END,
       CASE WHEN n % 10000 = 7 THEN 'quota exceeded on shard ' || n ELSE 'job ' || n % 997 || ' failed' END,
       (ARRAY[503, 429, 429, 500, NULL, 404, 502])[1 + n % 7],
       CASE WHEN n % 3 = 0 THEN 'upstream timeout' ELSE 'rate limited for ' || n % 61 || ' s' END,
       CASE WHEN n % 41 = 0 THEN 'resolved' ELSE 'failed' END,
       '{{"content": "job failed"}}'
  FROM generate_series(1, {ROWS}) AS n;
"""

_LISTED: Final = """
SELECT id::text, attempted_at, channel, severity, title, http_status, retry_count, error_message, status,
       fallback_email_sent
  FROM bench.failures
 WHERE attempted_at >= $1 AND (attempted_at, id) < ($2, $3) AND {where}
 ORDER BY attempted_at DESC, id DESC
 LIMIT 11
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to measure.

    Attributes:
        view: What the console is asked for.
        where: The same narrowing for the floor.
    """

    view: DlqView
    where: str = "true"


async def rows(dsn: str) -> list[Row]:
    """Fill the table, make the indexes that are suggested, and time each page beside its floor."""
    owner = await connect(dsn)
    await owner.execute(_FILL, timeout=3_600)
    pool = await open_dlq_pool(dsn)
    store = PostgresDlqStore(pool, _TABLE)
    await owner.execute("ANALYZE bench.failures", timeout=3_600)
    await owner.execute("SET maintenance_work_mem = '512MB'")
    for statement in (await store.report()).indexes:
        await owner.execute(statement, timeout=3_600)
    await owner.execute("VACUUM ANALYZE bench.failures", timeout=3_600)
    await store.report()
    try:
        return [*await _pages(store, pool, owner), *await _others(store, owner)]
    finally:
        await pool.close()
        await owner.close()


async def _pages(store: PostgresDlqStore, pool: asyncpg.Pool, owner: asyncpg.Connection) -> list[Row]:
    made = []
    for what, page in (await _asked(owner)).items():
        ours, bare = await _timed(store, pool, page)
        made.append(
            Row(
                f"/dlq, {_MANY}: {what}", Figures.of(ours), Figures.of(bare), _BARE, _PAGE, goal="p99 < 10 ms"
            )
        )
    return made


async def _asked(owner: asyncpg.Connection) -> Mapping[str, Page]:
    now: datetime = await owner.fetchval("SELECT now()")
    year = DlqFilter(since=now - _YEAR)
    places = {share: await _place(owner, now - share * _YEAR) for share in (0.5, 0.999_999)}
    day = now - timedelta(days=1)
    return {
        "first page": Page(DlqView()),
        "first page of a year": Page(DlqView(year)),
        "page in the middle of a year": Page(DlqView(year, places[0.5])),
        "last page of a year": Page(DlqView(year, places[0.999_999])),
        "one channel": Page(
            DlqView(DlqFilter(since=now - _YEAR, channel="p0-alerts")), "channel = 'p0-alerts'"
        ),
        "one severity": Page(DlqView(DlqFilter(since=now - _YEAR, severity="P0")), "severity = 'P0'"),
        "one status": Page(DlqView(DlqFilter(since=now - _YEAR, status="resolved")), "status = 'resolved'"),
        "one HTTP status": Page(DlqView(DlqFilter(since=now - _YEAR, http_status=404)), "http_status = 404"),
        "a frequent text in a day": Page(
            DlqView(DlqFilter(since=day, text="timeout")), "error_message ILIKE '%timeout%'"
        ),
        "a rare text in a month": Page(
            DlqView(DlqFilter(hours=720, text="quota exceeded")), "title ILIKE '%quota exceeded%'"
        ),
    }


async def _place(owner: asyncpg.Connection, at: datetime) -> Cursor:
    """Return the place of the failure just before *at*."""
    query = (
        "SELECT attempted_at, id::text FROM bench.failures WHERE attempted_at <= $1 ORDER BY 1 DESC LIMIT 1"
    )
    row = await owner.fetchrow(query, at)
    return Cursor(row["attempted_at"], row["id"])


async def _timed(store: PostgresDlqStore, pool: asyncpg.Pool, page: Page) -> tuple[list[float], list[float]]:
    """Seconds of the console's question and of the floor's, in turn."""
    ours, bare = list[float](), list[float]()
    view = page.view
    newest = view.cursor or _LATEST
    async with pool.acquire() as connection:
        lately = timedelta(hours=view.filter.hours)
        since = view.filter.since or await connection.fetchval("SELECT now()") - lately
        floor = _LISTED.format(where=page.where)
        for number in range(_ROUNDS + 1):
            took = await _seconds(partial(store.page, view, size=_SIZE))
            least = await _seconds(partial(connection.fetch, floor, since, newest.at, newest.id))
            if number:  # the first one reads from the disk
                ours.append(took)
                bare.append(least)
    return ours, bare


async def _others(store: PostgresDlqStore, owner: asyncpg.Connection) -> list[Row]:
    """The questions that are no list: counts, and an entry by the end of its id."""
    chance = random.Random(_SEED)
    ids = [row["id"] for row in await owner.fetch("SELECT id::text FROM bench.failures LIMIT 1000")]
    endings = [chance.choice(ids)[-6:] for _ in range(_ROUNDS)]
    named = [await _seconds(partial(store.named, text, hours=720)) for text in endings]
    severe = [await _seconds(partial(store.most_severe, limit=20)) for _ in range(_ROUNDS)]
    counted = [await _seconds(partial(store.http_statuses, hours=720)) for _ in range(_ROUNDS // 10)]
    return [
        Row(f"/dlq, {_MANY}: an entry by six characters", Figures.of(named), limit=_PAGE, goal="p99 < 10 ms"),
        Row(f"/dlq, {_MANY}: P0 and their emails", Figures.of(severe), limit=_PAGE, goal="p99 < 10 ms"),
        Row(f"/dlq, {_MANY}: HTTP statuses of a month", Figures.of(counted), limit=_COUNTS, goal="p99 < 1 s"),
    ]


async def _seconds(ask: Callable[[], Awaitable[Any]]) -> float:
    began = time.monotonic()
    await ask()
    return time.monotonic() - began
