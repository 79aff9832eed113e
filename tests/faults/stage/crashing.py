"""Crash points: places between two calls of the use cases where a process can be killed or frozen.

A point is named after the call it stands beside:

- ``before:claim_due``, ``after:claim_due``: a method of the classes of `bot.storage.tables`, `Transaction`,
  `Store`, `Discord`, `DlqStore`, `EmailSender`, `CodeHost`, `PagingSystem` or what a capability opens;
- ``before:finish_hooks``: a query of a capability, by its name;
- ``before:send:alert``, ``after:send:page``: Discord's, with the kind of the delivery;
- ``before:commit:acknowledge``, ``after:commit:insert_incident``: a transaction that called it;
- ``during:record``: the call has been made and nobody waits for its end any more.

``@2`` behind a point is its second time; ``stop `` before it asks for SIGSTOP instead of SIGKILL.
"""

import asyncio
import inspect
import os
import pkgutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from bot.domain.delivery.delivery import Delivery
from bot.services.ports import CodeHost, Discord, DlqStore, EmailSender
from bot.services.ports.paging import PagingSystem
from bot.storage import tables
from bot.storage.database.sql import Row, Sql
from bot.storage.store import Store
from bot.storage.transaction import Transaction, TransactionSql
from bot.wiring import GuildDependencies

_STOP = "stop "
_UNDER_WAY_S = 0.003  # long enough for a statement to have left, too short for most answers

#: By what runs its queries: the fuse of a watched store or transaction, and what was called with it.
_CALLS: Final[WeakKeyDictionary[Sql, tuple["Fuse", list[str]]]] = WeakKeyDictionary()

#: What is called now is a part of a call that has its points already.
_is_within: Final[ContextVar[bool]] = ContextVar("is_within", default=False)


class Fuse:
    """Kill or freeze this process at the armed point.

    Args:
        file: Holds the point; removed when it strikes, so that it does so once.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self.under_way: asyncio.Future[object] | None = None

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

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        return self._watch(name, value) if inspect.iscoroutinefunction(value) else value

    def __call__(self, *arguments: object, **options: object) -> object:
        """Return what the port makes, which is no port itself."""
        return cast("Callable[..., object]", self._port)(*arguments, **options)

    def _watch(self, name: str, call: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def passing(*arguments: object, **options: object) -> object:
            point = self._point(name, options)
            return await _passed(self._fuse, point, lambda: call(*arguments, **options))

        return passing

    def _point(self, name: str, options: dict[str, object]) -> str:
        kind = self._fuse.kinds.get(str(options.get("nonce"))) if name == "send" else None
        return name if kind is None else f"{name}:{kind}"


class WatchedTransaction(Watched):
    """Remembers what was called, which names the commit's points."""

    def __init__(self, port: Transaction, fuse: Fuse) -> None:
        super().__init__(port, fuse)
        self.called: list[str] = []
        _CALLS[port.sql] = fuse, self.called

    def _point(self, name: str, options: dict[str, object]) -> str:
        self.called.append(name)
        return super()._point(name, options)


class WatchedStore(Watched):
    """A store whose transactions are watched, their commits included."""

    def __init__(self, port: Store, fuse: Fuse) -> None:
        super().__init__(port, fuse)
        for sql in (port.sql, port.cancellable_sql):
            _CALLS[sql] = fuse, []

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
            del _CALLS[inner.sql]  # what the commit writes has no points
            self._pass("before", watched)
        self._pass("after", watched)

    def _pass(self, moment: str, watched: WatchedTransaction) -> None:
        for name in dict.fromkeys(watched.called):
            self._fuse.at(f"{moment}:commit:{name}")


@cache
def watch_tables() -> None:
    """Let the calls of the core's tables pass their points, and the queries of the capabilities theirs."""
    for found in pkgutil.walk_packages(tables.__path__, f"{tables.__name__}."):
        module = import_module(found.name)
        for rows in vars(module).values():
            if inspect.isclass(rows) and rows.__module__ == found.name:
                for name, method in list(vars(rows).items()):
                    if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                        setattr(rows, name, _of_tables(name, method))
    for sql in (Sql, TransactionSql):
        sql.all = _of_capabilities(sql.all)  # type: ignore[method-assign,assignment]


def _of_tables(name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    async def passing(rows: Any, /, *arguments: object, **options: object) -> object:
        async def call() -> object:
            answer = await method(rows, *arguments, **options)
            if isinstance(answer, Delivery) and name == "begin_attempt":
                fuse.kinds[answer.nonce] = answer.kind.value
            return answer

        if _is_within.get() or rows._sql not in _CALLS:
            return await method(rows, *arguments, **options)
        fuse, called = _CALLS[rows._sql]
        called.append(name)
        return await _passed(fuse, name, call)

    return passing


def _of_capabilities(run: Callable[..., Awaitable[list[Row]]]) -> Callable[..., Awaitable[list[Row]]]:
    async def passing(sql: Sql, name: str, /, *source: object, **parameters: object) -> list[Row]:
        if _is_within.get() or sql not in _CALLS:
            return await run(sql, name, *source, **parameters)
        fuse, called = _CALLS[sql]
        called.append(name)
        rows: list[Row] = await _passed(fuse, name, lambda: run(sql, name, *source, **parameters))
        return rows

    return passing


async def _passed(fuse: Fuse, point: str, call: Callable[[], Awaitable[Any]]) -> Any:
    """Make *call* between its points; what it calls in its turn has none."""
    fuse.at(f"before:{point}")
    token = _is_within.set(True)
    try:
        if fuse.is_armed(f"during:{point}"):
            fuse.under_way = asyncio.ensure_future(call())
            await asyncio.sleep(_UNDER_WAY_S)
            fuse.strike()
        answer = await call()
    finally:
        _is_within.reset(token)
    fuse.at(f"after:{point}")
    return answer


def watched(parts: GuildDependencies, discord: Discord, fuse: Fuse) -> tuple[GuildDependencies, Discord]:
    """The same parts, each behind its points."""
    watch_tables()
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
