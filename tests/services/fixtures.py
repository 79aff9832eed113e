"""A desk per test, on a database of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.storage.database.migrate import migrate
from bot.storage.database.pools import open_pool
from bot.storage.embedded import EmbeddedPostgres
from tests.postgres import temporary_database
from tests.services.database import Database, stop_clock
from tests.services.desk import Desk

STANDING = "template_of_services"


@pytest.fixture(scope="session")
def standing(cluster: EmbeddedPostgres) -> str:
    """The name of a migrated database to copy, whose time stands still."""
    dsn = cluster.ensure_database(STANDING)
    migrate(dsn)
    asyncio.run(stop_clock(dsn))
    return STANDING


@pytest.fixture
async def database(cluster: EmbeddedPostgres, standing: str) -> AsyncIterator[Database]:
    """This test's database."""
    async with _opened(cluster, standing) as database:
        yield database


@pytest.fixture
async def another_database(cluster: EmbeddedPostgres, standing: str) -> AsyncIterator[Database]:
    """Another installation's database."""
    async with _opened(cluster, standing) as database:
        await database.fetch("UPDATE installation SET id = gen_random_uuid()")
        yield database


@pytest.fixture
def desk(database: Database) -> Desk:
    """The use cases on it."""
    return Desk(database)


@asynccontextmanager
async def _opened(cluster: EmbeddedPostgres, template: str) -> AsyncIterator[Database]:
    async with temporary_database(cluster, template=template) as dsn:
        pool = await open_pool(dsn, min_size=0)
        yield Database(pool)
        await pool.close()
