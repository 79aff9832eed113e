"""Our own tables: transactions on them, and queries in statements of their own.

Order of locks: a transaction locks an incident before its deliveries and steps, so that two transactions
never wait for each other.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from bot.domain.errors import Superseded
from bot.domain.jobs import PERSON, current
from bot.domain.outage import WatchChange
from bot.domain.shards import CLAIM
from bot.storage.database.errors import STORAGE_ERRORS, storage_errors
from bot.storage.database.pools import PoolConnection, Session, borrow
from bot.storage.database.sql import Sql
from bot.storage.database.vitals import Pulse
from bot.storage.database.warming import warm
from bot.storage.tables.outage import change_of, lost_jobs
from bot.storage.transaction import Begun, Transaction, TransactionSql, database_now

log = structlog.get_logger(__name__)

_BEGIN: Final = "BEGIN"

#: A job or a tick comes again, so it does not wait long for a lock. The server ends a stopped process's
#: transactions one after the other, and the next one that waits for the same lock would get it.
_BEGIN_JOB: Final = "BEGIN; SET LOCAL lock_timeout = '1s'"


class Store:
    """Our own tables. What reads them takes `sql`; what changes them, a transaction's.

    Attributes:
        sql: Runs queries, each in a statement of its own.
        cancellable_sql: The same for a reading that may be cancelled: it drops the connection.

    Args:
        pool: As `open_pool` gives it.
        guild_id: The guild whose rows it sees; None: all guilds.
        is_shared: More than one guild is served.
        pulse: Shared by the views of all guilds; None: a new one.
        switched_off: The guilds that have switched a capability off, by its name.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        guild_id: int | None = None,
        is_shared: bool = True,
        pulse: Pulse | None = None,
        switched_off: Mapping[str, Collection[int]] | None = None,
    ) -> None:
        self.sql = Sql(PoolConnection(pool), guild_id=guild_id)
        self.cancellable_sql = Sql(PoolConnection(pool, is_dropped=True), guild_id=guild_id)
        self._pool = pool
        self._pulse = pulse or Pulse(pool)
        self._guild_id = guild_id
        self._is_shared = is_shared
        self._switched_off = switched_off or {}
        self._listener: Callable[[WatchChange], None] | None = None

    def of(self, guild_id: int) -> "Store":
        """Return a view of the same tables that hides the rows of other guilds."""
        return Store(self._pool, guild_id=guild_id, is_shared=self._is_shared, pulse=self._pulse)

    @asynccontextmanager
    async def transaction(self, *, locking: int | None = None) -> AsyncIterator[Transaction]:
        """Commit on leaving, roll back on an error.

        Args:
            locking: The number of an incident that is locked from the beginning, if it is there.

        Raises:
            StorageUnavailable: PostgreSQL is away or read-only.
        """
        async with borrow(self._pool) as connection:
            try:
                with storage_errors():  # cancelled, it may have begun all the same
                    await connection.begin(_BEGIN if current() == PERSON else _BEGIN_JOB)
                begun = await _opened(Sql(connection), guild_id=self._guild_id, locking=locking)
                tx = self._on(connection, begun)
                yield tx
                await tx.finish()
                change = None if self._listener is None else await change_of(tx.sql)
            except BaseException:
                with suppress(*STORAGE_ERRORS):  # a connection that is gone has rolled back already
                    await connection.execute("ROLLBACK")
                raise
            with storage_errors():
                await connection.execute("COMMIT")
            self._tell(change)

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[Transaction]:
        """Begin a transaction of one statement, which commits by itself: one round trip instead of three.

        It is for what neither asks for jobs nor adds to a history.
        """
        async with borrow(self._pool) as connection:
            tx = self._on(connection, Begun())
            yield tx
            if tx.is_unfinished:
                raise RuntimeError("jobs and waiting rows need a transaction with a commit")

    def _on(self, connection: Session, begun: Begun) -> Transaction:
        return Transaction(
            TransactionSql(connection, guild_id=self._guild_id, is_shared=self._is_shared, begun=begun)
        )

    async def now(self) -> datetime:
        """Return the database's time, aware: the one clock that all instances share."""
        return await database_now(self.sql)

    async def warm(self) -> None:
        """See `bot.storage.database.warming.warm`."""
        await warm(self._pool)

    async def beat(self, *, mirror: UUID | None = None) -> datetime:
        """Write a row to see that writing works, and return the database's time.

        Args:
            mirror: The mirror of a process that has no news from a time without the database.

        Raises:
            StorageUnavailable: the write failed or took more than two seconds; the text names the error's
                class.
        """
        return await self._pulse.beat(mirror, self._guild_id)

    def refused(self, reason: str) -> None:
        """See `bot.storage.database.vitals.Pulse.refused`."""
        self._pulse.refused(reason)

    def listen(self, listener: Callable[[WatchChange], None]) -> None:
        """Have *listener*, which must not raise, told of each commit by which a ladder begins or ends."""
        self._listener = listener

    def _tell(self, change: WatchChange | None) -> None:
        if self._listener is None or change is None:
            return
        try:
            self._listener(change)
        except Exception:  # it is committed, so the caller must not see a failure
            log.exception("emergency.not_noted")

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        """Enqueue the lost jobs of overdue steps, deliveries, triages, reminders, drills, and the like.

        Return their keys.
        """
        lost = await lost_jobs(self.sql, overdue, switched_off=self._switched_off)
        if lost:
            async with self.transaction() as tx:
                await tx.enqueue(*lost)
        return [job.key for job in lost]


async def _opened(sql: Sql, *, guild_id: int | None, locking: int | None) -> Begun:
    """Refuse what comes by a shard that another process has taken, and lock an incident, in one round trip.

    The shard is not locked: an event that both have had was sent after its successor had committed the
    takeover, so this statement, which is later still, sees it. A process that is stopped right after it, with
    an event from before, writes what no other process has had; and a lock would let a stopped process hold
    up the takeover.

    Args:
        locking: The number of an incident; one that is not there, or another guild's, is not locked.

    Raises:
        Superseded: the shard has been taken.
    """
    claim = CLAIM.get()
    if claim is None and locking is None:
        return Begun()
    row = await sql.one(
        "begin",
        shard_id=None if claim is None else claim.shard.id,
        shard_count=None if claim is None else claim.shard.count,
        token=None if claim is None else claim.token,
        incident_id=locking,
        guild_id=guild_id,
    )
    if not row["held"]:
        raise Superseded
    version = row["version"]
    return Begun(row["now"], {} if locking is None or version is None else {locking: version})
