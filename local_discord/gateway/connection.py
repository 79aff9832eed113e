"""The gateway: one `Connection` per WebSocket. Source: Discord's docs, Events > Gateway."""

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from local_discord.core import Core
from local_discord.gateway.handshake import Granted, identify, resume
from local_discord.gateway.opcodes import CLIENT_ENDS, ENDS_SESSION, Close, Closing, Op
from local_discord.gateway.presence import check_presence
from local_discord.gateway.requests import send_members, send_sounds
from local_discord.gateway.sessions import Session, Sessions
from local_discord.gateway.wire import Body, Frame, Plain, ZlibPackets, read, wire_for, without_token
from local_discord.world.kinds import JSON

_ZOMBIE_FACTOR = 1.5
_MOST_FRAMES, _FRAMES_WINDOW_S = 120, 60.0
_ABNORMAL = 1006
_CLOSE_WITHIN_S = 2.0
_OBJECTS = (Op.REQUEST_MEMBERS, Op.PRESENCE, Op.VOICE_STATE, Op.REQUEST_SOUNDS, Op.REQUEST_CHANNEL_INFO)


class Connection:
    """One socket: reads frames, writes frames in order, watches the heartbeat."""

    def __init__(self, core: Core, sessions: Sessions, request: web.Request) -> None:
        self._core = core
        self._sessions = sessions
        self._request = request
        self._heartbeat_s = core.rules.heartbeat_ms / 1000
        self._ws = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
        self._wire = wire_for(request.query.get("compress"))
        self._out: asyncio.Queue[Frame] = asyncio.Queue()
        self._last_heartbeat = asyncio.get_running_loop().time()
        self._received: list[float] = []
        self.session: Session | None = None
        self.silent = False
        self._ending: asyncio.Event | None = None
        self._closer: asyncio.Future[None] | None = None

    async def run(self) -> web.WebSocketResponse:
        """Serve the socket until it ends."""
        await self._ws.prepare(self._request)
        if refusal := _refusal(self._request):
            await self._close(refusal)
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
        self._out.put_nowait(Frame(op, Body(data)))

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9. A session that is not *resumable* is forgotten; either way this socket has none any more."""
        session = self.session
        self._detach()
        self.session = None
        if session and not resumable:
            self._sessions.forget(session.id)
        self.put(Op.INVALID_SESSION, resumable)

    def fall_silent(self) -> None:
        """Send nothing any more, acknowledgements of heartbeats included, and stay open."""
        self.silent = True

    def fall_deaf(self) -> None:
        """Lose the session while the socket is well: heartbeats are acknowledged, no event comes any more."""
        if self.session:
            self.session.deaf = True

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
        if code in ENDS_SESSION and self.session:
            self._sessions.forget(self.session.id)
        self._ending = self._ending or asyncio.Event()
        try:
            with suppress(ConnectionError, asyncio.TimeoutError):
                await asyncio.wait_for(self._ws.close(code=code), _CLOSE_WITHIN_S)
        finally:
            self._ending.set()

    def _attach(self, session: Session) -> None:
        self.session = session
        session.attach(self._out.put_nowait, self._lose_session)

    def _lose_session(self) -> None:
        """Another socket resumed the session: this one is over, and closing it must not end the session."""
        self.session = None
        self.close(Close.UNKNOWN_ERROR)

    def _detach(self) -> None:
        if self.session and self.session.send == self._out.put_nowait:
            self.session.detach(self._core.clock.monotonic())
            self._core.hub.beat()

    def _record(self, direction: str, frame: JSON) -> None:
        session_id = self.session.id if self.session else None
        self._core.log.add("gateway", {"direction": direction, "session": session_id, "frame": frame})
        self._core.hub.beat()

    async def _write(self) -> None:
        freezer = self._core.freezer
        while True:
            frame = await self._out.get()
            if freezer.frozen:
                await freezer.passed()
            if self.silent:
                continue
            self._record("out", frame.as_json())
            message = self._wire.pack(frame.text)
            with suppress(ConnectionError):
                if isinstance(message, str):
                    await self._ws.send_str(message)
                else:
                    await self._ws.send_bytes(message)

    async def _watch(self) -> None:
        """Close 4009 when no heartbeat came for one and a half intervals; frozen time does not count."""
        loop, freezer = asyncio.get_running_loop(), self._core.freezer
        while True:
            await freezer.passed()
            latest = max(self._last_heartbeat, freezer.thawed_at)
            left_s = latest + self._heartbeat_s * _ZOMBIE_FACTOR - loop.time()
            if left_s <= 0:
                await self._close(Close.TIMED_OUT)
                return
            await asyncio.sleep(left_s)

    async def _read(self) -> None:
        async for message in self._ws:
            await self._core.freezer.passed()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            frame = read(message.data)
            self._count()
            self._record("in", without_token(frame))
            self._core.hub.beat()
            self._handle(frame)
        code = self._ws.close_code or _ABNORMAL
        self._record("in", {"close": code})
        if self.session and code in CLIENT_ENDS:
            self._sessions.forget(self.session.id)

    def _count(self) -> None:
        """Close 4008 past 120 frames a minute."""
        now = asyncio.get_running_loop().time()
        self._received = [at for at in self._received if now - at < _FRAMES_WINDOW_S] + [now]
        if len(self._received) > _MOST_FRAMES:
            raise Closing(Close.RATE_LIMITED)

    def _handle(self, frame: JSON) -> None:
        op, data = frame.get("op"), frame.get("d")
        if type(op) is not int:  # true would pass for 1
            raise Closing(Close.UNKNOWN_OPCODE)
        if op == Op.HEARTBEAT:
            self._last_heartbeat = asyncio.get_running_loop().time()
            self.put(Op.HEARTBEAT_ACK, None)
        elif op in (Op.IDENTIFY, Op.RESUME):
            self._begin(op, data)
        elif op in _OBJECTS:
            self._obey(op, data)
        else:
            raise Closing(Close.UNKNOWN_OPCODE)

    def _begin(self, op: int, data: object) -> None:
        """IDENTIFY or RESUME: a session, op 9, or a close code."""
        if self.session:
            raise Closing(Close.ALREADY_AUTHENTICATED)
        granted = identify if op == Op.IDENTIFY else resume
        result = granted(self._core, self._sessions, data)
        if result is None:
            self.put(Op.INVALID_SESSION, data=False)
            return
        self._begin_session(result)

    def _begin_session(self, granted: Granted) -> None:
        if granted.compress and isinstance(self._wire, Plain):
            self._wire = ZlibPackets()
        for frame in granted.missed:
            self._out.put_nowait(frame)
        self._attach(granted.session)
        granted.greet(granted.session)
        self._core.hub.beat()

    def _obey(self, op: int, data: object) -> None:
        """Handle an opcode that needs a session. Presence is checked, but has no effect, like voice state."""
        if self.session is None:
            raise Closing(Close.NOT_AUTHENTICATED)
        if not isinstance(data, dict):
            raise Closing(Close.DECODE_ERROR)
        if op == Op.PRESENCE:
            check_presence(data)
        elif op == Op.REQUEST_MEMBERS:
            send_members(self._core, self.session, data)
        elif op == Op.REQUEST_SOUNDS:
            send_sounds(self._core, self.session, data)


def _refusal(request: web.Request) -> Close | None:
    """Why the URL's parameters are refused: only v10 and JSON are spoken here, no ETF."""
    if request.query.get("v", "10") != "10":
        return Close.INVALID_VERSION
    return None if request.query.get("encoding", "json") == "json" else Close.DECODE_ERROR
