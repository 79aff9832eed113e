"""The gateway's bytes: compression, encodings, and what a client may not send."""

import json
import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.client import Client
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import (
    GUILDS,
    MESSAGES,
    USUAL,
    Inflated,
    dial,
    zlib_stream,
    zstd_stream,
)


@pytest.mark.parametrize(("name", "inflate"), [("zlib-stream", zlib_stream), ("zstd-stream", zstd_stream)])
async def test_transport_compression(
    client: Client, name: str, inflate: Callable[[], Callable[[bytes], bytes]]
) -> None:
    """Every message is binary, one frame each, through one context that lives as long as the socket."""
    async with AsyncExitStack() as stack:
        socket = Inflated(await dial(stack, client.sandbox, compress=name), inflate())
        await socket.identify(client.sandbox.address.token, USUAL)
        await socket.event("GUILD_CREATE")
        for text in ("a", "障害" * 500, "c"):
            await client.post(content=text)
            assert (await socket.event("MESSAGE_CREATE"))["d"]["content"] == text
        await socket.send(1, None)
        assert (await socket.op(11))["d"] is None
        assert socket.text == 0


async def test_payload_compression(client: Client) -> None:
    """With `compress` in IDENTIFY long packets come as zlib streams of their own, short ones as text."""
    async with AsyncExitStack() as stack:
        socket = Inflated(await dial(stack, client.sandbox), zlib.decompress)
        await socket.identify(client.sandbox.address.token, USUAL, compress=True)
        await socket.event("GUILD_CREATE")
        await socket.send(1, None)
        await socket.op(11)
        assert (socket.binary, socket.text) == (2, 2)


async def test_payload_compression_gives_way_to_transport_compression(client: Client) -> None:
    """A connection that asks for both payload and transport compression gets only the transport's."""
    async with AsyncExitStack() as stack:
        socket = Inflated(await dial(stack, client.sandbox, compress="zlib-stream"), zlib_stream())
        await socket.identify(client.sandbox.address.token, USUAL, compress=True)
        assert (await socket.event("GUILD_CREATE"))["d"]["id"]


async def test_etf_is_not_spoken(sandbox: LocalDiscord) -> None:
    """A connection that asks for it is closed with 4002 before it says anything."""
    async with AsyncExitStack() as stack:
        ws = await dial(stack, sandbox, encoding="etf", v=10)
        await ws.receive()
        assert ws.close_code == 4002


@pytest.mark.parametrize("size", [4096, 4097])
async def test_a_payload_has_at_most_4096_bytes(connect: Connect, size: int) -> None:
    """Bytes count, not characters; one more is a decode error."""
    socket = await connect()
    await socket.frame()
    rest = json.dumps({"op": 1, "d": None, "x": ""})
    text = rest[:-2] + "é" * ((size - len(rest)) // 2) + "x" * ((size - len(rest)) % 2) + rest[-2:]
    assert len(text.encode()) == size
    await socket.ws.send_str(text)
    if size > 4096:
        assert await socket.closed() == 4002
    else:
        assert (await socket.frame())["op"] == 11


@pytest.mark.parametrize("text", ["", "{", "1", "[" * 2000, '{"op": 1e999}'])
async def test_what_is_no_frame_is_refused(connect: Connect, text: str) -> None:
    """Text that is not a gateway frame closes the connection with 4001 or 4002."""
    socket = await connect()
    await socket.frame()
    await socket.ws.send_str(text)
    assert await socket.closed() in (4001, 4002)


async def test_120_frames_a_minute(connect: Connect, sandbox: LocalDiscord) -> None:
    """The 121st frame closes the connection with 4008, whatever it says."""
    socket = await connect()
    await socket.identify(sandbox.address.token, GUILDS | MESSAGES)
    for _ in range(120):
        await socket.send(1, None)
    assert await socket.closed() == 4008


async def test_binary_json_is_read(connect: Connect) -> None:
    """The gateway reads JSON that comes as a binary message."""
    socket = await connect()
    await socket.frame()
    await socket.ws.send_bytes(b'{"op": 1, "d": null}')
    assert (await socket.frame())["op"] == 11
