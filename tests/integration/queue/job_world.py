"""A queue under test: a handler that notes what it gets, a runner around it, and waiting with a deadline."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from bot.domain.jobs import Job, JobName
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.queue.runner import JobRunner
from bot.storage.store import Store
from tests.patience import PATIENCE_S

DEADLINE_S = PATIENCE_S


class Work:
    """A handler that notes what it is given, and does what the test says."""

    def __init__(self, then: Callable[[str], Awaitable[timedelta | None]] | None = None) -> None:
        self.done: list[str] = []
        self.at: list[float] = []
        self._then = then

    async def __call__(self, payload: str) -> timedelta | None:
        self.at.append(time.monotonic())
        self.done.append(payload)
        return None if self._then is None else await self._then(payload)


def refresh(key: str, *, priority: int = 0, after: timedelta = timedelta()) -> Job:
    return Job(JobName.REFRESH, key, f"refresh:{key}", priority=priority, after=after)


async def enqueue(store: Store, *jobs: Job) -> None:
    async with store.transaction() as tx:
        await tx.enqueue(*jobs)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for *condition*, with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 -- nobody signals what is waited for
            await asyncio.sleep(0.005)


async def until_empty(pool: asyncpg.Pool) -> None:
    """Wait until no job is left."""
    async with asyncio.timeout(DEADLINE_S):
        while await pool.fetchval("SELECT count(*) FROM pgqueuer"):  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    dsn: str, work: Work, *, ready: bool = True, watch: QueueWatch | None = None
) -> AsyncIterator[JobRunner]:
    """A runner that does refresh and escalate jobs."""
    runner = JobRunner(dsn, dict.fromkeys((JobName.REFRESH, JobName.ESCALATE), work), watch=watch)
    task = asyncio.create_task(runner.run())
    try:
        if ready:
            await until(lambda: runner.healthy)
        yield runner
    finally:
        runner.stop()
        async with asyncio.timeout(DEADLINE_S):
            await task
