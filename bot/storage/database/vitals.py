"""Whether a database works: that the work's tables can be written, and its live check."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from bot.domain.errors import OutboundProblem, StorageUnavailable
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.storage.database.errors import STORAGE_ERRORS, every_storage_error
from bot.storage.database.pools import borrow
from bot.storage.database.sql import Sql, queries

WITHIN_S: Final = 2.0
"""How long a write may take before the database counts as away, seconds."""

FULL_S: Final = 5.0
"""For how long a write for which there was no room counts, seconds: the queue tries at least every two."""

#: Takes the lock of an ordinary writer on each table that deadlines need, and releases it at once. A backup,
#: a migration or a person may hold a lock that conflicts with it: then no deadline can be decided, although
#: the beat's own rows can be written. It also proves the permission to write. One implicit transaction, so
#: one round trip.
_TABLES_CAN_BE_WRITTEN: Final = """
SET LOCAL lock_timeout = '1s';
LOCK TABLE incidents, escalation_steps, deliveries, pgqueuer IN ROW EXCLUSIVE MODE
"""

_FULL: Final = asyncpg.DiskFullError.__name__

#: Seconds to connect, and for the question.
_CONNECT_S: Final = 5.0

_QUESTION_S: Final = 2.0

_PAUSE_S: Final = 0.5

_LOGIN_REFUSED: Final = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)

#: The part of the server's connections from which on new ones may soon be refused.
_SHORT: Final = 0.9

_LONG_S: Final = 60.0


class Pulse:
    """The signs of life of one process, written once for all its guilds: they share the row."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._told: dict[UUID, int | None] = {}
        self._coming: asyncio.Task[datetime] | None = None
        self._full_at = float("-inf")

    def refused(self, reason: str) -> None:
        """Note that the queue or a job could not write; *reason*: PostgreSQL's error by asyncpg's name.

        On a full disk a beat, which writes the same rows again, finds room where nothing else does: it proves
        nothing then.
        """
        if reason == _FULL:
            self._full_at = time.monotonic()

    async def beat(self, mirror: UUID | None, guild_id: int | None) -> datetime:
        """See `bot.storage.store.Store.beat`."""
        if time.monotonic() - self._full_at < FULL_S:
            raise StorageUnavailable(_FULL)
        if mirror is not None:
            self._told[mirror] = guild_id
        if self._coming is None:
            self._coming = asyncio.create_task(self._write(), name="beat")
        return await asyncio.shield(self._coming)

    async def _write(self) -> datetime:
        await asyncio.sleep(0)  # lets concurrent callers join
        told, self._told, self._coming = self._told, {}, None
        try:
            async with asyncio.timeout(WITHIN_S):
                with every_storage_error():
                    return await self._written(told)
        except TimeoutError:
            raise StorageUnavailable("TimeoutError") from None

    async def _written(self, mirrors: dict[UUID, int | None]) -> datetime:
        async with borrow(self._pool) as connection:
            try:
                await connection.execute(_TABLES_CAN_BE_WRITTEN)  # first: a beat says that writing works
                now: datetime = (
                    await Sql(connection).one("beat", mirrors=list(mirrors), guild_ids=list(mirrors.values()))
                )["now"]
            except asyncio.CancelledError:
                connection.terminate()  # asyncpg would wait until the server has heard that it is to stop
                raise
            return now


@dataclass(frozen=True, slots=True)
class DatabaseVitals:
    """A `bot.services.ports.systems.LiveCheck`.

    Attributes:
        dsn: Direct, or through a pooler of any mode.
    """

    dsn: str = field(repr=False)
    name: str = ""
    system: SystemKind = SystemKind.DATABASE

    async def look(self) -> CheckResult:
        """Return whether PostgreSQL answers, is short of connections, or is busy with a long statement.

        It is down after two refusals, or one wait for nothing. A login that it refuses says that it is there.
        """
        for nth in (1, 2):
            try:
                return await self._asked()
            except _LOGIN_REFUSED:
                return self._problem(SystemState.UNKNOWN, OutboundProblem.UNAUTHORISED)
            except TimeoutError:
                break
            except STORAGE_ERRORS:
                if nth == 1:
                    await asyncio.sleep(_PAUSE_S)
                    continue
                return self._problem(SystemState.DOWN, OutboundProblem.REFUSED)
        return self._problem(SystemState.DOWN, OutboundProblem.TIMEOUT)

    async def _asked(self) -> CheckResult:
        connection = await asyncpg.connect(
            self.dsn, timeout=_CONNECT_S, command_timeout=_QUESTION_S, statement_cache_size=0
        )
        try:
            [row] = await connection.fetch(queries()["database_vitals"].text)
        finally:
            connection.terminate()
        return self._judged(used=row["used"], most=row["most"], longest_s=row["longest_s"])

    def _problem(self, state: SystemState, problem: OutboundProblem) -> CheckResult:
        values = {"problem": problem.value}
        return CheckResult(system=self.system, state=state, fact=Fact.PROBLEM, values=values)

    def _judged(self, *, used: int, most: int, longest_s: float) -> CheckResult:
        state, fact = SystemState.OK, Fact.DATABASE_ANSWERS
        if used >= most * _SHORT:
            state, fact = SystemState.DEGRADED, Fact.CONNECTIONS_SHORT
        elif longest_s >= _LONG_S:
            state, fact = SystemState.DEGRADED, Fact.LONG_QUERY
        values = {"used": str(used), "most": str(most), "longest_s": str(round(longest_s))}
        return CheckResult(system=self.system, state=state, fact=fact, values=values)
