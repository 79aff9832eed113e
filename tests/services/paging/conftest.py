"""Provide a desk whose pages go to stand-ins for systems outside Discord."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.configured import outbound_of, paging_systems
from bot.i18n import Texts
from bot.runbook import load_policy
from bot.settings import load_settings
from tests.services.database import Database
from tests.services.desk import Desk
from tests.services.paging.policies import paging_policy
from tests.standins.paging.server import Outside, outside_systems


def start_anew(desk: Desk) -> None:
    """Start the process: it knows of no host that was away. Their pauses go by a clock that no test moves."""
    settings = load_settings(env_file=None)
    desk.paging = dict(paging_systems(settings, outbound_of(settings), Texts.load(), desk.policy))
    desk.use(desk.discord)


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncIterator[Outside]:
    """The systems."""
    async with outside_systems() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The use cases of a guild that pages by every way."""
    for name, value in outside.environment.items():
        monkeypatch.setenv(name, value)
    made = Desk(database, paging_policy(load_policy(None)))
    start_anew(made)
    return made
