"""Our own tables behind the ports `Store` and `Transaction`, put together from their parts in `tables`.

Order of locks: a transaction locks an incident before its deliveries and steps, so that two transactions
never wait for each other.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from bot.domain.errors import Superseded
from bot.services.ports.urgency import PERSON, current
from bot.services.shared.fencing import CLAIM
from bot.storage.database.errors import STORAGE_ERRORS, storage_errors
from bot.storage.database.pools import PoolConnection, borrow
from bot.storage.database.pulse import Pulse
from bot.storage.database.sessions import Session
from bot.storage.database.sql import Sql
from bot.storage.database.warming import warm
from bot.storage.tables.acknowledgements import PostgresAcknowledgementReads
from bot.storage.tables.alerts.alerts import PostgresAlertReads
from bot.storage.tables.alerts.decisions import PostgresAlertDecisionReads
from bot.storage.tables.alerts.lessons import PostgresAlertLessonReads
from bot.storage.tables.attachments import PostgresAttachmentReads
from bot.storage.tables.bundles import PostgresBundleReads
from bot.storage.tables.deliveries import (
    PostgresDeliveryReads,
)
from bot.storage.tables.escalation import PostgresEscalationReads
from bot.storage.tables.incidents import PostgresIncidentReads
from bot.storage.tables.installation import PostgresGuildFinder, PostgresInstallation
from bot.storage.tables.members import PostgresMemberReads
from bot.storage.tables.oncall import PostgresOnCallReads
from bot.storage.tables.outage import PostgresOutageMirror
from bot.storage.tables.overdue import PostgresOverdueReads, lost_jobs
from bot.storage.tables.paging import PostgresPagingReads
from bot.storage.tables.resolutions import PostgresResolutionReads
from bot.storage.tables.statistics import PostgresIncidentStatistics, PostgresLoadStatistics
from bot.storage.tables.timeline import PostgresTimelineReads
from bot.storage.tables.triages import PostgresTriageReads
from bot.storage.transaction import Begun, PostgresTransaction, database_now

_BEGIN: Final = "BEGIN"

#: A job or a tick comes again, so it does not wait long for a lock. The server ends a stopped process's
#: transactions one after the other, and the next one that waits for the same lock would get it.
_BEGIN_JOB: Final = "BEGIN; SET LOCAL lock_timeout = '1s'"


class PostgresStore(
    PostgresIncidentReads,
    PostgresAcknowledgementReads,
    PostgresTimelineReads,
    PostgresEscalationReads,
    PostgresDeliveryReads,
    PostgresAttachmentReads,
    PostgresBundleReads,
    PostgresTriageReads,
    PostgresAlertReads,
    PostgresAlertDecisionReads,
    PostgresAlertLessonReads,
    PostgresInstallation,
    PostgresMemberReads,
    PostgresResolutionReads,
    PostgresOnCallReads,
    PostgresPagingReads,
    PostgresGuildFinder,
    PostgresOverdueReads,
    PostgresOutageMirror,
    PostgresIncidentStatistics,
    PostgresLoadStatistics,
):
    """A `bot.services.ports.Store`, and the `GuildFinder` beside it.

    Args:
        pool: As `open_pool` gives it.
        guild_id: The guild whose incidents and triages it finds by number or message; None: all guilds.
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
        self._pool = pool
        self._pulse = pulse or Pulse(pool)
        self._sql = Sql(PoolConnection(pool), guild_id=guild_id)
        self._guild_id = guild_id
        self._is_shared = is_shared
        self._switched_off = switched_off or {}

    def of(self, guild_id: int) -> "PostgresStore":
        """Return a view of the same tables that hides the rows of other guilds."""
        return PostgresStore(self._pool, guild_id=guild_id, is_shared=self._is_shared, pulse=self._pulse)

    @asynccontextmanager
    async def transaction(self, *, locking: int | None = None) -> AsyncIterator[PostgresTransaction]:
        async with borrow(self._pool) as connection:
            try:
                await _begin(connection)  # cancelled, it may have begun all the same
                begun = await _opened(Sql(connection), guild_id=self._guild_id, locking=locking)
                tx = PostgresTransaction(
                    connection, guild_id=self._guild_id, is_shared=self._is_shared, begun=begun
                )
                yield tx
                await tx.finish()
                change = await self._change(tx)
            except BaseException:
                with suppress(*STORAGE_ERRORS):  # a connection that is gone has rolled back already
                    await connection.execute("ROLLBACK")
                raise
            with storage_errors():
                await connection.execute("COMMIT")
            self._tell(change)

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[PostgresTransaction]:
        async with borrow(self._pool) as connection:
            tx = PostgresTransaction(
                connection, guild_id=self._guild_id, is_shared=self._is_shared, begun=Begun()
            )
            yield tx
            if tx.is_unfinished:
                raise RuntimeError("jobs and waiting rows need a transaction with a commit")

    async def warm(self) -> None:
        """See `bot.storage.database.warming.warm`."""
        await warm(self._pool)

    @property
    def sql(self) -> Sql:
        return self._sql

    async def now(self) -> datetime:
        return await database_now(self._sql)

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        lost = await lost_jobs(self._sql, overdue, switched_off=self._switched_off)
        if lost:
            async with self.transaction() as tx:
                await tx.enqueue(*lost)
        return [job.key for job in lost]


async def _begin(connection: Session) -> None:
    """Begin a transaction, for a person or for a job."""
    with storage_errors():
        await connection.begin(_BEGIN if current() == PERSON else _BEGIN_JOB)


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
