"""The health server's limits, over real sockets: what strangers leave open takes nothing from the bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from bot.integrations import http_server
from bot.process import health
from bot.process.health import Health, serve_health

_DEADLINE_S = 10.0
_IDLE = 300
_CRLF = b"\r\n"


async def nothing(_states: object) -> bytes:
    """No figures."""
    return b""


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The health server, with nothing to look at; its port."""
    async with serve_health(Health({}, nothing), host="127.0.0.1", port=0) as port:
        yield port


async def opened(port: int, stack: AsyncExitStack, *, saying: bytes = b"") -> asyncio.StreamReader:
    """A connection that says *saying* and then nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    writer.write(saying)
    await writer.drain()
    return reader


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Whether the server ends the connection, with or without a last word, within the deadline."""
    async with asyncio.timeout(_DEADLINE_S):
        try:
            await reader.read()
        except ConnectionError:
            return True
    return reader.at_eof()


@pytest.mark.parametrize("saying", [b"", b"GET /healthz HTTP/1.1" + _CRLF + b"Host: x" + _CRLF])
async def test_a_head_that_does_not_come_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch, saying: bytes
) -> None:
    """A client that sends nothing, or half a request's head, is disconnected after the deadline."""
    monkeypatch.setattr(health, "PATIENCE_S", 0.2)
    async with serving() as port, AsyncExitStack() as stack:
        assert await is_closed(await opened(port, stack, saying=saying))


async def test_a_body_that_does_not_come_is_answered_408(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose body does not arrive is answered with 408."""
    monkeypatch.setattr(health, "PATIENCE_S", 0.2)
    head = _CRLF.join([b"GET /healthz HTTP/1.1", b"Host: x", b"Content-Length: 5", b"", b""])
    async with serving() as port, AsyncExitStack() as stack:
        reader = await opened(port, stack, saying=head)
        async with asyncio.timeout(_DEADLINE_S):
            assert (await reader.readline()).split()[1] == b"408"


async def test_idle_connections_make_room() -> None:
    """With 300 idle connections the oldest are closed, and a new request is answered."""
    async with serving() as port, AsyncExitStack() as stack:
        readers = [await opened(port, stack) for _ in range(_IDLE)]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as prober:
            assert (await prober.get("/healthz")).json() == {"alive": True}
        for oldest in readers[: _IDLE - http_server.MOST_CONNECTIONS]:
            assert await is_closed(oldest)
        assert not readers[-1].at_eof()
