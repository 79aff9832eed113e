"""Requests that cannot be read, over raw sockets, at every port that the bot opens."""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.process.health import Health, serve_health
from bot.settings.sources import HookKeys
from cogs.hooks.intake import HookBatches, HookIntake, HookSource
from cogs.hooks.readers.alertmanager import AlertmanagerReader
from tests.cogs.hooks.sending import tables
from tests.cogs.hooks.serving import serve_hooks
from tests.patience import PATIENCE_S
from tests.services.desk import GUILD, Desk

SECRET = "s" * 32
GARBAGE = b"this is no compressed text at all"


async def nothing(_states: object) -> bytes:
    """No figures."""
    return b""


async def acknowledged(_request: web.Request) -> web.Response:
    """An answer of the page behind a link."""
    return web.Response(text="ok")


@asynccontextmanager
async def health(_desk: Desk) -> AsyncIterator[int]:
    """The port of /healthz and of the page behind a link."""
    page = web.post("/ack/{token}", acknowledged)
    async with serve_health(Health({}, nothing), host="127.0.0.1", port=0, beside=[page]) as port:
        yield port


@asynccontextmanager
async def hooks(desk: Desk) -> AsyncIterator[int]:
    """The port of the hooks."""
    rules = tables(desk.policy)["alertmanager"]
    source = HookSource(GUILD, rules, HookKeys((SECRET,), ()), AlertmanagerReader(), priority=90)
    batches = HookBatches(desk.store)
    intake = HookIntake({"alertmanager": source}, batches, desk.store)
    async with serve_hooks(intake, batches) as port:
        yield port


#: What opens a port, and a path there.
PLACES: dict[str, tuple[Callable[[Desk], AbstractAsyncContextManager[int]], str]] = {
    "health": (health, "GET /healthz"),
    "page": (health, "POST /ack/x"),
    "hook": (hooks, f"POST /hooks/alertmanager/{SECRET}"),
    "unknown hook": (hooks, "POST /hooks/alertmanager/guessed"),
}


def request(path: str, encoding: str, body: bytes) -> bytes:
    """A request with a body in an encoding that it may not have."""
    head = (
        f"{path} HTTP/1.1\r\nHost: x\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def said(port: int, sent: bytes) -> bytes:
    """The answer to what was sent, up to the end of the connection."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await writer.drain()
        answer = await reader.read()
        writer.close()
    return answer


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd"])
async def test_a_body_that_cannot_be_decoded_is_answered_400(
    place: str, encoding: str, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Garbage instead of a compressed body gets 400 in plain words, and no line above level info.

    A hook with a wrong secret gets the same 404 as ever.
    """
    serving, path = PLACES[place]
    with caplog.at_level(logging.INFO):
        async with serving(desk) as port:
            with capture_logs() as logged:
                answer = await said(port, request(path, encoding, GARBAGE))
    head, _, body = answer.partition(b"\r\n\r\n")
    is_unknown = place == "unknown hook" and encoding != "zstd"  # of which no more than the head is read
    assert head.split()[1] == (b"404" if is_unknown else b"400")
    assert b"install" not in body
    assert b"Traceback" not in body
    assert b"cannot be decoded" in body or place in ("hook", "unknown hook")
    levels = [line["log_level"] for line in logged]
    assert set(levels) <= {"info"}
    assert len(levels) <= 1
    assert [line for line in caplog.records if line.levelno > logging.INFO] == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Content-Encoding: deflate\r\nContent-Length: 10\r\n\r\n" + zlib.compress(b"hello" * 100)[:10],
        b"Ho st: x\r\n\r\n",
    ],
    ids=["short", "half a chunk", "no chunk", "half a stream", "no header"],
)
async def test_a_request_that_is_cut_off_is_no_error_of_ours(
    place: str, rest: bytes, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A request that ends too early, or is none, writes no traceback; the next one is answered."""
    serving, path = PLACES[place]
    with caplog.at_level(logging.INFO):
        async with serving(desk) as port:
            with capture_logs() as logged:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"{path} HTTP/1.1\r\nHost: x\r\n".encode() + rest)
                await writer.drain()
                writer.write_eof()
                async with asyncio.timeout(PATIENCE_S):
                    await reader.read()
                writer.close()
                again = await said(port, b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert again.split()[1] == b"404"
    assert {line["log_level"] for line in logged} <= {"info"}
    assert [line for line in caplog.records if line.levelno > logging.INFO] == []
