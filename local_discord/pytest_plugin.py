"""Provide the pytest fixture `discord`: a local Discord for each test that asks for it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_discord.running import RunningDiscord

try:
    from pytest_asyncio import fixture
except ModuleNotFoundError:  # the tests are run by anyio, or none of them is asynchronous
    fixture = pytest.fixture  # type: ignore[assignment]  # it is called in the same way


@fixture
async def discord() -> AsyncIterator["RunningDiscord"]:
    """Yield a running local Discord: `discord.address` for your bot, `discord.human` for the people.

    A failure of the local Discord itself fails the test at teardown, with `InternalErrors`.
    """
    from local_discord.running import running_discord  # noqa: PLC0415 -- not in a run that has no such test

    async with running_discord() as running:
        yield running
