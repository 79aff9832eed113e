"""A separate PostgreSQL for modules that damage it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot.storage.embedded import EmbeddedPostgres
from tests.faults.conftest import OpenStage
from tests.faults.stage.stage import Stage
from tests.postgres import copy_database, server_of_its_own

#: The database's name.
NAME = "story"


@pytest.fixture(scope="module")
def server(prepared: Path) -> Iterator[EmbeddedPostgres]:
    """A separate PostgreSQL that may be damaged."""
    with server_of_its_own(prepared) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, server: EmbeddedPostgres) -> AsyncIterator[Stage]:
    """The module's stage, on that server."""
    async with stage_on(open_stage, await copy_database(server, NAME)) as stage:
        yield stage


@asynccontextmanager
async def stage_on(open_stage: OpenStage, database: str) -> AsyncIterator[Stage]:
    """Open a stage with a bot on a database whose server may be damaged."""
    async with open_stage(dsn=database) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()
