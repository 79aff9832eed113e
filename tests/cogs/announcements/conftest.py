"""Provide a desk whose announcements go to a stand-in for the team's own receiver."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.configured import outbound_of
from bot.settings import load_settings
from cogs.announcements.webhook import open_webhook
from tests.services.database import Database
from tests.services.desk import Desk
from tests.standins.paging.server import Outside, outside_systems


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncIterator[Outside]:
    """The receiver."""
    async with outside_systems() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The use cases of a guild that publishes by the webhook, too."""
    for name, value in outside.environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(env_file=None)
    made = Desk(database)
    made.opened["announcements"] = open_webhook(settings, outbound_of(settings))
    made.use(made.discord)
    return made
