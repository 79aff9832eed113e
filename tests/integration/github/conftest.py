"""A GitHub for each test, and the bot's repository on it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.integrations.github.connection import GitHubAddress, GitHubConnection
from bot.integrations.github.repository import GitHubRepository
from tests.standins.github.server import TOKEN, GitHub, running_github


def address(github: GitHub, *, token: str = TOKEN, deadline_s: float = 5.0) -> GitHubAddress:
    """Return the stand-in's address, without a pause between changes."""
    return GitHubAddress(github.url, token, deadline_s=deadline_s, between_changes_s=0)


@pytest_asyncio.fixture
async def github() -> AsyncIterator[GitHub]:
    """A GitHub; what is said to it and by it must be as GitHub describes."""
    async with running_github() as made:
        yield made


@pytest_asyncio.fixture
async def repository(github: GitHub) -> AsyncIterator[GitHubRepository]:
    """The repository as the bot sees it."""
    async with GitHubConnection(address(github)) as connection:
        yield GitHubRepository(connection, github.repository.full_name)
