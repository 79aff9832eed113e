"""The live check of a database, on a connection of its own, which takes none from the bot's work."""

from dataclasses import dataclass, field
from typing import Final

import asyncpg

from bot.domain.systems.results import CheckResult, Fact, SystemKind, SystemState
from bot.storage.database.errors import every_storage_error
from bot.storage.database.sql import Sql

#: Seconds to connect, and for the question.
_CONNECT_S: Final = 5.0
_QUESTION_S: Final = 2.0

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
        """Return whether it answers, and is short of connections or busy with a long statement.

        Raises:
            StorageUnavailable: it cannot be reached, or does not answer in time.
        """
        with every_storage_error():
            connection = await asyncpg.connect(
                self.dsn, timeout=_CONNECT_S, command_timeout=_QUESTION_S, statement_cache_size=0
            )
            try:
                row = await Sql(connection).one("database_vitals")
            finally:
                connection.terminate()
        return self._judged(used=row["used"], most=row["most"], longest_s=row["longest_s"])

    def _judged(self, *, used: int, most: int, longest_s: float) -> CheckResult:
        state, fact = SystemState.OK, Fact.DATABASE_ANSWERS
        if used >= most * _SHORT:
            state, fact = SystemState.DEGRADED, Fact.CONNECTIONS_SHORT
        elif longest_s >= _LONG_S:
            state, fact = SystemState.DEGRADED, Fact.LONG_QUERY
        values = {"used": str(used), "most": str(most), "longest_s": str(round(longest_s))}
        return CheckResult(system=self.system, state=state, fact=fact, values=values)
