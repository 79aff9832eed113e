"""Provide a desk and a connected bot whose prober answers as a test says."""

import pytest
import pytest_asyncio

from tests.cogs.probes.prober import ScriptedProber
from tests.integration.cogs.console_world import ConsoleWorld
from tests.services.database import Database
from tests.services.desk import Desk


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database) -> Desk:
    """The use cases of a guild."""
    made = Desk(database)
    made.opened["probes"] = ScriptedProber()
    made.use(made.discord)
    return made


@pytest.fixture
async def world(world: ConsoleWorld) -> ConsoleWorld:
    """The bot."""
    world.opened["probes"] = ScriptedProber()
    return world
