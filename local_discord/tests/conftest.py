"""A sandbox per test; afterwards, everything it answered is held against Discord's description."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.client import Client, Socket
from local_discord.tests.openapi.oracle import DESCRIPTION, validate_log, validate_requests

Connect = Callable[..., Awaitable[Socket]]


@pytest.fixture
async def sandbox() -> AsyncIterator[LocalDiscord]:
    """A sandbox without rate limits, its bot allowed to see who is a member; its own failures and wrong
    answers fail the test.
    """
    async with LocalDiscord() as running:
        running.core.limiter.enabled = False
        running.core.world.application.members = True
        yield running
    assert not running.core.world.internal_errors, running.core.world.internal_errors
    if DESCRIPTION.exists():
        entries = running.core.log.since(0)
        assert validate_log(entries) == []
        assert validate_requests(entries, accepted_only=True) == []


@pytest.fixture
async def client(sandbox: LocalDiscord) -> AsyncIterator[Client]:
    """A client of that sandbox."""
    async with aiohttp.ClientSession() as http:
        yield Client(sandbox, http)


@pytest.fixture
async def connect(client: Client) -> AsyncIterator[Connect]:
    """Opens gateway sockets, closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(*, compressed: bool = False, version: int = 10) -> Socket:
            query = f"?v={version}&encoding=json" + ("&compress=zlib-stream" if compressed else "")
            ws = await stack.enter_async_context(client.http.ws_connect(client.sandbox.gateway + query))
            return Socket(ws, compressed=compressed)

        yield opened
