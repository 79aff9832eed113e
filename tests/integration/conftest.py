"""Fixtures of this tier: every local Discord that a test starts is watched."""

from collections.abc import AsyncIterator

import pytest

from bot.storage.embedded import EmbeddedPostgres
from local_discord.tests.watch import watched
from tests.services.database import Database
from tests.services.desk import Desk
from tests.services.fixtures import opened

__all__ = ["watched"]


@pytest.fixture
async def database(cluster: EmbeddedPostgres, standing_template: str) -> AsyncIterator[Database]:
    """A database of this test's own whose time stands still."""
    async with opened(cluster, standing_template) as pool:
        yield Database(pool)


@pytest.fixture
def desk(database: Database) -> Desk:
    """The use cases on it."""
    return Desk(database)
