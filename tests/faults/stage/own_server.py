"""A separate PostgreSQL for modules that damage it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from bot.storage.database.migrate import migrate
from bot.storage.embedded import EmbeddedPostgres
from tests.faults.conftest import OpenStage
from tests.faults.stage.stage import Stage
from tests.postgres import server_of_its_own

#: The database's name.
NAME = "story"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A separate PostgreSQL that may be damaged."""
    with server_of_its_own() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, server: EmbeddedPostgres) -> AsyncIterator[Stage]:
    """The module's stage, on that server."""
    async with stage_on(open_stage, server) as stage:
        yield stage


@asynccontextmanager
async def stage_on(open_stage: OpenStage, server: EmbeddedPostgres) -> AsyncIterator[Stage]:
    """Open a stage with a bot on a server that may be damaged."""
    database = server.ensure_database(NAME)
    migrate(database)
    async with open_stage(dsn=database) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()
