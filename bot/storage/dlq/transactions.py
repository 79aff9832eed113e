"""Transactions on the DLQ's database: short, with few round trips, also behind a transaction pooler.

asyncpg takes two round trips for a query that may not stay prepared. What has neither parameters nor rows
(BEGIN, settings, savepoints) waits for the next query or for COMMIT, and is sent in one string, which is one.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

import asyncpg

from bot.domain.errors import StorageUnavailable
from bot.storage.database.errors import STORAGE_ERRORS, storage_errors
from bot.storage.database.migrate import SEARCH_PATH
from bot.storage.database.sql import Row
from bot.storage.dlq.composing import DlqQueries, run
from bot.storage.dlq.layout import Layout

_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

#: Each statement is planned for its own parameters, and now() is found where our own database has it.
_SETTINGS: Final = (
    f"SET LOCAL search_path = {SEARCH_PATH}",
    "SET LOCAL plan_cache_mode = force_custom_plan",
    "SET LOCAL jit = off",
)

#: Parts of the file that the rows of a query fulfil, each with its parameters.
Conditions: TypeAlias = Mapping[str, Mapping[str, object]]


class DlqTransaction:
    """A transaction that begins with its first query. Nothing of it stays in the session.

    Args:
        connection: In no transaction.
        readonly: The server refuses to write.
        within_s: How long each statement may take.
    """

    def __init__(self, connection: asyncpg.Connection, *, readonly: bool, within_s: float) -> None:
        self._connection = connection
        self._limit = _limit(within_s)
        self._unsent = [_READ if readonly else _WRITE, self._limit, *_SETTINGS]
        self._has_begun = False

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """Send what waits, then run *query*: a `sql.Connection`."""
        if self._unsent:
            waiting, self._unsent = self._unsent, []
            self._has_begun = True  # cancelled, it may have begun all the same
            await self._connection.execute("; ".join(waiting))
        rows: list[Row] = await self._connection.fetch(query, *arguments)
        return rows

    def begin_attempt(self, *, within_s: float) -> None:
        """Let the next query fail without the transaction, after *within_s* at the latest."""
        self._unsent += ["SAVEPOINT attempt", _limit(within_s)]

    def end_attempt(self, *, failed: bool) -> None:
        """Go on as before the attempt, whose settings go with it."""
        back = ["ROLLBACK TO SAVEPOINT attempt"] if failed else [self._limit]
        self._unsent += [*back, "RELEASE SAVEPOINT attempt"]

    async def commit(self) -> None:
        """End the transaction, unless it has run no query."""
        if self._has_begun:
            await self._connection.execute("; ".join([*self._unsent, "COMMIT"]))

    async def roll_back(self) -> None:
        """Undo the transaction; a connection that is gone has done that already."""
        if self._has_begun:
            with suppress(*STORAGE_ERRORS):
                await self._connection.execute("ROLLBACK")


def _limit(within_s: float) -> str:
    return f"SET LOCAL statement_timeout = {round(1_000 * within_s)}"


@asynccontextmanager
async def transaction(
    connection: asyncpg.Connection, *, readonly: bool, within_s: float
) -> AsyncIterator[DlqTransaction]:
    """Open a transaction for the block.

    If the task is cancelled in the block, the connection stays in the transaction.

    Raises:
        StorageUnavailable.
    """
    opened = DlqTransaction(connection, readonly=readonly, within_s=within_s)
    try:
        yield opened
    except Exception:
        await opened.roll_back()
        raise
    with storage_errors():
        await opened.commit()


class DlqSql:
    """Runs the queries of `dlq.sql` in a transaction."""

    def __init__(self, opened: DlqTransaction, queries: DlqQueries) -> None:
        self._transaction = opened
        self.queries = queries

    @property
    def layout(self) -> Layout:
        """Return the names and types of the DLQ table's columns."""
        return self.queries.layout

    async def all(self, name: str, conditions: Conditions | None = None, **parameters: object) -> list[Row]:
        """Run a query and return its rows.

        Args:
            conditions: Parts of the file that the rows fulfil, each with its parameters.

        Raises:
            StorageUnavailable.
        """
        query = self.queries.query(name, conditions or ())
        given = dict(parameters)
        for own in (conditions or {}).values():
            given |= own
        # A value for a column that the table lacks has no place.
        placed = {name: value for name, value in given.items() if name in query.positions}
        return await run(self._transaction, query, placed)

    async def attempt(
        self, name: str, conditions: Conditions, *, within_s: float, **parameters: object
    ) -> list[Row] | None:
        """Run a query as `all` does; None if it takes longer than *within_s*: the transaction goes on.

        Raises:
            StorageUnavailable.
        """
        self._transaction.begin_attempt(within_s=within_s)
        try:
            rows = await self.all(name, conditions, **parameters)
        except StorageUnavailable as error:
            if isinstance(error.__cause__, asyncpg.QueryCanceledError):
                self._transaction.end_attempt(failed=True)
                return None
            raise
        self._transaction.end_attempt(failed=False)
        return rows
