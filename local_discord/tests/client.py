"""Talks to the sandbox over real sockets: the API, the human side and the gateway, without a bot library."""

import asyncio
import json
import zlib
from dataclasses import dataclass
from typing import Any

import aiohttp

from local_discord.server import LocalDiscord
from local_discord.world.permissions import P
from local_discord.world.seed import BOT

DEADLINE_S = 30.0
ALERTS, OPS, GENERAL = "1100000000000000301", "1100000000000000302", "1100000000000000305"
WAR_ROOM = "1100000000000000306"
PRIMARY, OBSERVER = "1100000000000000101", "1100000000000000104"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return int(self.body["code"])

    def errors(self, *path: str) -> list[str]:
        """The codes of the field errors at *path* of a 50035."""
        node = self.body["errors"]
        for step in path:
            node = node[step]
        return [error["code"] for error in node["_errors"]]


class Client:
    """Requests to the API as the bot, and to the human side."""

    def __init__(self, sandbox: LocalDiscord, http: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.http = http
        self.headers = {"Authorization": f"Bot {sandbox.address.token}"}

    async def api(self, verb: str, body: Any = None, **params: str) -> Reply:
        """One API request: *verb* is e.g. ``"GET /users/@me"``."""
        method, path = verb.split(" ")
        url = self.sandbox.api_base + path
        async with self.http.request(method, url, json=body, params=params, headers=self.headers) as response:
            raw = await response.read()
            return Reply(response.status, json.loads(raw) if raw else None, dict(response.headers))

    async def human(self, verb: str, **body: Any) -> Reply:
        """One human-side request."""
        method, path = verb.split(" ")
        url = f"{self.sandbox.human}/{path}"
        async with self.http.request(method, url, json=body or None) as response:
            return Reply(response.status, await response.json(), dict(response.headers))

    async def post(self, channel: str = ALERTS, **body: Any) -> dict[str, Any]:
        """Send a message that must succeed."""
        reply = await self.api(f"POST /channels/{channel}/messages", body)
        assert reply.status == 200, reply.body
        message: dict[str, Any] = reply.body
        return message

    async def run(self, name: str = "triage", user: str = "primary", **options: Any) -> dict[str, Any]:
        """A person runs a command; returns the interaction's payload as the bot gets it."""
        call = {"user": user, "channel": "p0-alerts", "name": name, "options": options}
        reply = await self.human("POST command", **call)
        assert reply.status == 200, reply.body
        return self.payload(reply)

    def payload(self, reply: Reply) -> dict[str, Any]:
        """The INTERACTION_CREATE data behind a human-side reply."""
        return self.sandbox.core.interactions[reply.body["interaction"]].payload

    async def respond(self, interaction: dict[str, Any], kind: int, **data: Any) -> Reply:
        """The bot's first response."""
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        return await self.api(f"POST {path}", {"type": kind, "data": data}, with_response="true")

    async def allow(self, more: P) -> None:
        """Give the bot *more* rights than its invitation asks for."""
        reply = await self.human("PATCH role", role="incident-bot", permissions=int(BOT | more))
        assert reply.status == 200, reply.body

    async def register(self, *commands: dict[str, Any]) -> Reply:
        """Overwrite the guild's commands."""
        address = self.sandbox.address
        path = f"/applications/{address.application_id}/guilds/{address.guild_id}/commands"
        return await self.api(f"PUT {path}", list(commands))


class Socket:
    """A gateway connection."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, *, compressed: bool = False) -> None:
        self.ws = ws
        self._zlib = zlib.decompressobj() if compressed else None
        self.seq: int | None = None

    async def frame(self) -> dict[str, Any]:
        """The next frame."""
        raw = await self.receive()
        frame: dict[str, Any] = json.loads(self._zlib.decompress(raw) if self._zlib else raw)
        self.seq = frame["s"] or self.seq
        return frame

    async def receive(self) -> Any:
        """The next message's data, as it came."""
        message = await self.ws.receive(DEADLINE_S)
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
        return message.data

    async def send(self, op: int, data: Any) -> None:
        """Send a frame."""
        await self.ws.send_json({"op": op, "d": data})

    async def identify(self, token: str, intents: int, **extra: Any) -> dict[str, Any]:
        """HELLO, IDENTIFY, READY; returns READY's data."""
        assert (await self.frame())["op"] == 10
        await self.send(2, {"token": token, "intents": intents, "properties": {}, **extra})
        ready: dict[str, Any] = (await self.event("READY"))["d"]
        return ready

    async def event(self, name: str) -> dict[str, Any]:
        """Skip frames up to the dispatch *name*."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                frame = await self.frame()
                if frame["t"] == name:
                    return frame

    async def op(self, number: int) -> dict[str, Any]:
        """Skip frames up to the next one with that opcode."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                frame = await self.frame()
                if frame["op"] == number:
                    return frame

    async def closed(self) -> int | None:
        """Read until the server closes; returns the close code."""
        async with asyncio.timeout(DEADLINE_S):
            while not self.ws.closed:
                await self.ws.receive()
        return self.ws.close_code
