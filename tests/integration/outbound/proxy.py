"""A small HTTP proxy on loopback: CONNECT, and requests with an absolute address; it notes them."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

USER, PASSWORD = "bot", "hunter2-of-the-proxy"
_KEY = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_HEAD_END = b"\r\n\r\n"
_DENIED = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Lets through who has the password, to loopback only.

    Attributes:
        asked: The first lines of what came with the password.
        denied: Of what came without.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.denied: list[str] = []

    def address(self, *, password: str = PASSWORD) -> str:
        """For HTTPS_PROXY."""
        return self.url.replace("//", f"//{USER}:{password}@")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until both sides have ended it."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(_HEAD_END)
            line = head.split(b"\r\n", 1)[0].decode()
            is_known = f"proxy-authorization: basic {_KEY}".lower().encode() in head.lower()
            (self.asked if is_known else self.denied).append(line)
            if is_known:
                await self._pass(line, head, reader, writer)
            else:
                writer.write(_DENIED)
                await writer.drain()
        writer.close()

    async def _pass(
        self, line: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, _ = line.split(" ")
        there = urlsplit(f"//{target}" if method == "CONNECT" else target)
        if there.hostname != "127.0.0.1" or there.port is None:
            writer.write(_BAD_GATEWAY)
            await writer.drain()
            return
        back, forth = await asyncio.open_connection(there.hostname, there.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            forth.write(head)
        await asyncio.gather(self._pipe(reader, forth), self._pipe(back, writer))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(1 << 16):
            line = some.split(b"\r\n", 1)[0]
            if line.endswith(b" HTTP/1.1"):  # a further request on the same connection
                self.asked.append(line.decode())
            writer.write(some)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def proxy() -> AsyncIterator[Proxy]:
    """One on loopback."""
    made = Proxy()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
