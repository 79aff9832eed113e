"""Fixtures of this tier: every local Discord that a test starts is watched."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from bot.storage.embedded import EmbeddedPostgres
from bot.storage.store import Store
from local_discord.tests.openapi.watch import watched
from tests.postgres import open_patient_pool
from tests.services.database import Database
from tests.services.desk import Desk
from tests.services.fixtures import opened

__all__ = ["watched"]


@pytest.fixture
async def database(cluster: EmbeddedPostgres) -> AsyncIterator[Database]:
    """Yield a database for this test alone, whose clock is stopped."""
    async with opened(cluster) as pool:
        yield Database(pool)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it."""
    pool = await open_patient_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
def store(pool: asyncpg.Pool) -> Store:
    """The store on it."""
    return Store(pool)


@pytest.fixture
def desk(database: Database) -> Desk:
    """The use cases on it."""
    return Desk(database)
