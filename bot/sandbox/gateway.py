"""The gateway: one `Connection` per WebSocket. Source: Discord's docs, Events > Gateway."""

import asyncio
import json
import zlib
from contextlib import suppress
from enum import IntEnum
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox import greetings
from bot.sandbox.core import Core
from bot.sandbox.intents import disallowed
from bot.sandbox.kinds import JSON
from bot.sandbox.sessions import Session, Sessions

HEARTBEAT_MS = 41_250
_ZOMBIE_FACTOR = 1.5
_MOST_BYTES = 4096
_MOST_FRAMES, _FRAMES_WINDOW_S = 120, 60.0
_ABNORMAL = 1006
_SHARD_FIELDS = 2
_CLOSE_WITHIN_S = 2.0
_CLIENT_ENDS = (1000, 1001)  # a client that closes with these gives up its session


class Op(IntEnum):
    """Topics > Opcodes and Status Codes > Gateway Opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Close(IntEnum):
    """Topics > Opcodes and Status Codes > Gateway Close Event Codes."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    TIMED_OUT = 4009
    INVALID_SHARD = 4010
    INVALID_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class Closing(Exception):
    """End the connection with *code*."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """One socket: reads frames, writes frames in order, watches the heartbeat."""

    def __init__(self, core: Core, sessions: Sessions, request: web.Request, heartbeat_ms: int) -> None:
        self._core = core
        self._sessions = sessions
        self._request = request
        self._heartbeat_s = heartbeat_ms / 1000
        self._ws = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
        compressed = request.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj() if compressed else None
        self._out: asyncio.Queue[JSON] = asyncio.Queue()
        self._last_heartbeat = asyncio.get_running_loop().time()
        self._received: list[float] = []
        self.session: Session | None = None
        self.silent = False
        self._ending: asyncio.Event | None = None
        self._closer: asyncio.Future[None] | None = None

    async def run(self) -> web.WebSocketResponse:
        """Serve the socket until it ends."""
        await self._ws.prepare(self._request)
        if self._request.query.get("v", "10") != "10":
            await self._close(Close.INVALID_VERSION)
            return self._ws
        self.put(Op.HELLO, {"heartbeat_interval": int(self._heartbeat_s * 1000), "_trace": ["local"]})
        tasks = [asyncio.ensure_future(self._write()), asyncio.ensure_future(self._watch())]
        try:
            await self._read()
        except Closing as closing:
            await self._close(closing.code)
        finally:
            if self._ending:  # someone else is closing: the socket lives until the close frame is out
                await self._ending.wait()
            for task in tasks:
                task.cancel()
            self._detach()
        return self._ws

    def put(self, op: Op, data: object) -> None:
        """Queue a frame that is no dispatch."""
        self._out.put_nowait({"op": int(op), "d": data, "s": None, "t": None})

    def drop(self) -> None:
        """Cut the TCP connection without a close frame."""
        self._detach()
        if self._request.transport:
            self._request.transport.abort()

    def close(self, code: int) -> None:
        """Begin to close with *code* from the server's side; the client's answer is not waited for."""
        self._closer = asyncio.ensure_future(self._close(code))

    async def _close(self, code: int) -> None:
        self._record("out", {"close": code})
        self._detach()
        if code in (Close.AUTHENTICATION_FAILED, Close.TIMED_OUT, Close.INVALID_SEQ) and self.session:
            self._sessions.forget(self.session.id)
        self._ending = self._ending or asyncio.Event()
        try:
            with suppress(ConnectionError, asyncio.TimeoutError):
                await asyncio.wait_for(self._ws.close(code=code), _CLOSE_WITHIN_S)
        finally:
            self._ending.set()

    def _detach(self) -> None:
        if self.session and self.session.send == self._out.put_nowait:
            self.session.send = None
            self._core.hub.beat()

    def _record(self, direction: str, frame: JSON) -> None:
        session_id = self.session.id if self.session else None
        self._core.log.add("gateway", {"direction": direction, "session": session_id, "frame": frame})

    async def _write(self) -> None:
        while True:
            frame = await self._out.get()
            if self.silent:
                continue
            text = json.dumps(frame, separators=(",", ":"))
            self._record("out", frame)
            with suppress(ConnectionError):
                if self._zlib:
                    data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self._ws.send_bytes(data)
                else:
                    await self._ws.send_str(text)

    async def _watch(self) -> None:
        """Close 4009 when no heartbeat came for one and a half intervals."""
        loop = asyncio.get_running_loop()
        while True:
            left_s = self._last_heartbeat + self._heartbeat_s * _ZOMBIE_FACTOR - loop.time()
            if left_s <= 0:
                await self._close(Close.TIMED_OUT)
                return
            await asyncio.sleep(left_s)

    async def _read(self) -> None:
        async for message in self._ws:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            frame = _decode(message.data)
            self._count()
            self._record("in", _without_token(frame))
            self._core.hub.beat()
            await self._handle(frame)
        code = self._ws.close_code or _ABNORMAL
        self._record("in", {"close": code})
        if self.session and code in _CLIENT_ENDS:
            self._sessions.forget(self.session.id)

    def _count(self) -> None:
        """Close 4008 past 120 frames a minute."""
        now = asyncio.get_running_loop().time()
        self._received = [at for at in self._received if now - at < _FRAMES_WINDOW_S] + [now]
        if len(self._received) > _MOST_FRAMES:
            raise Closing(Close.RATE_LIMITED)

    async def _handle(self, frame: JSON) -> None:
        op, data = frame.get("op"), frame.get("d")
        if op == Op.HEARTBEAT:
            self._last_heartbeat = asyncio.get_running_loop().time()
            self.put(Op.HEARTBEAT_ACK, None)
        elif op == Op.IDENTIFY:
            self._identify(data)
        elif op == Op.RESUME:
            self._resume(data)
        elif op in (Op.REQUEST_MEMBERS, Op.PRESENCE, Op.VOICE_STATE):
            if self.session is None:
                raise Closing(Close.NOT_AUTHENTICATED)
            if op == Op.REQUEST_MEMBERS and isinstance(data, dict):
                greetings.send_members(self._core, self.session, data)
        else:
            raise Closing(Close.UNKNOWN_OPCODE)

    def _identify(self, data: Any) -> None:  # noqa: ANN401 (client JSON)
        if self.session:
            raise Closing(Close.ALREADY_AUTHENTICATED)
        if not isinstance(data, dict) or not isinstance(data.get("intents"), int):
            raise Closing(Close.DECODE_ERROR)
        self._authenticate(data)
        intents = data["intents"]
        if intents < 0 or intents >= 1 << 26:
            raise Closing(Close.INVALID_INTENTS)
        if disallowed(intents, self._core.world.application):
            raise Closing(Close.DISALLOWED_INTENTS)
        self._core.identifies_left -= 1
        self.session = self._sessions.open(intents, _shard(data))
        self.session.send = self._out.put_nowait
        greetings.welcome(self._core, self.session)
        self._core.hub.beat()

    def _resume(self, data: Any) -> None:  # noqa: ANN401 (client JSON)
        if self.session:
            raise Closing(Close.ALREADY_AUTHENTICATED)
        if not isinstance(data, dict) or not isinstance(data.get("seq"), int):
            raise Closing(Close.DECODE_ERROR)
        self._authenticate(data)
        session = self._sessions.get(str(data.get("session_id")))
        if session and data["seq"] > session.seq:
            raise Closing(Close.INVALID_SEQ)
        missed = session.missed(data["seq"]) if session else None
        if session is None or missed is None:
            self.put(Op.INVALID_SESSION, data=False)
            return
        self.session = session
        for frame in missed:
            self._out.put_nowait(frame)
        session.send = self._out.put_nowait
        session.dispatch("RESUMED", {"_trace": ["local"]})
        self._core.hub.beat()

    def _authenticate(self, data: JSON) -> None:
        token = str(data.get("token")).removeprefix("Bot ")
        if token != self._core.world.application.token:
            raise Closing(Close.AUTHENTICATION_FAILED)


def _decode(raw: str | bytes) -> JSON:
    if len(raw) > _MOST_BYTES:
        raise Closing(Close.DECODE_ERROR)
    try:
        frame = json.loads(raw)
    except ValueError:
        raise Closing(Close.DECODE_ERROR) from None
    if not isinstance(frame, dict):
        raise Closing(Close.DECODE_ERROR)
    return frame


def _without_token(frame: JSON) -> JSON:
    data = frame.get("d")
    return {**frame, "d": {**data, "token": "***"}} if isinstance(data, dict) and "token" in data else frame


def _shard(data: JSON) -> tuple[int, int]:
    shard = data.get("shard") or [0, 1]
    if not (isinstance(shard, list) and len(shard) == _SHARD_FIELDS and 0 <= shard[0] < shard[1]):
        raise Closing(Close.INVALID_SHARD)
    return shard[0], shard[1]
