"""Our own database: the one of DATABASE_URL, or an embedded server that needs no set-up."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from bot.domain.errors import ConfigError, StorageUnavailable
from bot.settings import Settings
from bot.storage.database.errors import STORAGE_ERRORS, every_storage_error
from bot.storage.database.migrate import PATIENCE_S as MIGRATION_PATIENCE_S
from bot.storage.database.migrate import migrate, pending
from bot.storage.database.pools import PoolConnection, borrow, open_pool
from bot.storage.database.sql import Sql
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.store import Store

log = structlog.get_logger(__name__)

DATABASE: Final = "incident_bot"
FOLDER: Final = "postgres"

#: How long a database may take to come up beside us, as in a container group that starts together, seconds.
PATIENCE_S: Final = 15.0
_PAUSE_S = 1.0
_CLOSE_S = 2.0

#: A database farther away than this makes alerts and escalations later than promised, seconds.
FAR_S: Final = 0.12
_PINGS: Final = 5

#: Classes of SQLSTATE that no waiting mends: login refused, no such database.
_FINAL = frozenset({"28", "3D"})


@dataclass(frozen=True, slots=True)
class ReachedDatabase:
    """A database that answers.

    Attributes:
        version: Of PostgreSQL: "18.1".
        round_trip_s: How long the shortest statement takes: a P0's alert takes a dozen of them.
        migrations: The versions of those that were applied.
    """

    version: str
    round_trip_s: float
    migrations: frozenset[str] = frozenset()

    @property
    def is_far(self) -> bool:
        """Return True if the promised times cannot be kept at this distance."""
        return self.round_trip_s > FAR_S


class DatabaseAway(ConfigError):
    """The database does not answer; it may later, so a start-up tries again."""


class DatabaseRefuses(ConfigError):
    """It answers, and does not let us in: no waiting alone mends that."""


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """Our own database.

    Attributes:
        dsn: Its address.
        server: The embedded server; None for the database of DATABASE_URL.
    """

    dsn: str
    server: EmbeddedPostgres | None = None

    async def keep_up(self, store: Store) -> None:
        """Start the embedded server again when it is gone: it ends with the process that started it first.

        A tick, and so in the main thread, as the server wants it; it blocks for about a second.
        """
        try:
            await store.now()
        except StorageUnavailable:
            if self.server is not None:
                log.warning("database.restarting")
                self.server.start()


@contextmanager
def own_database(settings: Settings) -> Iterator[OwnDatabase]:
    """Provide our database for the block, from the main thread and outside of any event loop.

    Raises:
        ConfigError: the embedded server cannot run here.
    """
    if settings.database_url is not None:
        yield OwnDatabase(settings.database_url.get_secret_value())
        return
    with EmbeddedPostgres(settings.data_dir / FOLDER) as server:
        yield OwnDatabase(server.ensure_database(DATABASE), server)


def dlq_address(settings: Settings) -> str | None:
    """Return the address of another database that holds the failed notifications; None if ours does."""
    return None if settings.dlq_database_url is None else settings.dlq_database_url.get_secret_value()


@asynccontextmanager
async def closing(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """Close *pool* after the block; connections that are still at work get two seconds."""
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await pool.close()
        except STORAGE_ERRORS:
            pool.terminate()


async def reach(dsn: str, *, patience_s: float = PATIENCE_S) -> ReachedDatabase:
    """Wait until PostgreSQL takes a connection, and measure how far away it is.

    Raises:
        ConfigError: it does not, within *patience_s*, or never will; one line without the address.
    """
    give_up, is_logged = time.monotonic() + patience_s, False
    while True:
        try:
            return await _reached(dsn)
        except StorageUnavailable as away:
            cause = away.__cause__
            if time.monotonic() > give_up or _is_final(cause):
                kind = DatabaseRefuses if _is_final(cause) else DatabaseAway
                raise kind(f"the database cannot be reached: {reason_of(cause)}") from away
        if not is_logged:
            log.warning("database.unreachable", patience_s=patience_s)
        is_logged = True
        await asyncio.sleep(_PAUSE_S)


def bring_up_to_date(dsn: str, *, apply: bool, patience_s: float = MIGRATION_PATIENCE_S) -> None:
    """Apply the pending migrations, or insist that there are none. Several starts at once wait in turn.

    Raises:
        ConfigError: a migration failed, or is pending and was not to be applied.
    """
    if apply:
        for name in migrate(dsn, patience_s=patience_s):
            log.info("database.migrated", migration=name)
    elif left := pending(dsn):
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise ConfigError(f"migrations are pending: {left[0]}{more}; run `incident-bot migrate`")


async def _reached(dsn: str) -> ReachedDatabase:
    async with closing(await open_pool(dsn, max_size=1)) as pool:
        with every_storage_error():
            version = str(await pool.fetchval("SHOW server_version")).split()[0]
            round_trip_s = statistics.median([await _ping(pool) for _ in range(_PINGS)])
            sql = Sql(PoolConnection(pool))
            is_new = not await sql.has("migrations_are_recorded")
            applied = [] if is_new else await sql.all("applied_migrations")
            return ReachedDatabase(version, round_trip_s, frozenset(row["version"] for row in applied))


async def _ping(pool: asyncpg.Pool) -> float:
    """Return the seconds of one round trip: a simple query, which is not prepared first."""
    async with borrow(pool) as connection:
        asked_s = time.perf_counter()
        await connection.execute("SELECT 1")
        return time.perf_counter() - asked_s


def _is_final(cause: BaseException | None) -> bool:
    return isinstance(cause, asyncpg.PostgresError) and str(cause.sqlstate)[:2] in _FINAL


def reason_of(cause: BaseException | None) -> str:
    """Return *cause* in one line; PostgreSQL and the socket name users and hosts, never passwords."""
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    return " ".join(str(cause).split()) or type(cause).__name__
