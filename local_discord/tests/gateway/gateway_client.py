"""More for talking to the gateway by hand: every compression, and sockets that live as long as the test."""

import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import zstandard

from local_discord.server import LocalDiscord
from local_discord.tests.client import Socket

GUILDS, MEMBERS, PRESENCES, MESSAGES, REACTIONS = 1, 1 << 1, 1 << 8, 1 << 9, 1 << 10
WEBHOOKS, DMS, CONTENT = 1 << 5, 1 << 12, 1 << 15
USUAL = GUILDS | MEMBERS | MESSAGES | REACTIONS | DMS


class Inflated(Socket):
    """A socket whose binary messages go through *inflate*."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, inflate: Callable[[bytes], bytes]) -> None:
        super().__init__(ws)
        self._inflate = inflate
        self.binary = self.text = 0

    async def receive(self) -> str | bytes:
        """The next message, uncompressed."""
        raw = await super().receive()
        self.binary += isinstance(raw, bytes)
        self.text += isinstance(raw, str)
        return self._inflate(raw) if isinstance(raw, bytes) else raw


def zstd_stream() -> Callable[[bytes], bytes]:
    """One zstd context for the whole connection."""
    return zstandard.ZstdDecompressor().decompressobj().decompress


def zlib_stream() -> Callable[[bytes], bytes]:
    """One zlib context for the whole connection."""
    return zlib.decompressobj().decompress


async def dial(stack: AsyncExitStack, sandbox: LocalDiscord, **query: Any) -> aiohttp.ClientWebSocketResponse:
    """A raw gateway connection that *stack* closes."""
    http = await stack.enter_async_context(aiohttp.ClientSession())
    return await stack.enter_async_context(http.ws_connect(sandbox.gateway, params=query))
