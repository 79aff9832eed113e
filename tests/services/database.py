"""Give a desk a PostgreSQL database of its own, whose clock is stopped until a test moves it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from bot.domain.delivery.delivery import Delivery
from bot.domain.dlq import DlqColumn, DlqEntry
from bot.domain.jobs import Job, JobName
from bot.storage.database.leases import Leases
from bot.storage.database.sql import Row
from bot.storage.dlq.store import entry_from_row
from bot.storage.rows import delivery_from_row
from bot.storage.store import Store
from tests.fakes.clock import StandingClock

_TABLES: Final = """
SELECT format('%I.%I', schemaname, tablename) AS name
  FROM pg_tables
 WHERE schemaname IN (current_schema(), 'admin') AND tablename <> 'schema_migrations'
"""

_SEQUENCES: Final = "SELECT format('%I.%I', schemaname, sequencename) AS name, start_value FROM pg_sequences"

_QUEUED: Final = "SELECT * FROM pgqueuer WHERE status = 'queued' ORDER BY id"

_TAKE_DUE: Final = """
WITH due AS (DELETE FROM pgqueuer WHERE status = 'queued' AND execute_after <= now() RETURNING *)
SELECT * FROM due ORDER BY priority DESC, id
"""

#: Columns of the DLQ that are read as text.
_AS_TEXT: Final = (DlqColumn.ID, DlqColumn.PAYLOAD)

_HAS_DUE: Final = "SELECT FROM pgqueuer WHERE status = 'queued' AND execute_after <= now() LIMIT 1"

_NEXT_DUE: Final = "SELECT min(execute_after) FROM pgqueuer WHERE status = 'queued' AND execute_after > now()"

_DELIVERIES: Final = """
SELECT owed.*, first.channel_id AS after_channel_id, first.message_id AS after_message_id
  FROM deliveries AS owed
  LEFT JOIN deliveries AS first ON first.key = owed.after_key
 ORDER BY owed.id
"""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A refusal or a change, as recorded."""

    at: datetime
    guild_id: int
    actor_id: int
    actor_name: str
    action: str
    allowed: bool
    data: dict[str, object]


class NoServer:
    """A pool that nothing answers."""

    def acquire(self, *, timeout: float) -> Any:
        raise ConnectionRefusedError

    def is_closing(self) -> bool:
        return True


class Connections:
    """A pool whose server can refuse every connection, and from which a task has one at a time.

    A second one, asked for within a transaction, would be waited for in vain once none is left.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._holders: dict[Any, asyncio.Task[Any] | None] = {}
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def acquire(self, *, timeout: float) -> Any:  # noqa: ASYNC109 -- the pool's
        if self.is_away:
            raise ConnectionRefusedError
        task = asyncio.current_task()
        if task in self._holders.values():
            raise RuntimeError("within a transaction the store may not be asked: ask the transaction")
        connection = await self._pool.acquire(timeout=timeout)
        self._holders[connection] = task
        return connection

    async def release(self, connection: Any) -> None:
        del self._holders[connection]
        await self._pool.release(connection)


async def emptying(pool: asyncpg.Pool) -> str:
    """Return the statements that make a database as it is now: rows and sequences, no tables."""
    tables = await pool.fetch(_TABLES)
    sequences = await pool.fetch(_SEQUENCES)
    statements = ["SET LOCAL session_replication_role = replica"]  # whatever refers to what
    for number, table in enumerate(row["name"] for row in tables):
        statements.append(f"DELETE FROM {table}")
        if await pool.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
            await pool.execute(f"CREATE TABLE public.kept_{number} AS TABLE {table}")
            statements.append(f"INSERT INTO {table} SELECT * FROM public.kept_{number}")
    statements += [f"SELECT setval('{row['name']}', {row['start_value']}, false)" for row in sequences]
    return ";".join(["BEGIN", *statements, "COMMIT"])


class Database:
    """One test's database, and what a test may ask it behind the use cases' back."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.pool = self.connections()
        self.clock = StandingClock()

    def connections(self) -> Connections:
        """Connections of another process, for which alone it can be away."""
        return Connections(self._pool)

    @property
    def leases(self) -> Leases:
        """Who holds which shard; they answer, away or not."""
        return Leases(self._pool)

    @property
    def is_away(self) -> bool:
        """Whether it refuses the use cases."""
        return self.pool.is_away

    @is_away.setter
    def is_away(self, is_away: bool) -> None:
        self.pool.is_away = is_away

    async def advance(self, delta: timedelta) -> None:
        """Move its time on."""
        await self.move_to(self.clock.time + delta)

    async def move_to(self, time: datetime) -> None:
        """Let its time be *time*."""
        self.clock.time = time
        await self.fetch("UPDATE standing_clock SET at = $1", time)

    async def jobs(self) -> list[Job]:
        """What is queued, due or not, in the order it was enqueued."""
        return [_job(row) for row in await self.fetch(_QUEUED)]

    async def job_due_at(self, key: str) -> datetime:
        """When the queued job of that key is due."""
        (row,) = (row for row in await self.fetch(_QUEUED) if row["dedupe_key"] == key)
        due_at: datetime = row["execute_after"]
        return due_at

    async def next_due_at(self) -> datetime | None:
        """When the next job that is not due yet will be."""
        due_at: datetime | None = (await self.fetch(_NEXT_DUE))[0]["min"]
        return due_at

    async def has_due_job(self) -> bool:
        """Whether the queue has something to do."""
        return bool(await self.fetch(_HAS_DUE))

    async def take_due_jobs(self) -> list[Job]:
        """Take the jobs that are due out of the queue, in a worker's order."""
        return [_job(row) for row in await self.fetch(_TAKE_DUE)]

    async def lose_jobs(self) -> None:
        """Empty the queue behind everybody's back."""
        await self.fetch("DELETE FROM pgqueuer")

    async def age_leases(self, seconds: float) -> None:
        """Let time pass for the leases, which go by the server's own clock."""
        past = timedelta(seconds=seconds)
        await self.fetch("UPDATE shard_leases SET expires_at = expires_at - $1::interval", past)
        await self.fetch("UPDATE instances SET seen_at = seen_at - $1::interval", past)
        await self.fetch("UPDATE identifies SET at = at - $1::interval", past)

    async def give_back(self, jobs: Sequence[Job]) -> None:
        """Put back what was taken and has not succeeded: it is due at once."""
        async with Store(self._pool, is_shared=False).transaction() as tx:
            await tx.enqueue(*jobs)

    async def deliveries(self) -> list[Delivery]:
        """All deliveries, oldest first."""
        return [delivery_from_row(row) for row in await self.fetch(_DELIVERIES)]

    async def audit_rows(self) -> list[AuditRow]:
        """Refusals and changes, oldest first."""
        columns = "at, guild_id, actor_id, actor_name, action, allowed, data"
        return [AuditRow(**row) for row in await self.fetch(f"SELECT {columns} FROM audit ORDER BY id")]

    async def dlq_entries(self) -> list[DlqEntry]:
        """The rows of the DLQ, oldest first."""
        columns = ", ".join(
            f"{column}::text AS {column}" if column in _AS_TEXT else column for column in DlqColumn
        )
        rows = await self.fetch(
            f"SELECT {columns} FROM admin.notification_failures AS lost ORDER BY attempted_at, lost.id"
        )
        return [replace(entry_from_row(row), stored=None) for row in rows]

    async def put_dlq_entry(self, entry: DlqEntry) -> None:
        """Write a row of the DLQ, or write it anew."""
        values = {column.value: getattr(entry, column) for column in DlqColumn}
        numbers = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("DELETE FROM admin.notification_failures WHERE id = $1", entry.id)
            await connection.execute(
                f"INSERT INTO admin.notification_failures ({', '.join(values)}) VALUES ({numbers})",
                *values.values(),
            )

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """Ask it, away or not."""
        return list(await self._pool.fetch(query, *arguments))


def unreachable() -> Database:
    """A database for what asks none."""
    return Database(NoServer())


def _job(row: Row) -> Job:
    name = row["entrypoint"]
    known = JobName(name) if name in frozenset(JobName) else name  # a capability's own is no member
    return Job(known, row["payload"].decode(), row["dedupe_key"], row["priority"])
