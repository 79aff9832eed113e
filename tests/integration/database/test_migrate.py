"""Migrations against real servers: what they create, how they fail, and that no password gets out."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest
from pgqueuer import PgQueuer
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import QueueEntrypoint
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from bot.storage.database import migrate as module
from bot.storage.database.migrate import MigrationError, dbmate_url, migrate, migrations_dir, pending
from bot.storage.embedded import EmbeddedPostgres
from tests.patience import PATIENCE_S
from tests.postgres import (
    connect,
    guarded_server,
    install_movable_clock,
    shift_clock,
    temporary_database,
)

ALL = sorted(path.stem for path in migrations_dir().glob("*.sql"))
PASSWORD = "p@ss:w/rd?#^[ %é"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations for this test, with one that works."""
    monkeypatch.setattr(module, "migrations_dir", lambda: tmp_path)
    add_migration(tmp_path, "0001_first", "CREATE TABLE first (x int);")
    return tmp_path


@pytest.fixture
def guarded(prepared: Path) -> Iterator[EmbeddedPostgres]:
    """A server that asks for PASSWORD."""
    with guarded_server(prepared, PASSWORD) as server:
        yield server


def add_migration(folder: Path, name: str, sql: str) -> None:
    (folder / f"{name}.sql").write_text(f"-- migrate:up\n{sql}\n-- migrate:down\n")


def with_password(dsn: str, password: str) -> str:
    return dsn.replace("postgres@", f"postgres:{quote(password, safe='')}@", 1)


@contextmanager
def tcp_port(server: EmbeddedPostgres) -> Iterator[int]:
    """A TCP port on loopback that leads to *server*'s socket: a server without TLS."""
    path = parse_qs(urlsplit(server.dsn()).query)["host"][0] + "/.s.PGSQL.5432"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=forward, args=(listener, path))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def forward(listener: socket.socket, path: str) -> None:
    with ThreadPoolExecutor() as pool:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(path)
            pool.submit(pump, client, upstream)
            pool.submit(pump, upstream, client)


def pump(source: socket.socket, target: socket.socket) -> None:
    with source:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


async def test_everything_lands_in_our_schema(empty_database_url: str) -> None:
    """Unqualified names go to `incident_bot`, and `public` stays as it was."""
    assert pending(empty_database_url) == ALL
    assert migrate(empty_database_url) == ALL
    assert pending(empty_database_url) == []
    connection = await connect(empty_database_url)
    tables = "SELECT count(*) FROM pg_class WHERE relnamespace = $1::regnamespace"
    assert await connection.fetchval(tables, "public") == 0
    assert await connection.fetchval(tables, "incident_bot") > 0
    functions = "SELECT pronamespace::regnamespace::text FROM pg_proc WHERE proname = 'fn_pgqueuer_changed'"
    assert await connection.fetchval(functions) == "incident_bot"
    await connection.close()


def test_migrate_is_idempotent(database_url: str) -> None:
    """A second start has nothing to do."""
    assert migrate(database_url) == []
    assert pending(database_url) == []


async def test_status_changes_nothing(empty_database_url: str) -> None:
    """Looking at a database does not create our schema in it."""
    assert pending(empty_database_url) == ALL
    connection = await connect(empty_database_url)
    assert await connection.fetchval("SELECT to_regnamespace('incident_bot')") is None
    await connection.close()


def test_simultaneous_starts_all_succeed(empty_database_url: str) -> None:
    """Of three instances that start together each migration is applied by exactly one."""
    with ThreadPoolExecutor(3) as pool:
        applied = pool.map(migrate, [empty_database_url] * 3)
    assert sorted(chain.from_iterable(applied)) == ALL


async def test_everything_can_be_taken_back(database_url: str) -> None:
    """Each file's down part undoes its up part, so that a file under work can be tried again."""
    for _ in ALL:
        module._dbmate(database_url, "rollback")
    assert pending(database_url) == ALL
    connection = await connect(database_url)
    left = "SELECT relname FROM pg_class WHERE relnamespace = 'incident_bot'::regnamespace AND relkind = 'r'"
    assert [row["relname"] for row in await connection.fetch(left)] == ["schema_migrations"]
    assert await connection.fetchval("SELECT count(*) FROM pg_enum") == 0
    await connection.close()
    assert migrate(database_url) == ALL


async def test_failing_statement_names_its_file(folder: Path, empty_database_url: str) -> None:
    """The file, PostgreSQL's message, and nothing of the file's transaction left behind."""
    add_migration(folder, "0002_second", "CREATE TABLE second (x int);\nCREATE TABLE third (x intt);")
    with pytest.raises(
        MigrationError, match=r'^migration 0002_second\.sql failed: line: 3, .*type "intt" does not exist'
    ):
        migrate(empty_database_url)
    assert pending(empty_database_url) == ["0002_second"]
    connection = await connect(empty_database_url)
    assert await connection.fetchval("SELECT to_regclass('second')") is None
    await connection.close()


def test_migration_out_of_order_is_refused(folder: Path, empty_database_url: str) -> None:
    """A file that was merged late must not slip in before one that is applied already."""
    migrate(empty_database_url)
    add_migration(folder, "0000_late", "CREATE TABLE late (x int);")
    with pytest.raises(MigrationError, match="`0000` is out of order"):
        migrate(empty_database_url)


def test_env_file_in_the_working_folder_is_ignored(
    folder: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot alone decides what is migrated: neither .env nor DBMATE_* variables reach dbmate."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DBMATE_MIGRATIONS_DIR", "elsewhere")
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    (folder / ".env").write_text("DBMATE_MIGRATIONS_DIR=elsewhere\n")
    assert migrate(empty_database_url) == ["0001_first"]
    assert "DISCORD_TOKEN" not in module._environment(empty_database_url)
    assert sorted(path.name for path in folder.iterdir()) == [".env", "0001_first.sql"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u:{}@127.0.0.1:1/db", "^cannot reach the database: .*connection refused"),
        ("postgresql://u:{}@nowhere.invalid/db", "^cannot reach the database: .*"),
        ("postgresql://u:{}@/db?host=/nowhere", "^cannot reach the database: .*no such file"),
        ("postgresql://u@127.0.0.1:1/db?password={}", "^cannot reach the database: .*connection refused"),
        ("postgresql://u:{}@127.0.0.1:port/db", "invalid port"),
        ("postgresql://u:{}@127.0.0.1:1/db?sslmode=often", "sslmode"),
        ("postgresql://u:{}@[::1/db", "^DATABASE_URL is not a valid address$"),
        ("mysql://u:{}@127.0.0.1/db", "^DATABASE_URL does not start with postgresql://$"),
        ("u:{}", "^DATABASE_URL does not start with postgresql://$"),
    ],
)
@pytest.mark.parametrize("password", ["hunter2hunter2", "hunter2%", "h%20unter2", "hunter2^|", "hunter2é"])
def test_bad_address_is_one_line_without_the_password(address: str, said: str, password: str) -> None:
    """Whatever is wrong with DATABASE_URL, the operator reads one line, and the log keeps no secret."""
    with pytest.raises(MigrationError, match=said) as caught:
        pending(address.format(password))
    text = str(caught.value)
    assert "\n" not in text
    assert "unter2" not in text
    assert caught.value.__cause__ is None


def test_missing_database_is_named(cluster: EmbeddedPostgres) -> None:
    """The database is not created behind the operator's back."""
    with pytest.raises(MigrationError, match='database "nowhere" does not exist'):
        migrate(cluster.dsn("nowhere"))


def test_password_with_special_characters(guarded: EmbeddedPostgres) -> None:
    """A password that must be quoted in a URL logs in."""
    assert migrate(with_password(guarded.dsn(), PASSWORD)) == ALL


def test_wrong_password(guarded: EmbeddedPostgres) -> None:
    """The refusal is told, the password is not."""
    with pytest.raises(MigrationError, match="password authentication failed for user") as caught:
        migrate(with_password(guarded.dsn(), "hunter2"))
    assert "hunter2" not in str(caught.value)


def test_password_is_not_on_the_command_line(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody on the machine can list the arguments of a process."""
    seen: list[object] = []
    run = subprocess.run

    def spy(command: list[str], **options: object) -> object:
        seen.extend(command)
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", spy)
    migrate(with_password(empty_database_url, "hunter2"))
    assert seen
    assert not any("hunter2" in str(part) or "postgres://" in str(part) for part in seen)


def test_tcp_server_without_tls(guarded: EmbeddedPostgres) -> None:
    """The default of asyncpg falls back to plain text, so migrations do too; `require` still means it."""
    with tcp_port(guarded) as port:
        dsn = with_password(f"postgresql://postgres@127.0.0.1:{port}/postgres", PASSWORD)
        assert migrate(dsn) == ALL
        with pytest.raises(MigrationError, match="SSL is not enabled"):
            pending(f"{dsn}?sslmode=require")


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        ("postgresql://u:p^w@h:5433/db", "postgres://u:p%5Ew@h:5433/db"),
        ("postgresql://u:a%40b%zz@h/db", "postgres://u:a%40b%25zz@h/db"),
        ("postgres:///db?host=/run/pg", "postgres:///db?host=%2Frun%2Fpg"),
        ("postgres://u@%2Frun%2Fpg:5433/db", "postgres://u@/db?host=%2Frun%2Fpg&port=5433"),
        ("postgres://u@[::1]:5433/db", "postgres://u@[::1]:5433/db"),
    ],
)
def test_address_is_translated(dsn: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that asyncpg takes leniently is spelled as Go wants it, and leads to the same place."""
    monkeypatch.delenv("PGSSLMODE", raising=False)
    parameters = "sslmode=prefer&connect_timeout=10&search_path=incident_bot&lock_timeout=500"
    assert dbmate_url(dsn) == f"{url}{'&' if '?' in url else '?'}{parameters}"


def test_modes_that_were_asked_for_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """An sslmode in the address or the environment is not weakened; the schema is always ours."""
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert "sslmode" not in dbmate_url("postgresql://h/db")
    assert "sslmode=require" in dbmate_url("postgresql://h/db?sslmode=require")
    assert "search_path=incident_bot" in dbmate_url("postgresql://h/db?search_path=public")


async def test_queue_schema_is_what_pgqueuer_installs(database_url: str, empty_database_url: str) -> None:
    """A PgQueuer whose schema differs from our migration fails here, and needs a new migration."""
    theirs = await connect(empty_database_url)
    await theirs.execute("CREATE SCHEMA incident_bot")
    await Queries.from_asyncpg_connection(theirs).install()
    ours = await connect(database_url)
    for query in CATALOG:
        expected = await theirs.fetch(query)
        assert expected
        assert await ours.fetch(query) == expected
    plan = await Queries.from_asyncpg_connection(ours).plan_upgrade()
    assert (plan.statements, plan.notes) == ((), ())
    await theirs.close()
    await ours.close()


def test_queue_migration_matches_the_default_settings() -> None:
    """The migration spells PgQueuer's default names; the environment must not change them."""
    assert DBSettings().db_schema is None
    assert DBSettings().queue_table == "pgqueuer"


CATALOG = (
    """SELECT relname, relkind, relpersistence, reloptions FROM pg_class
       WHERE relnamespace = 'incident_bot'::regnamespace AND relname LIKE 'pgqueuer%' ORDER BY 1""",
    """SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
              pg_get_expr(adbin, adrelid)
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attnum > 0 AND attrelid IN (
           SELECT oid FROM pg_class
           WHERE relnamespace = 'incident_bot'::regnamespace AND relname LIKE 'pgqueuer%' AND relkind = 'r')
       ORDER BY attrelid::regclass::text, attnum""",
    """SELECT indexdef FROM pg_indexes
       WHERE schemaname = 'incident_bot' AND tablename LIKE 'pgqueuer%' AND indexname <> 'queue_by_guild'
       ORDER BY 1""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'incident_bot'::regnamespace AND conrelid::regclass::text LIKE '%pgqueuer%'
       ORDER BY 1, 2""",
    """SELECT pg_get_triggerdef(oid) FROM pg_trigger
       WHERE NOT tgisinternal AND tgname LIKE '%pgqueuer%' ORDER BY 1""",
    """SELECT pg_get_functiondef(oid) FROM pg_proc
       WHERE pronamespace = 'incident_bot'::regnamespace AND proname LIKE '%pgqueuer%' ORDER BY 1""",
    """SELECT enumtypid::regtype::text, enumlabel FROM pg_enum
       WHERE enumtypid = 'pgqueuer_status'::regtype ORDER BY enumsortorder""",
)


async def test_queue_follows_the_movable_clock(database_url: str) -> None:
    """A job that is due in 15 minutes rests until the clock moves, and then runs at once."""
    await install_movable_clock(database_url)
    connection = await connect(database_url)
    queue = PgQueuer.from_asyncpg_connection(connection)
    ran: asyncio.Queue[str] = asyncio.Queue()

    @queue.entrypoint("escalate")
    async def escalate(job: Job) -> None:
        await ran.put((job.payload or b"").decode())

    worker = asyncio.create_task(queue.run(dequeue_timeout=timedelta(minutes=2)))
    await queue.qm.queries.enqueue("escalate", b"due in 15 minutes", execute_after=timedelta(minutes=15))
    await shift_clock(database_url, timedelta(minutes=14))
    await queue.qm.queries.enqueue("escalate", b"due now")
    assert await asyncio.wait_for(ran.get(), PATIENCE_S) == "due now"
    eta = await queue.qm.queries.next_deferred_eta([QueueEntrypoint("escalate")])
    assert eta is not None
    assert timedelta(seconds=50) < eta <= timedelta(minutes=1)
    await shift_clock(database_url, timedelta(minutes=1))
    assert await asyncio.wait_for(ran.get(), PATIENCE_S) == "due in 15 minutes"
    queue.shutdown.set()
    await worker
    await connection.close()


async def test_movable_clock_moves_column_defaults(database_url: str) -> None:
    """Defaults were bound to the real clock when the tables were made; they move as well."""
    await install_movable_clock(database_url)
    await install_movable_clock(database_url)  # a second time changes nothing
    await shift_clock(database_url, timedelta(days=7))
    connection = await connect(database_url)
    await connection.execute(
        "INSERT INTO pgqueuer (priority, status, entrypoint) VALUES (0, 'queued', 'escalate')"
    )
    moved = "SELECT created - pg_catalog.now() > interval '6 days' FROM pgqueuer"
    assert await connection.fetchval(moved) is True
    plan = await Queries.from_asyncpg_connection(connection).plan_upgrade()
    assert plan.statements == ()  # PgQueuer still recognises its schema
    await connection.close()


async def test_each_test_has_its_own_database(cluster: EmbeddedPostgres) -> None:
    """A test does not see what another wrote, and open connections do not keep a test's database alive."""
    async with temporary_database(cluster) as first:
        left_open = await connect(first)
        await left_open.execute("CREATE TABLE mine (x int)")
        async with temporary_database(cluster) as second:
            connection = await connect(second)
            assert await connection.fetchval("SELECT to_regclass('mine')") is None
            await connection.close()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await connect(first)
    left_open.terminate()


def test_killed_test_run_leaves_nothing_behind() -> None:
    """Server and folder go even when the worker is killed: memory of the machine is at stake."""
    script = (
        "from tests.postgres import *\n"
        "folder = cluster_folder()\n"
        "sweeper = start_sweeper(folder)\n"
        "EmbeddedPostgres(folder, durable=False).start()\n"
        "print(folder, sweeper.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, text=True) as worker:
        assert worker.stdout is not None
        folder = Path(worker.stdout.readline().split()[0])
        assert (folder / "data").is_dir()
        worker.send_signal(signal.SIGKILL)
        # The sweeper inherited the worker's stdout: it ends when the sweeper does.
        assert worker.stdout.read() == ""
    assert not folder.exists()
