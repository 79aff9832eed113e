"""Fixtures of the cogs' tests: a connected bot."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.integration.cogs.console_world import ConsoleWorld, console_world
from tests.services.database import Database


@pytest.fixture
async def world(database: Database, caplog: pytest.LogCaptureFixture) -> AsyncIterator[ConsoleWorld]:
    """A connected bot; discord.py may not have swallowed an error behind its back."""
    async with console_world(database) as running:
        yield running
    swallowed = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert swallowed == []
