"""Provide PostgreSQL to tests: a cluster per worker, a new migrated database per test, a movable clock."""

import asyncio
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from bot.demo import clock
from bot.storage.database.migrate import SEARCH_PATH, migrate
from bot.storage.database.pools import open_pool
from bot.storage.embedded import EmbeddedPostgres
from tests.fakes.clock import START
from tests.patience import PATIENCE_S

TEMPLATE = "template_incident_bot"
STANDING_TEMPLATE = "template_whose_time_stands_still"

#: What the bot calls unqualified is looked up in our schema first.
_STANDING_CLOCK: Final = f"""
CREATE TABLE standing_clock (at timestamptz NOT NULL);
INSERT INTO standing_clock VALUES ('{START.isoformat()}');
CREATE OR REPLACE FUNCTION now() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT at FROM standing_clock $$;
CREATE FUNCTION statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT at FROM standing_clock $$;
"""

# Removes the cluster's folder once the worker is gone, however it went: the pipe on stdin ends with the
# worker, and the lock is free when the server, which ends with the worker too, has ended.
_SWEEPER = """
import fcntl, shutil, sys
sys.stdin.read()
for folder in sys.argv[1:]:
    with open(f"{folder}/owner.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(folder)
"""


def cluster_folder() -> Path:
    """Make a new folder for a cluster: in memory if the system has /dev/shm."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="incident-bot-tests-", dir=memory if memory.is_dir() else None))


def start_sweeper(*folders: Path) -> subprocess.Popen[bytes]:
    """Start a process that removes *folders* when its stdin closes, at the latest as this process ends."""
    command = [sys.executable, "-I", "-S", "-c", _SWEEPER, *map(str, folders)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


@contextmanager
def server_folder(data: Path | None = None) -> Iterator[Path]:
    """Yield a folder for a server, with a copy of *data*; it is removed even if this process is killed."""
    folder = cluster_folder()
    with start_sweeper(folder):
        if data is not None:
            subprocess.run(["cp", "-a", str(data), str(folder / "data")], check=True)
        yield folder


@contextmanager
def server_of_its_own(data: Path | None = None) -> Iterator[EmbeddedPostgres]:
    """Run a server that keeps nothing on disk, on a copy of *data*; without it, on a new data folder."""
    with server_folder(data) as folder, EmbeddedPostgres(folder, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def cluster(prepared: Path) -> Iterator[EmbeddedPostgres]:
    """Run this worker's server."""
    with server_of_its_own(prepared) as server:
        yield server


@contextmanager
def guarded_server(data: Path, password: str) -> Iterator[EmbeddedPostgres]:
    """Run a separate server on a copy of *data* that asks for *password*."""
    with server_folder(data) as folder:
        server = EmbeddedPostgres(folder, durable=False)
        with server:
            asyncio.run(_execute(server.dsn(), f"ALTER USER postgres PASSWORD '{password}'"))
        (folder / "data" / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        with server:
            yield server


def make_template(server: EmbeddedPostgres) -> None:
    """Make the migrated database that others are copies of."""
    migrate(server.ensure_database(TEMPLATE))


def make_standing_template(server: EmbeddedPostgres) -> None:
    """Make its copy whose clock is stopped at `START`."""
    asyncio.run(copy_database(server, STANDING_TEMPLATE))
    asyncio.run(stop_clock(server.dsn(STANDING_TEMPLATE)))


@pytest_asyncio.fixture
async def database_url(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the address of a migrated database for this test alone."""
    async with temporary_database(cluster) as url:
        yield url


@pytest_asyncio.fixture
async def empty_database_url(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the address of an empty database for this test alone."""
    async with temporary_database(cluster, template="template1") as url:
        yield url


@asynccontextmanager
async def temporary_database(cluster: EmbeddedPostgres, *, template: str = TEMPLATE) -> AsyncIterator[str]:
    """Yield the address of a copy of *template*, and drop it afterwards, open connections included."""
    name = f"test_{uuid.uuid4().hex}"
    dsn = await copy_database(cluster, name, template=template)
    try:
        yield dsn
    finally:
        await _execute(cluster.dsn(), f"DROP DATABASE {name} WITH (FORCE)")


async def copy_database(server: EmbeddedPostgres, name: str, *, template: str = TEMPLATE) -> str:
    """Make the database *name* from *template*, and return its address.

    Its files are copied (FILE_COPY): PostgreSQL's default, writing each page to the log, takes half as long
    again.
    """
    await _execute(server.dsn(), f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return server.dsn(name)


async def connect(dsn: str) -> asyncpg.Connection:
    """Connect with the bot's search_path."""
    return await asyncpg.connect(dsn, server_settings={"search_path": SEARCH_PATH})


async def open_patient_pool(dsn: str, *, min_size: int = 1, max_size: int = 10) -> asyncpg.Pool:
    """Open a pool like the bot's, with time-outs that do not fail a test on a busy machine."""
    return await open_pool(
        dsn, min_size=min_size, max_size=max_size, command_s=PATIENCE_S, idle_in_transaction_s=PATIENCE_S
    )


async def install_movable_clock(dsn: str) -> None:
    """Make `now()` follow `shift_clock` for all connections with the bot's search_path, new and old.

    It reaches every unqualified `now()` in queries, PL/pgSQL functions and column defaults, PgQueuer's
    included. It does not reach CURRENT_TIMESTAMP, clock_timestamp(), views, and functions whose body was
    bound when they were created.
    """
    async with _connected(dsn) as connection:
        await clock.install(connection)


async def shift_clock(dsn: str, delta: timedelta) -> None:
    """Move `now()` forward by *delta*, and wake the workers of the job queue.

    Shift while the queue is idle: jobs in progress look abandoned if *delta* exceeds the queue's heartbeat
    timeout, and run a second time.
    """
    async with _connected(dsn) as connection:
        await clock.advance(connection, delta)


async def stop_clock(dsn: str) -> None:
    """Stop a database's clock at `START`, for all connections with the bot's search_path."""
    await install_movable_clock(dsn)
    await _execute(dsn, _STANDING_CLOCK)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _execute(dsn: str, sql: str) -> None:
    async with _connected(dsn) as connection:
        await connection.execute(sql)
