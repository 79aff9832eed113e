"""Provide a desk whose guild has a repository on the stand-in for GitHub."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.integrations.github.connection import GitHubConnection
from bot.integrations.github.repository import GitHubRepository
from tests.cogs.actions.tracked import PEOPLE, tracked
from tests.integration.github.conftest import address
from tests.services.database import Database
from tests.services.desk import Desk
from tests.standins.github.server import GitHub, running_github


@pytest_asyncio.fixture(loop_scope="session")
async def github() -> AsyncIterator[GitHub]:
    """A GitHub; what is said to it and by it must be as GitHub describes."""
    async with running_github() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database, github: GitHub) -> AsyncIterator[Desk]:
    """The use cases of a guild that exports to it."""
    async with GitHubConnection(address(github)) as connection:
        yield tracked(database, GitHubRepository(connection, github.repository.full_name), people=PEOPLE)
