"""The same tests over the fakes and over PostgreSQL: what a unit test relies on is true."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Protocol

import pytest
import pytest_asyncio

from bot.domain.dlq import DlqEntry
from bot.services.ports import DlqStore, GuildFinder, Leases, Store
from bot.storage.database.leases import PostgresLeases, open_lease_pool
from bot.storage.database.pools import open_dlq_pool, open_pool
from bot.storage.database.sql import Row
from bot.storage.dlq import PostgresDlqStore
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.store import PostgresStore
from tests.fakes import FakeDlqStore, FakeStore
from tests.postgres import connect, install_movable_clock, shift_clock, temporary_database


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """What is known of a job in either queue."""

    name: str
    payload: str
    key: str
    priority: int
    due_at: datetime


class Rig(Protocol):
    """A store and what a test must be able to do around it."""

    @property
    def store(self) -> Store: ...
    @property
    def dlq(self) -> DlqStore: ...
    @property
    def finder(self) -> GuildFinder: ...
    def of(self, guild_id: int) -> Store: ...
    @property
    def leases(self) -> Leases: ...
    async def age_leases(self, seconds: float) -> None: ...
    async def advance(self, delta: timedelta) -> None: ...
    async def jobs(self) -> list[QueuedJob]: ...
    async def lose_jobs(self) -> None: ...
    async def put_failures(self, *entries: DlqEntry) -> None: ...
    async def audited(self) -> list[tuple[str, str, bool, dict[str, object]]]: ...


class FakeRig:
    """In memory."""

    def __init__(self) -> None:
        self.store = self.finder = FakeStore()
        self.dlq = FakeDlqStore(self.store.clock)
        self.leases = self.store.leases

    async def age_leases(self, seconds: float) -> None:
        self.leases.age(seconds)

    def of(self, guild_id: int) -> FakeStore:
        return self.store.of(guild_id)

    async def advance(self, delta: timedelta) -> None:
        self.store.advance(delta)

    async def jobs(self) -> list[QueuedJob]:
        return [
            QueuedJob(job.name, job.payload, job.key, job.priority, self.store.job_due_at(job.key))
            for job in self.store.jobs
        ]

    async def lose_jobs(self) -> None:
        async with self.store.transaction() as tx:
            tx.state.jobs.clear()

    async def put_failures(self, *entries: DlqEntry) -> None:
        self.dlq.entries |= {entry.id: entry for entry in entries}

    async def audited(self) -> list[tuple[str, str, bool, dict[str, object]]]:
        return [(row.actor_name, row.action, row.allowed, row.data) for row in self.store.audit_rows]


class PostgresRig:
    """For real."""

    def __init__(self, dsn: str, store: PostgresStore, dlq: PostgresDlqStore, leases: PostgresLeases) -> None:
        self._dsn = dsn
        self.store = self.finder = store
        self.dlq = dlq
        self.leases = leases

    async def age_leases(self, seconds: float) -> None:
        past = timedelta(seconds=seconds)
        await self._fetch("UPDATE shard_leases SET expires_at = expires_at - $1::interval", past)
        await self._fetch("UPDATE instances SET seen_at = seen_at - $1::interval", past)
        await self._fetch("UPDATE identifies SET at = at - $1::interval", past)

    def of(self, guild_id: int) -> PostgresStore:
        return self.store.of(guild_id)

    async def advance(self, delta: timedelta) -> None:
        await shift_clock(self._dsn, delta)

    async def jobs(self) -> list[QueuedJob]:
        rows = await self._fetch("SELECT * FROM pgqueuer WHERE status = 'queued' ORDER BY id")
        return [
            QueuedJob(
                row["entrypoint"],
                row["payload"].decode(),
                row["dedupe_key"],
                row["priority"],
                row["execute_after"],
            )
            for row in rows
        ]

    async def lose_jobs(self) -> None:
        await self._fetch("DELETE FROM pgqueuer")

    async def put_failures(self, *entries: DlqEntry) -> None:
        columns = [field.name for field in fields(DlqEntry) if field.name != "payload"]
        numbers = ", ".join(f"${number}" for number, _ in enumerate(columns, start=1))
        insert = f"INSERT INTO admin.notification_failures ({', '.join(columns)}) VALUES ({numbers})"
        for entry in entries:
            await self._fetch(insert, *(getattr(entry, column) for column in columns))

    async def audited(self) -> list[tuple[str, str, bool, dict[str, object]]]:
        rows = await self._fetch("SELECT actor_name, action, allowed, data::text FROM audit ORDER BY id")
        return [(row["actor_name"], row["action"], row["allowed"], json.loads(row["data"])) for row in rows]

    async def _fetch(self, sql: str, *arguments: object) -> list[Row]:
        connection = await connect(self._dsn)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()


@pytest_asyncio.fixture(params=["fake", "postgres"])
async def rig(request: pytest.FixtureRequest, cluster: EmbeddedPostgres, template: str) -> AsyncIterator[Rig]:
    """Each of the two in turn."""
    if request.param == "fake":
        yield FakeRig()
        return
    async with temporary_database(cluster, template=template) as dsn:
        await install_movable_clock(dsn)
        pool, dlq_pool = await open_pool(dsn), await open_dlq_pool(dsn)
        lease_pool = await open_lease_pool(dsn)
        leases = PostgresLeases(lease_pool)
        yield PostgresRig(dsn, PostgresStore(pool), PostgresDlqStore(dlq_pool, gravest="P0"), leases)
        await lease_pool.close()
        await pool.close()
        await dlq_pool.close()
