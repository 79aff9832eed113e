"""The live check of a database, on a connection of its own, which takes none from the bot's work."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.storage.database.errors import STORAGE_ERRORS
from bot.storage.database.sql import queries

#: Seconds to connect, and for the question.
_CONNECT_S: Final = 5.0
_QUESTION_S: Final = 2.0
_PAUSE_S: Final = 0.5

_LOGIN_REFUSED: Final = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)

#: The part of the server's connections from which on new ones may soon be refused.
_SHORT: Final = 0.9
_LONG_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class DatabaseVitals:
    """A `bot.services.ports.live_checks.LiveCheck`.

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
