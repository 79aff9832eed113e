"""Proxy PostgreSQL on loopback, to delay, refuse or break connections, and to lose commits.

It implements only the messages that this needs: see "Message Formats" in PostgreSQL's documentation.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

#: How a pooler in session mode refuses the connection that is one too many.
MAX_CLIENTS: Final = (
    "EMAXCONNSESSION max clients reached in session mode - max clients are limited to pool_size"
)

_STARTUP, _CANCEL, _SSL, _GSS = 196608, 80877102, 80877103, 80877104
_QUERY, _PARSE, _SYNC, _FLUSH = b"Q", b"P", b"S", b"H"
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that a client gets instead of an answer.

    Attributes:
        code: SQLSTATE.
        message: The error's text.
    """

    code: str = "XX000"
    message: str = MAX_CLIENTS

    def encoded(self) -> bytes:
        """Return it as an ErrorResponse of severity FATAL."""
        fields = (f"SFATAL\0VFATAL\0C{self.code}\0M{self.message}\0\0").encode()
        return b"E" + struct.pack("!i", len(fields) + 4) + fields


class Commits(StrEnum):
    """How the proxy treats a COMMIT. UNANSWERED and PREVENTED break its connection."""

    PASS = "pass"
    UNANSWERED = "unanswered"
    PREVENTED = "prevented"


@dataclass(eq=False, slots=True)
class Session:
    """A client's connection.

    Attributes:
        startup: The parameters of its start-up message: user, database, application_name and others.
        statements: The text of each statement that it has sent, if only to prepare it.
        prepared: The text of each prepared statement, by its name.
        run: The text of each statement that it has run since its transaction began.
        round_trips: The number of Query, Sync and Flush messages that it has sent, each of which asks for an
            answer.
        loses_answer: True once answers no longer reach the client.
    """

    startup: Mapping[str, str]
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    statements: set[str] = field(default_factory=set)
    prepared: dict[bytes, str] = field(default_factory=dict)
    run: list[str] = field(default_factory=list)
    round_trips: int = 0
    loses_answer: bool = False

    def note(self, kind: bytes, body: bytes) -> str | None:
        """Note the statement that a message sends or runs; return its text if it sends one."""
        text = _statement(kind, body)
        if text is not None:
            self.statements.add(text)
        match kind:
            case b"P":
                self.prepared[body.split(b"\0")[0]] = text or ""
            case b"B":
                self.run.append(self.prepared.get(body.split(b"\0")[1], ""))
            case b"Q":
                self.run = [*([] if _is_begin(text or "") else self.run), text or ""]
        return text

    def has_run(self, words: str) -> bool:
        """Return True if a statement that it has run in its transaction contains *words*."""
        return any(words in text for text in self.run)

    def abort(self) -> None:
        """Break both connections, to the client and to the server."""
        self.client.transport.abort()
        self.server.transport.abort()


@dataclass(eq=False)
class PgProxy:
    """The proxy. Its attributes may be changed at any time.

    Attributes:
        upstream: Address of the server, by a socket's folder (``?host=``) or by host and port.
        delay_s: Seconds that a message takes in each direction: a round trip takes twice that.
        limit: The number of connections allowed at once; further ones get `Refusal()`. None: no limit.
        refuse: Returns the refusal of a new connection with these start-up parameters; None admits it.
        refuse_statement: Returns the refusal of a statement, which ends its connection; None passes it on.
        commits: How each COMMIT is treated.
        commits_met: The number of COMMITs that were not simply passed on.
        last_words: A part of a statement. The answer to the COMMIT of a transaction that has run it is lost,
            and then all connections are broken and refused. None: no answer is lost.
        most: The highest number of connections at once.
        refused: The number of connections refused.
    """

    upstream: str
    delay_s: float = 0.0
    limit: int | None = None
    refuse: Callable[[Mapping[str, str]], Refusal | None] = lambda _startup: None
    refuse_statement: Callable[[str], Refusal | None] = lambda _statement: None
    commits: Commits = Commits.PASS
    commits_met: int = 0
    last_words: str | None = None
    most: int = 0
    refused: int = 0
    sessions: set[Session] = field(default_factory=set)
    _port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def dsn(self) -> str:
        """Return the address of the same database through this proxy."""
        parts = urlsplit(self.upstream)
        login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return f"postgresql://{login}127.0.0.1:{self._port}{parts.path}?sslmode=disable"

    def break_all(self, which: Callable[[Session], bool] = lambda _session: True) -> int:
        """Break the open connections for which *which* is true, and return their number."""
        broken = [session for session in self.sessions if which(session)]
        for session in broken:
            session.abort()
        return len(broken)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["PgProxy"]:
        """Accept connections while the block runs."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.break_all()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, body = await self._first(reader, writer)
        if code == _CANCEL:
            _, server = await self._connect()
            server.write(_startup(code, body))
            await server.drain()
            server.close()
            return
        startup = _parameters(body)
        if (refusal := self._refusal(startup)) is not None:
            self.refused += 1
            writer.write(refusal.encoded())
            await writer.drain()
            writer.close()
            return
        # Counted before the server is asked: two that come at once are two.
        session = Session(startup, writer, writer)
        self.sessions.add(session)
        self.most = max(self.most, len(self.sessions))
        try:
            back, session.server = await self._connect()
            await asyncio.sleep(self.delay_s)
            session.server.write(_startup(code, body))
            await self._pass_on(session, reader, back)
        finally:
            self.sessions.discard(session)
            session.abort()

    async def _first(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
        """Return the first message after requests for encryption, which are declined."""
        while True:
            size, code = struct.unpack("!ii", await reader.readexactly(8))
            body = await reader.readexactly(size - 8)
            if code not in (_SSL, _GSS):
                return code, body
            writer.write(b"N")

    def _refusal(self, startup: Mapping[str, str]) -> Refusal | None:
        if self.limit is not None and len(self.sessions) >= self.limit:
            return Refusal(message=f"{MAX_CLIENTS}: {self.limit}")
        return self.refuse(startup)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.upstream)
        folder = parse_qs(parts.query).get("host", [""])[0] or unquote(parts.hostname or "")
        port = parts.port or 5432
        if folder.startswith("/"):
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(folder, port)

    async def _pass_on(self, session: Session, out: asyncio.StreamReader, back: asyncio.StreamReader) -> None:
        """Pass messages on in both directions until one side ends."""
        ways = {
            asyncio.create_task(self._outwards(session, out)),
            asyncio.create_task(self._backwards(session, back)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _outwards(self, session: Session, reader: asyncio.StreamReader) -> None:
        """Pass the client's messages to the server, and note its statements and round trips."""
        async with self._slow(session.server) as write:
            while True:
                head = await reader.readexactly(5)
                body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
                session.round_trips += head[:1] in (_QUERY, _SYNC, _FLUSH)
                text = session.note(head[:1], body)
                if text is not None and not await self._lets_pass(session, text):
                    return
                write(head + body)

    async def _lets_pass(self, session: Session, text: str) -> bool:
        if (refusal := self.refuse_statement(text)) is not None:
            session.client.write(refusal.encoded())
            await session.client.drain()
            return False
        if self.last_words is not None and _is_commit(text) and session.has_run(self.last_words):
            self.commits_met += 1
            session.loses_answer, self.limit = True, 0
            self.break_all(lambda other: other is not session)
            return True
        if self.commits is not Commits.PASS and _is_commit(text):
            self.commits_met += 1
            session.loses_answer = True
            return self.commits is Commits.UNANSWERED
        return True

    async def _backwards(self, session: Session, reader: asyncio.StreamReader) -> None:
        """Pass the server's bytes to the client, until an answer is to be lost."""
        async with self._slow(session.client) as write:
            while data := await reader.read(_CHUNK):
                if session.loses_answer:
                    return
                write(data)

    @asynccontextmanager
    async def _slow(self, writer: asyncio.StreamWriter) -> AsyncIterator[Callable[[bytes], None]]:
        """Yield a function that writes to *writer* in order, each time after `delay_s`, without blocking."""
        loop = asyncio.get_running_loop()
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                at, data = await on_its_way.get()
                if (left_s := at - loop.time()) > 0:
                    await asyncio.sleep(left_s)
                writer.write(data)

        def write(data: bytes) -> None:
            if self.delay_s or not on_its_way.empty():
                on_its_way.put_nowait((loop.time() + self.delay_s, data))
            else:
                writer.write(data)

        arriving = asyncio.create_task(arrive())
        try:
            yield write
        finally:
            arriving.cancel()


def _startup(code: int, body: bytes) -> bytes:
    return struct.pack("!ii", len(body) + 8, code) + body


def _parameters(body: bytes) -> dict[str, str]:
    words = [word.decode() for word in body.split(b"\0")]
    return dict(zip(words[::2], words[1::2], strict=False))


def _statement(kind: bytes, body: bytes) -> str | None:
    """Return the SQL text of a Query or Parse message; None for other messages."""
    if kind == _QUERY:
        return body.rstrip(b"\0").decode(errors="replace")
    if kind == _PARSE:
        return body.split(b"\0")[1].decode(errors="replace")
    return None


def _is_begin(text: str) -> bool:
    """Return True if *text* begins a transaction."""
    return text.lstrip().upper().startswith(("BEGIN", "START TRANSACTION"))


def _is_commit(text: str) -> bool:
    """Return True if *text* is a COMMIT or ends with one."""
    return text.strip().rstrip(";").upper().endswith("COMMIT")
