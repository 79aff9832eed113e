"""HTTP by hand: what no client library would send, over a socket of its own."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local_discord.server import LocalDiscord

DEADLINE_S = 30.0


@dataclass(frozen=True)
class Told:
    """An answer: the status, the headers by lower-case name, and the JSON of the body (None without one)."""

    status: int
    headers: dict[str, str]
    body: Any


class Line:
    """One TCP connection to a sandbox."""

    def __init__(
        self, sandbox: LocalDiscord, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._sandbox = sandbox
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, sandbox: LocalDiscord) -> "Line":
        """Connect."""
        address = urlsplit(sandbox.api_base)
        return cls(sandbox, *await asyncio.open_connection(address.hostname, address.port))

    async def send(self, verb: str, headers: dict[str, str], body: bytes = b"", *, lacking: int = 0) -> None:
        """Send one request as the bot; *lacking* bytes are announced beyond the *body* and never come."""
        method, path = verb.split(" ")
        usual = {"Host": urlsplit(self._sandbox.api_base).netloc}
        usual["Authorization"] = f"Bot {self._sandbox.address.token}"
        if "Transfer-Encoding" not in headers:
            usual["Content-Length"] = str(len(body) + lacking)
        lines = "".join(f"{name}: {value}\r\n" for name, value in (usual | headers).items())
        await self.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body)

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def told(self) -> Told:
        """The next answer.

        Raises:
            TimeoutError: When it does not come in time.
            asyncio.IncompleteReadError: When the connection ends first.
        """
        async with asyncio.timeout(DEADLINE_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return Told(int(first.split()[1]), headers, json.loads(body) if body else None)

    async def ask(self, verb: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Told:
        """Send a request and read its answer."""
        await self.send(verb, headers or {}, body)
        return await self.told()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
