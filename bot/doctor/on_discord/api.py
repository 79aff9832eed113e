"""Discord as a trial needs it: single requests, what cleans up after them, and a raw gateway session.

The bot's own client (`bot.ui.discord_api.client`) turns answers into two errors and waits for rate limits.
Source: Discord's docs, Events > Gateway.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self, TypeAlias

import aiohttp

from bot.integrations.addresses import EgressProxy

JSON: TypeAlias = dict[str, Any]

_DEADLINE_S: Final = 15.0
_LONGEST_WAIT_S: Final = 10.0
_REPEATS: Final = 5
_AGENT: Final = "DiscordBot (https://discord.com/developers, 1)"
_TOLD: Final = 160


class DiscordRefused(Exception):
    """Discord, or the way to it, did not do what was asked. The text is one line without secrets."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """Discord's answer to one request.

    Attributes:
        what: The request, without tokens.
        body: The JSON; None when there is none.
        took_s: Seconds from the request to the end of the answer.
    """

    what: str
    status: int
    headers: Mapping[str, str]
    body: Any
    took_s: float

    @property
    def code(self) -> int:
        """Return the error code in Discord's refusal; 0 when there is none."""
        is_refusal = self.status >= HTTPStatus.BAD_REQUEST and isinstance(self.body, dict)
        return int(self.body.get("code") or 0) if is_refusal else 0

    @property
    def outcome(self) -> str:
        """Return the status, with Discord's error code if it refused: "404 10008"."""
        return f"{self.status} {self.code}" if self.code else str(self.status)

    def good(self) -> Self:
        """Return this answer if Discord accepted the request.

        Raises:
            DiscordRefused: it did not.
        """
        if self.status < HTTPStatus.BAD_REQUEST:
            return self
        message = str(self.body.get("message", "")) if isinstance(self.body, dict) else "no JSON"
        raise DiscordRefused(f"{self.what}: {self.outcome} {message}"[:_TOLD].rstrip())


class Api:
    """Requests of one bot.

    Args:
        base: The API's address, with its version.
        proxy: Between here and Discord; its credentials are never told.
    """

    def __init__(
        self, session: aiohttp.ClientSession, *, base: str, token: str, proxy: EgressProxy | None = None
    ) -> None:
        self.session = session
        self.base = base.rstrip("/")
        self.token = token
        self.proxy = None if proxy is None else proxy.with_credentials
        self.way = "direct" if proxy is None else proxy.shown

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: JSON | None = None,
        params: Mapping[str, str] | None = None,
        is_patient: bool = True,
    ) -> ApiAnswer:
        """Make a request, again when Discord asks for a short wait.

        Args:
            path: Below the base: "/users/@me".
            is_patient: False: a 429 is an answer as any other.

        Raises:
            DiscordRefused: there was no answer.
        """
        for _ in range(_REPEATS):
            answer = await self._once(method, path, json, params)
            wait_s = _wait_s(answer)
            if not is_patient or wait_s is None or wait_s > _LONGEST_WAIT_S:
                return answer
            await asyncio.sleep(wait_s)
        return answer

    async def get(self, path: str, **params: str) -> Any:  # noqa: ANN401 -- a JSON value
        """Return the JSON at *path*.

        Raises:
            DiscordRefused: it cannot be read.
        """
        return (await self.ask("GET", path, params=params)).good().body

    async def post(self, path: str, json: JSON) -> JSON:
        """Create a message or a thread at *path*, and return it.

        Raises:
            DiscordRefused: it was not created.
        """
        body = (await self.ask("POST", path, json=json)).good().body
        if not isinstance(body, dict) or "id" not in body:
            raise DiscordRefused(f"POST {_shown(path)}: the answer is no object of Discord's")
        return body

    async def _once(
        self, method: str, path: str, json: JSON | None, params: Mapping[str, str] | None
    ) -> ApiAnswer:
        what, began = f"{method} {_shown(path)}", time.monotonic()
        try:
            async with self.session.request(
                method,
                self.base + path,
                json=json,
                params=params,
                headers={"Authorization": f"Bot {self.token}", "User-Agent": _AGENT},
                proxy=self.proxy,
                timeout=aiohttp.ClientTimeout(total=_DEADLINE_S),
            ) as response:
                body = await response.json() if "json" in response.headers.get("Content-Type", "") else None
                return ApiAnswer(what, response.status, response.headers, body, time.monotonic() - began)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DiscordRefused(f"{what}: no answer ({type(error).__name__})") from None


def _wait_s(answer: ApiAnswer) -> float | None:
    """Return how long Discord asks to wait, or None."""
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS or answer.body is None:
        return None
    try:
        return float(answer.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _shown(path: str) -> str:
    """Return *path* for a log; an interaction's path is cut before its token."""
    return "/interactions/..." if path.startswith("/interactions/") else path


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


_EACH_S: Final = 30.0


class CleanUp:
    """The requests that remove what a run has made; the last one queued runs first."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._requests: list[tuple[str, str]] = []

    def later(self, method: str, path: str) -> None:
        """Queue this request for the end of the run; a request that is queued already is not queued again."""
        if (method, path) not in self._requests:
            self._requests.append((method, path))

    async def run(self) -> tuple[int, list[str]]:
        """Make all queued requests. Return how many there were, and one line for each that failed.

        A 404 is no failure: deleting a thread also deletes its messages.
        """
        count, left = len(self._requests), []
        while self._requests:
            method, path = self._requests.pop()
            try:
                async with asyncio.timeout(_EACH_S):
                    answer = await self._api.ask(method, path)
                    if answer.status != HTTPStatus.NOT_FOUND:
                        answer.good()
            except (DiscordRefused, TimeoutError) as error:
                left.append(str(error) or f"{method} {path}: no answer within {_EACH_S:g} s")
        return count, left
