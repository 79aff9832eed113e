"""Desks on PostgreSQL: one database and one pool per worker, emptied for each test.

A database and a connection of its own would double the time of each test: see decision 24 in docs/decisions.
A pool lives as long as its event loop, so these tests share one, in which none leaves a task behind.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from bot.storage.embedded import EmbeddedPostgres
from tests.postgres import STANDING_TEMPLATE, connect, open_patient_pool, temporary_database
from tests.services.database import Database, emptying
from tests.services.desk import Desk


@dataclass(frozen=True, slots=True)
class WorkersDatabase:
    """What the tests of one worker share.

    Attributes:
        emptier: A connection beside the pool: PostgreSQL forgets every plan of a session that changes
            ``session_replication_role``, and the tests would plan each statement anew. None of the pool's,
            which is waited for while one of its connections is in use.
        emptying: The statements that make it as new.
    """

    pool: asyncpg.Pool
    emptier: asyncpg.Connection
    emptying: str

    async def empty(self) -> None:
        """Make it as new."""
        await self.emptier.execute(self.emptying)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workers_database(cluster: EmbeddedPostgres) -> AsyncIterator[WorkersDatabase]:
    """This worker's."""
    async with temporary_database(cluster, template=STANDING_TEMPLATE) as dsn:
        pool, emptier = await open_patient_pool(dsn, min_size=0), await connect(dsn)
        yield WorkersDatabase(pool, emptier, await emptying(pool))
        await emptier.close()
        await pool.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database(workers_database: WorkersDatabase) -> AsyncIterator[Database]:
    """This test's database, with nothing in it."""
    await workers_database.empty()
    others = asyncio.all_tasks()  # a browser's, for one
    yield Database(workers_database.pool)
    await _end_tasks(but=others)


@pytest_asyncio.fixture(loop_scope="session")
async def another_database(cluster: EmbeddedPostgres) -> AsyncIterator[Database]:
    """Another installation's database."""
    async with opened(cluster) as pool:
        await pool.execute("UPDATE installation SET id = gen_random_uuid()")
        yield Database(pool)


@pytest.fixture
def desk(database: Database) -> Desk:
    """The use cases on it."""
    return Desk(database)


@asynccontextmanager
async def opened(cluster: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool on a new database whose clock stands still."""
    async with temporary_database(cluster, template=STANDING_TEMPLATE) as dsn:
        pool = await open_patient_pool(dsn, min_size=0)
        yield pool
        await pool.close()


def share_a_loop(items: Iterable[pytest.Item], folder: Path) -> None:
    """Let the tests of *folder* run in the event loop in which their pool lives."""
    for item in items:
        if item.path.is_relative_to(folder) and item.get_closest_marker("asyncio"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


async def _end_tasks(*, but: Collection[asyncio.Task[Any]]) -> None:
    left = asyncio.all_tasks() - {asyncio.current_task(), *but}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
