"""A server on loopback that answers as a test says, byte by byte if it must."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

#: Writes an answer to the nth request, from 1.
Behaviour: TypeAlias = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


class Upstream:
    """What was asked.

    Attributes:
        heads: The head of each request.
        peers: The address that each connection came to.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.heads: list[str] = []
        self.peers: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with one request; what speaks TLS to a port without it is told off."""
        with suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):
                head += await reader.read(1 << 16) or b"\r\n\r\n"
            self.heads.append(head.decode(errors="replace"))
            self.peers.append(writer.get_extra_info("sockname")[0])
            await self.behaviour(len(self.heads), writer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def upstream(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    """One that listens on 127.0.0.1."""
    there, open_ones = Upstream(behaviour), dict[asyncio.StreamWriter, asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones[writer] = asyncio.ensure_future(there.serve(reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for writer, task in open_ones.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*open_ones.values(), return_exceptions=True)


def says(status: int, body: bytes = b"{}", *, kind: str = "application/json", **headers: str) -> Behaviour:
    """Always the same answer."""

    async def behave(_nth: int, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other; the last one stays."""

    async def behave(nth: int, writer: asyncio.StreamWriter) -> None:
        await behaviours[min(nth, len(behaviours)) - 1](nth, writer)

    return behave
