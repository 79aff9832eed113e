"""Crash points: places between two calls of the use cases where a process can be killed or frozen.

A point is named after the call it stands beside:

- ``before:claim_due``, ``after:claim_due``: a method of `Transaction`, `Store`, `Discord`, `DlqStore`,
  `EmailSender`, `CodeHost`, `PagingSystem` or what a capability opens;
- ``before:finish_hooks``: a query of a capability, by its name;
- ``before:send:alert``, ``after:send:page``: Discord's, with the kind of the delivery;
- ``before:commit:acknowledge``, ``after:commit:insert_incident``: a transaction that called it;
- ``during:record``: the call has been made and nobody waits for its end any more.

``@2`` behind a point is its second time; ``stop `` before it asks for SIGSTOP instead of SIGKILL.
"""

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from bot.services.ports import CodeHost, Discord, DlqStore, EmailSender, Store, Transaction
from bot.services.ports.paging import PagingSystem
from bot.storage.database.sql import Row, Sql
from bot.wiring import GuildDependencies

_STOP = "stop "
_UNDER_WAY_S = 0.003  # long enough for a statement to have left, too short for most answers


class Fuse:
    """Kill or freeze this process at the armed point.

    Args:
        file: Holds the point; removed when it strikes, so that it does so once.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed: dict[str, int] = {}
        self.kinds: dict[str, str] = {}

    def is_armed(self, point: str) -> bool:
        """Whether this passage of *point* is the one that was asked for; counts it."""
        try:
            armed, _, nth = self._file.read_text().removeprefix(_STOP).partition("@")
        except FileNotFoundError:
            return False
        if armed != point:
            return False
        self._passed[point] = self._passed.get(point, 0) + 1
        return self._passed[point] >= int(nth or 1)

    def at(self, point: str) -> None:
        """Die if this is the armed point: no handler runs and no buffer is written, as in a power cut."""
        if self.is_armed(point):
            self.strike()

    def strike(self) -> None:
        """Kill or freeze the process now."""
        stops = self._file.read_text().startswith(_STOP)
        self._file.unlink()
        os.kill(os.getpid(), signal.SIGSTOP if stops else signal.SIGKILL)


class Watched:
    """A port of which every call passes its points."""

    def __init__(self, port: object, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse
        self._under_way: asyncio.Future[object] | None = None

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        return self._watch(name, value) if inspect.iscoroutinefunction(value) else value

    def __call__(self, *arguments: object, **options: object) -> object:
        """Return what the port makes, which is no port itself."""
        return cast("Callable[..., object]", self._port)(*arguments, **options)

    def _watch(self, name: str, call: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def passing(*arguments: object, **options: object) -> object:
            point = self._point(name, options)
            self._fuse.at(f"before:{point}")
            if self._fuse.is_armed(f"during:{point}"):
                self._under_way = asyncio.ensure_future(call(*arguments, **options))
                await asyncio.sleep(_UNDER_WAY_S)
                self._fuse.strike()
            answer = await call(*arguments, **options)
            self._fuse.at(f"after:{point}")
            return answer

        return passing

    def _point(self, name: str, options: dict[str, object]) -> str:
        kind = self._fuse.kinds.get(str(options.get("nonce"))) if name == "send" else None
        return name if kind is None else f"{name}:{kind}"


class WatchedTransaction(Watched):
    """Remembers what was called, which names the commit's points, and the kind of what is sent next."""

    def __init__(self, port: Transaction, fuse: Fuse) -> None:
        super().__init__(port, fuse)
        self.called: list[str] = []

    def _point(self, name: str, options: dict[str, object]) -> str:
        self.called.append(name)
        return super()._point(name, options)

    @property
    def sql(self) -> "WatchedSql":
        """What runs the queries of the capabilities."""
        return WatchedSql(cast("Transaction", self._port).sql, self._fuse, self.called)

    async def begin_attempt(self, *arguments: Any, **options: Any) -> object:
        """Learn which nonce belongs to which kind."""
        begun = await cast("Transaction", self._port).begin_attempt(*arguments, **options)
        if begun is not None:
            self._fuse.kinds[begun.nonce] = begun.kind.value
        return begun


class WatchedSql(Sql):
    """Passes the points that have the names of its queries."""

    def __init__(self, sql: Sql, fuse: Fuse, called: list[str]) -> None:
        super().__init__(sql.connection, guild_id=sql.guild_id)
        self._sql = sql
        self._fuse = fuse
        self._called = called

    async def all(self, name: str, source: object = None, /, **parameters: object) -> list[Row]:
        """Run a query between its points."""
        self._called.append(name)
        self._fuse.at(f"before:{name}")
        rows = await self._sql.all(name, source, **parameters)
        self._fuse.at(f"after:{name}")
        return rows


class WatchedStore(Watched):
    """A store whose transactions are watched, their commits included."""

    @property
    def sql(self) -> WatchedSql:
        """What runs the queries of the capabilities, each in a statement of its own."""
        return WatchedSql(cast("Store", self._port).sql, self._fuse, [])

    def transaction(self, *, locking: int | None = None) -> AbstractAsyncContextManager[WatchedTransaction]:
        """A transaction with points before and after its commit."""
        return self._watched(cast("Store", self._port).transaction(locking=locking))

    def at_once(self) -> AbstractAsyncContextManager[WatchedTransaction]:
        """The same of a single statement: both points come after its commit."""
        return self._watched(cast("Store", self._port).at_once())

    @asynccontextmanager
    async def _watched(
        self, begun: AbstractAsyncContextManager[Transaction]
    ) -> AsyncIterator[WatchedTransaction]:
        async with begun as inner:
            watched = WatchedTransaction(inner, self._fuse)
            yield watched
            self._pass("before", watched)
        self._pass("after", watched)

    def _pass(self, moment: str, watched: WatchedTransaction) -> None:
        for name in dict.fromkeys(watched.called):
            self._fuse.at(f"{moment}:commit:{name}")


def watched(parts: GuildDependencies, discord: Discord, fuse: Fuse) -> tuple[GuildDependencies, Discord]:
    """The same parts, each behind its points."""
    sender = parts.email_sender
    email_sender = None if sender is None else cast("EmailSender", Watched(sender, fuse))
    store, dlq = cast("Store", WatchedStore(parts.store, fuse)), cast("DlqStore", Watched(parts.dlq, fuse))
    host = None if parts.code_host is None else cast("CodeHost", Watched(parts.code_host, fuse))
    paging = {way: cast("PagingSystem", Watched(system, fuse)) for way, system in parts.paging.items()}
    opened = {name: one if one is None else Watched(one, fuse) for name, one in parts.opened.items()}
    own = replace(
        parts,
        store=store,
        dlq=dlq,
        email_sender=email_sender,
        code_host=host,
        paging=paging,
        opened=opened,
    )
    return own, cast("Discord", Watched(discord, fuse))
