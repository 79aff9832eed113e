"""The shards' leases behind the port `Leases`.

They use connections of their own, with short deadlines: neither a busy pool nor a slow query may cost a
lease. Every error of PostgreSQL becomes `StorageUnavailable` here, because it must not end the process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from bot.domain.errors import StorageUnavailable
from bot.domain.shards import LEASE_S, Claim, Fleet, Identifies, Instance, Lease, Shard
from bot.storage.database.errors import STORAGE_ERRORS, every_storage_error
from bot.storage.database.pools import LEASE_CONNECTIONS, PoolConnection, borrow, open_pool
from bot.storage.database.sql import Row, Sql, queries

log = structlog.get_logger(__name__)

_Value = TypeVar("_Value")

SILENT_S: Final = 2.0
"""After how long without a beat a process keeps no transaction open, seconds: it beats every second."""

WITHIN_S: Final = 1.0
"""How long one call may take, seconds."""

TAKE_WITHIN_S: Final = 1.5
"""The same of the one that takes five round trips."""

#: Parsed before the first call has to be in time.
_NEEDED: Final = ("beat_instance", "end_silent", "leases", "seen_instances", "take_lease", "identifies")

#: One process after the other.
_BEGIN_LOOK: Final = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('incident_bot.shard_leases'))"


async def open_lease_pool(dsn: str, *, min_size: int = 1) -> asyncpg.Pool:
    """Connect for `Leases`; raises as `open_pool` does.

    A process that is stopped between two statements holds its locks no longer than a call may take.
    """
    return await open_pool(
        dsn, min_size=min_size, max_size=LEASE_CONNECTIONS, command_s=WITHIN_S, idle_in_transaction_s=WITHIN_S
    )


class Leases:
    """The rows that decide which process holds which shard.

    Every method raises StorageUnavailable when the database is away.

    Args:
        pool: As `open_lease_pool` gives it.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._sql = Sql(PoolConnection(pool))

    async def seed(self, count: int) -> None:
        """Make a free lease for each shard of *count* that has none."""
        with every_storage_error():
            async with borrow(self._pool) as connection:
                await connection.learn([queries()[name].text for name in _NEEDED])
            await self._sql.all("seed_leases", shard_count=count)
            await self._sql.all("prune_instances")

    async def beat(self, me: Instance, held: Collection[Claim]) -> frozenset[Claim]:
        """Record that *me* is alive and renew the claims *held*; an instance that is gone holds up no other.

        Returns:
            Those of *held* that are still ours; the others belong to another instance.
        """
        return await _in_time(self._beat(me, held))

    async def _beat(self, me: Instance, held: Collection[Claim]) -> frozenset[Claim]:
        rows = await self._sql.all(
            "beat_instance",
            instance_id=me.id,
            host=me.host,
            version=me.version,
            shard_count=me.shard_count,
            lease_s=LEASE_S,
            **_columns(held),
        )
        if ended := await self._sql.all("end_silent", instance_id=me.id, silent_s=SILENT_S):
            log.warning("instances.locks_taken", transactions=len(ended))
        return frozenset(
            Claim(Shard(row["shard_id"], row["shard_count"]), me.id, row["token"]) for row in rows
        )

    async def fleet(self) -> Fleet:
        """Return every lease, and the instances seen within a lease's time."""
        return await _in_time(_fleet(self._sql))

    async def take(self, me: Instance, choose: Callable[[Fleet], Sequence[Shard]]) -> list[Claim]:
        """Take the leases that *choose* returns and that are still free, one process at a time."""
        return await _in_time(self._take(me, choose), within_s=TAKE_WITHIN_S)

    async def _take(self, me: Instance, choose: Callable[[Fleet], Sequence[Shard]]) -> list[Claim]:
        taken: list[Claim] = []
        async with self._looking() as sql:
            for shard in choose(await _fleet(sql)):
                row = await sql.first(
                    "take_lease",
                    instance_id=me.id,
                    shard_id=shard.id,
                    shard_count=shard.count,
                    lease_s=LEASE_S,
                )
                if row is not None:
                    taken.append(Claim(shard, me.id, row["token"]))
        return taken

    @asynccontextmanager
    async def _looking(self) -> AsyncIterator[Sql]:
        """Open a transaction for taking free shards, one process at a time; renewals do not wait for it."""
        with every_storage_error():
            async with borrow(self._pool) as connection:
                try:
                    await connection.begin(_BEGIN_LOOK)  # cancelled, it may have begun all the same
                    yield Sql(connection)
                except BaseException:
                    with suppress(*STORAGE_ERRORS):  # a connection that is gone has rolled back already
                        await connection.execute("ROLLBACK")
                    raise
                await connection.execute("COMMIT")

    async def release(self, me: Instance, held: Collection[Claim]) -> None:
        """Give back the claims *held*, so that another instance can take them at once, and sign *me* off."""
        await _in_time(self._release(me, held))

    async def _release(self, me: Instance, held: Collection[Claim]) -> None:
        await self._sql.all("release_leases", instance_id=me.id, **_columns(held))
        await self._sql.all("forget_instance", instance_id=me.id)

    async def identified(self, claim: Claim) -> None:
        """Count one IDENTIFY to Discord's gateway under *claim*."""
        with every_storage_error():
            await self._sql.all(
                "count_identify",
                shard_id=claim.shard.id,
                shard_count=claim.shard.count,
                instance_id=claim.owner,
            )
            await self._sql.all("prune_identifies")

    async def identifies(self, shard: Shard, *, concurrency: int) -> Identifies:
        """Return how often sessions were begun in the last 24 hours; the bucket is that of *shard*."""
        with every_storage_error():
            row = await self._sql.one("identifies", shard_id=shard.id, concurrency=concurrency)
        return Identifies(row["used"], row["since_last_s"], row["since_bucket_s"])


async def _fleet(sql: Sql) -> Fleet:
    leases = await sql.all("leases")
    instances = await sql.all("seen_instances", within_s=LEASE_S)
    return Fleet(tuple(map(_lease, leases)), tuple(map(_instance, instances)))


def _lease(row: Row) -> Lease:
    shard = Shard(row["shard_id"], row["shard_count"])
    return Lease(shard, row["owner"], row["token"], row["left_s"], row["failovers"])


def _instance(row: Row) -> Instance:
    return Instance(row["id"], row["host"], row["version"], row["shard_count"])


def _columns(held: Collection[Claim]) -> dict[str, list[int]]:
    return {
        "shard_ids": [claim.shard.id for claim in held],
        "shard_counts": [claim.shard.count for claim in held],
        "tokens": [claim.token for claim in held],
    }


async def _in_time(call: Coroutine[Any, Any, _Value], *, within_s: float = WITHIN_S) -> _Value:
    """Return the result of *call*, or raise StorageUnavailable if it fails or takes longer than *within_s*.

    A network that swallows packets must not hold up the renewals. A late call is cancelled but not awaited,
    because asyncpg is slow to give up.
    """
    task = asyncio.create_task(call)
    try:
        await asyncio.wait({task}, timeout=within_s)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_forget)
    if not task.done() or task.cancelled():
        raise StorageUnavailable("TimeoutError")
    with every_storage_error():
        return task.result()


def _forget(task: asyncio.Task[Any]) -> None:
    """Retrieve the exception of an abandoned task, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()
