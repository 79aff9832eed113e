"""Fixtures of the capabilities' tests: a desk for their use cases, a connected bot for their commands."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.embedded import EmbeddedPostgres
from local_discord.tests.openapi.watch import watched
from tests.integration.cogs.console_world import ConsoleWorld, console_world
from tests.services.database import Database
from tests.services.fixtures import (
    another_database,
    database,
    desk,
    opened,
    share_a_loop,
    workers_database,
)

_COGS = Path(__file__).parents[2] / "cogs"

#: Tests of what two capabilities do together: without one of the folders there is nothing to test.
_OF_TWO = {
    "test_held_by_both.py": ("dependencies", "maintenance"),
    "maintenance/test_probes.py": ("probes",),
}
collect_ignore = [name for name, of in _OF_TWO.items() if not all((_COGS / each).is_dir() for each in of)]

__all__ = ["another_database", "database", "desk", "watched", "workers_database"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests on a desk run in one event loop; each bot has its own."""
    on_desks = [item for item in items if "world" not in getattr(item, "fixturenames", ())]
    share_a_loop(on_desks, Path(__file__).parent)


@pytest.fixture
async def world(cluster: EmbeddedPostgres, caplog: pytest.LogCaptureFixture) -> AsyncIterator[ConsoleWorld]:
    """A connected bot; discord.py may not have swallowed an error behind its back."""
    async with opened(cluster) as pool, console_world(Database(pool)) as running:
        yield running
    swallowed = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert swallowed == []
