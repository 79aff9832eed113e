"""A session at Discord's gateway as a trial needs it: raw, one IDENTIFY, every event kept for a while.

Source: Discord's docs, Events > Gateway.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

import aiohttp

from bot.doctor.on_discord.api import JSON, DiscordRefused

_CONNECT_S: Final = 15.0
_KEPT: Final = 2_000
_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _INVALID, _HELLO = 0, 1, 2, 6, 9, 10
_OVER: Final = 1000
_STAYS: Final = 4000  # any code but 1000 and 1001 leaves the session to be resumed
_ENDING: Final = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)


@dataclass(frozen=True, slots=True)
class Event:
    """A dispatched event, and the monotonic moment at which it was here."""

    name: str
    data: JSON
    at_s: float


class Link:
    """An open socket that answers heartbeats until it is closed."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, interval_s: float) -> None:
        self._socket = socket
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._changed = asyncio.Condition()
        self._is_invalid = False
        self.sequence: int | None = None
        self._tasks = [
            asyncio.create_task(self._read(), name="live.read"),
            asyncio.create_task(self._beat(interval_s), name="live.beat"),
        ]

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, url: str, *, proxy: str | None) -> Self:
        """Connect, and wait for HELLO.

        Raises:
            DiscordRefused: there is no gateway.
        """
        address = f"{url.rstrip('/')}/?v=10&encoding=json"
        try:
            async with asyncio.timeout(_CONNECT_S):
                socket = await session.ws_connect(address, proxy=proxy, max_msg_size=0, autoping=True)
                hello = json.loads((await socket.receive()).data)
        except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
            raise DiscordRefused(f"the gateway does not answer ({type(error).__name__})") from None
        if hello.get("op") != _HELLO:
            raise DiscordRefused("the gateway did not say hello")
        return cls(socket, hello["d"]["heartbeat_interval"] / 1000)

    async def identify(self, token: str, *, intents: int, shard: tuple[int, int]) -> JSON:
        """Begin a session; what READY says.

        Raises:
            DiscordRefused: Discord takes none.
        """
        properties = {"os": "linux", "browser": "incident-bot", "device": "doctor"}
        data = {"token": token, "intents": intents, "shard": list(shard), "properties": properties}
        await self._send(_IDENTIFY, data)
        return (await self.event("READY")).data

    async def resume(self, token: str, session_id: str, sequence: int | None) -> None:
        """Go on with a session. Raises as `identify`."""
        await self._send(_RESUME, {"token": token, "session_id": session_id, "seq": sequence})
        await self.event("RESUMED")

    async def event(
        self, name: str, wanted: Callable[[JSON], bool] = lambda _data: True, *, within_s: float = _CONNECT_S
    ) -> Event:
        """Return the first event of that name that *wanted* takes, past or to come.

        Raises:
            DiscordRefused: it does not come, or the session has ended.
        """
        try:
            async with asyncio.timeout(within_s), self._changed:
                while True:
                    for event in self._events:
                        if event.name == name and wanted(event.data):
                            return event
                    if self._is_invalid:
                        reason = "(opcode 9): one IDENTIFY in 5 s; try again in a moment"
                        raise DiscordRefused(f"Discord refused the session {reason}")
                    if self._socket.closed:
                        code = self._socket.close_code
                        raise DiscordRefused(f"the gateway closed the connection ({code})")
                    await self._changed.wait()
        except TimeoutError:
            raise DiscordRefused(f"no {name} within {within_s:g} s") from None

    async def leave(self, *, is_over: bool) -> None:
        """Close the socket.

        Args:
            is_over: Discord may forget the session; otherwise it can be resumed.
        """
        for task in self._tasks:
            task.cancel()
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                await self._socket.close(code=_OVER if is_over else _STAYS)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, opcode: int, data: Any) -> None:  # noqa: ANN401 -- a JSON value
        with suppress(aiohttp.ClientError, OSError):  # a waiting caller sees the socket close
            await self._socket.send_json({"op": opcode, "d": data})

    async def _beat(self, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            await self._send(_HEARTBEAT, self.sequence)

    async def _read(self) -> None:
        while True:
            frame = await self._socket.receive()
            async with self._changed:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    await self._take(json.loads(frame.data))
                self._changed.notify_all()
            if frame.type in _ENDING or self._socket.closed:
                return

    async def _take(self, frame: JSON) -> None:
        if frame["op"] == _DISPATCH:
            self.sequence = frame["s"]
            self._events.append(Event(frame["t"], frame["d"] or {}, time.monotonic()))
        elif frame["op"] == _HEARTBEAT:
            await self._send(_HEARTBEAT, self.sequence)
        elif frame["op"] == _INVALID:
            self._is_invalid = True
