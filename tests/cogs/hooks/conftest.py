"""The fixture of the tests of hooks."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.standins.github.server import GitHub, running_github


@pytest_asyncio.fixture(loop_scope="session")
async def github() -> AsyncIterator[GitHub]:
    """A GitHub; what is said to it and by it must be as GitHub describes."""
    async with running_github() as made:
        yield made
