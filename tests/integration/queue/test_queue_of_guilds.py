"""The queue of several guilds on PostgreSQL: where a job is put, whose it is, and who runs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import pytest_asyncio

from bot.domain.jobs import Job, JobName
from bot.storage.queue.fairness import Handler
from bot.storage.queue.runner import JobRunner
from bot.storage.store import Store
from tests.patience import PATIENCE_S
from tests.postgres import connect, open_patient_pool

STORMY: Final = 1
QUIET: Final = 2


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """All guilds'."""
    pool = await open_patient_pool(database_url)
    yield Store(pool)
    await pool.close()


async def put(store: Store, guild_id: int | None, *names: str, priority: int = 100) -> None:
    """Queue one job per name, in one transaction."""
    own = store if guild_id is None else store.of(guild_id)
    async with own.transaction() as tx:
        await tx.enqueue(*(Job(JobName.REFRESH, name, f"refresh:{name}", priority) for name in names))


async def queued(database_url: str) -> list[tuple[str, int]]:
    """Payloads and priorities, in the order in which a worker takes them."""
    connection = await connect(database_url)
    rows = await connection.fetch("SELECT payload, priority FROM pgqueuer ORDER BY priority DESC, id")
    await connection.close()
    return [(row["payload"].decode(), row["priority"]) for row in rows]


async def test_a_guilds_own_jobs_push_its_next_ones_down(store: Store, database_url: str) -> None:
    """The more jobs of a guild are queued, the lower is the priority of the guild's next ones.

    That counts within one statement and over several. Jobs of another guild, in another band or of no guild
    are not affected.
    """
    await put(store, STORMY, *(f"s{n}" for n in range(3)))
    await put(store, STORMY, "s3")
    await put(store, STORMY, "p1", priority=90)
    await put(store, QUIET, "q0")
    await put(store, None, "old")
    assert dict(await queued(database_url)) == {
        "s0": 100, "s1": 99, "s2": 99, "s3": 98, "q0": 100, "old": 100, "p1": 90,
    }  # fmt: skip


async def test_a_storm_stays_within_its_band(store: Store, database_url: str) -> None:
    """The last of 1200 P0 jobs of a guild still runs before another guild's P1.

    Another guild's next P0 runs before all but one of them.
    """
    await put(store, STORMY, *(f"s{n}" for n in range(1200)))
    await put(store, QUIET, "p1", priority=90)
    await put(store, QUIET, "q0")
    order = [name for name, _ in await queued(database_url)]
    assert order.index("q0") <= 1
    assert order[-1] == "p1"


async def test_a_job_that_is_there_keeps_its_place(store: Store, database_url: str) -> None:
    """A job that is enqueued again stays one job, at the same place of the queue."""
    await put(store, STORMY, "s0")
    await put(store, STORMY, *(f"s{n}" for n in range(40)))
    assert dict(await queued(database_url))["s0"] == 100
    assert len(await queued(database_url)) == 40


async def test_each_job_is_run_by_its_guilds_handlers(store: Store, database_url: str) -> None:
    """A job is run by the handlers of the guild in its header.

    A job without a guild, or of a guild that is not served, is run by the common handlers.
    """
    ran: set[tuple[str, str]] = set()
    await put(store, STORMY, "1")
    await put(store, QUIET, "2")
    await put(store, None, "3")
    by_guild: dict[int, dict[str, Handler]] = {STORMY: {JobName.REFRESH: _recorder("stormy", ran)}}
    async with _running(JobRunner(database_url, {JobName.REFRESH: _recorder("row", ran)}, by_guild=by_guild)):
        async with asyncio.timeout(PATIENCE_S):
            while len(ran) < 3:  # noqa: ASYNC110  # the queue has no event for it
                await asyncio.sleep(0.02)
    assert ran == {("stormy", "1"), ("row", "2"), ("row", "3")}


def _recorder(who: str, ran: set[tuple[str, str]]) -> Handler:
    async def run(payload: str) -> timedelta | None:
        ran.add((who, payload))
        return None

    return run


@asynccontextmanager
async def _running(runner: JobRunner) -> AsyncIterator[None]:
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        await task
