"""The server's life: a folder's first process owns it, later ones share it, and it ends with its owner."""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

from bot.storage.embedded._binaries import (
    Binaries,
    EmbeddedPostgresError,
    Identity,
    check_private,
    copy_for_nobody,
    find_binaries,
    find_folder,
    hand_over,
)

if sys.platform != "win32":
    import fcntl

SOCKET = ".s.PGSQL.5432"

_SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes on Linux and 104 on macOS

_USER = "postgres"

_STATUS_LINE = 7  # of postmaster.pid, counted from 0: "starting", "ready", "stopping"

_POLL_S = 0.01

_ANSWER_S = 2.0

#: A question that PostgreSQL answers before it knows who asks: its length, and its code.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)

_FAST_SHUTDOWN_S = 20.0

_IMMEDIATE_SHUTDOWN_S = 10.0

_LOG_MAX_BYTES = 1_000_000

_SETTINGS = {
    "listen_addresses": "",  # no TCP: the socket's folder decides who may connect
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "io_method": "sync",  # no I/O worker processes beside a bot
}

_VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}

_CREATE_DATABASE = r"""
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
"""


def socket_folder(root: Path) -> Path:
    """Return *root*, or another folder if its path is too long for a socket or reads as a list."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    name = f"incident-bot-{os.geteuid()}-{digest}"
    # TMPDIR may be as long as *root*; /tmp never is.
    return next(filter(_suits_a_socket, (root, Path(tempfile.gettempdir()) / name)), Path("/tmp") / name)  # noqa: S108


def _suits_a_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= _SOCKET_PATH_MAX and "," not in str(folder)


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_absent_or_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def works_in(pid: str, folder: Path) -> bool:
    """Return True if process *pid* serves *folder*: PostgreSQL runs in its data folder (Linux only)."""
    try:
        return Path(f"/proc/{int(pid)}/cwd").samefile(folder)
    except (OSError, ValueError):
        return False


class EmbeddedPostgres:
    """A PostgreSQL server whose data, log and lock live in one folder.

    The first process to start it is its owner. `root/owner.lock` is held by flock, and the open file is
    inherited by the server and its backends: the lock is free exactly when no server can be alive for
    this folder, even after a SIGKILL of everything. Later processes share the owner's server.

    The server ends with its owner (on Linux also when the owner is killed), for the processes that share
    it too: their connections break. A sharer that calls `start` again then becomes the owner, of the same
    data and under the same address. On macOS the server outlives a killed owner, and is shared by the next.

    To open the socket is to be the superuser; its mode keeps other users out.

    Args:
        root: The folder; created when missing.
        durable: False trades safety against a crash of the machine for speed. Tests only.
        timeout_s: How long a start may take, recovery after a crash included.
    """

    def __init__(self, root: Path, *, durable: bool = True, timeout_s: float = 60.0) -> None:
        self.root = root.absolute()
        self.durable = durable
        self._data = self.root / "data"
        self._pid_file = self._data / "postmaster.pid"
        self._log = self.root / "server.log"
        self._sockets = socket_folder(self.root)
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_owner(self) -> bool:
        """Return True if this object started the running server."""
        return self._process is not None and self._process.poll() is None

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of *database* for asyncpg and libpq."""
        return f"postgresql://{_USER}@/{quote(database, safe='')}?host={quote(str(self._sockets))}"

    def start(self) -> str:
        """Bring the server up, or join the one that another process owns; does nothing when it is up.

        Call it from the main thread, best before an event loop runs there, for it blocks for about a
        second: the kernel ends the server with the *thread* that started it, not with the process.

        Returns:
            The address of the database `postgres`.

        Raises:
            EmbeddedPostgresError: It cannot run; the message says what to do.
            RuntimeError: Not called from the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the server would end with this thread; start it from the main thread")
        if not self.is_owner:
            binaries = find_binaries()
            try:
                self._own_or_share(binaries)
            except OSError as error:
                reason = error.strerror or error
                raise EmbeddedPostgresError(f"cannot use {error.filename or self.root}: {reason}") from error
        return self.dsn()

    def ensure_database(self, name: str) -> str:
        """Create the database *name* unless it exists.

        Returns:
            Its address.

        Raises:
            EmbeddedPostgresError: It cannot, or the server does not answer in time.
        """
        arguments = ("-X", "-w", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"name={name}", self.dsn())
        client = Binaries(find_folder(), Identity.PLAIN)  # only the server and initdb mind being root
        each_s = self._timeout_s / 2  # a server that hangs says nothing at all
        try:
            client.run("psql", *arguments, stdin=_CREATE_DATABASE, timeout_s=each_s)
        except EmbeddedPostgresError:  # another process may have created it in between: look again
            client.run("psql", *arguments, stdin=_CREATE_DATABASE, timeout_s=each_s)
        return self.dsn(name)

    def stop(self) -> None:
        """Shut down our own server, breaking open connections; another owner's server is left alone."""
        process, self._process = self._process, None
        if process is None:
            return
        for request, patience_s in (
            (signal.SIGINT, _FAST_SHUTDOWN_S),
            (signal.SIGQUIT, _IMMEDIATE_SHUTDOWN_S),
            (signal.SIGKILL, None),
        ):
            process.send_signal(request)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience_s)
                return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _own_or_share(self, binaries: Binaries) -> None:
        for folder in (self.root, self._sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._sockets != self.root:
            check_private(self._sockets)
        lock = os.open(self.root / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait(
                lambda: try_lock(lock) or self._is_ready(),
                "is in use by a process whose server does not become ready",
            )
            if try_lock(lock):
                self._become_owner(binaries, lock)
        finally:
            os.close(lock)  # the server has its own copy

    def _become_owner(self, binaries: Binaries, lock: int) -> None:
        for folder in (self.root, self._sockets):
            hand_over(folder, binaries.identity)
        binaries = copy_for_nobody(binaries, self.root)
        if is_absent_or_empty(self._data):
            self._create_data(binaries, lock)
        self._check_data(binaries)
        self._remove_traces()
        self._spawn(binaries, lock)

    def _create_data(self, binaries: Binaries, lock: int) -> None:
        """Run initdb beside the final place, so that a half-made cluster is never taken for a whole one."""
        unfinished = self.root / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        options = [f"--username={_USER}", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        # The builtin provider sorts alike everywhere; libc's order changes with the system's libc.
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self.durable else ["--no-sync"]
        binaries.run("initdb", "-D", str(unfinished), *options, pass_fds=(lock,))
        unfinished.rename(self._data)

    def _check_data(self, binaries: Binaries) -> None:
        marker = self._data / "PG_VERSION"
        if not marker.exists():
            raise EmbeddedPostgresError(
                f"{self._data} is not a PostgreSQL data folder (no PG_VERSION) and was left untouched; "
                "move it away or choose another folder"
            )
        found, ours = marker.read_text(encoding="ascii").strip(), binaries.major_version()
        if found != ours:
            raise EmbeddedPostgresError(
                f"{self._data} was made by PostgreSQL {found}, the embedded server is {ours}; "
                f"move the folder away, or dump it with PostgreSQL {found} and load that into a new one"
            )

    def _remove_traces(self) -> None:
        """Remove what a killed server left: its process id may meanwhile be another process's."""
        pid_file = self._data / "postmaster.pid"
        if pid_file.exists() and works_in(pid_file.read_text(encoding="ascii").split("\n", 1)[0], self._data):
            raise EmbeddedPostgresError(
                f"a PostgreSQL server that this program did not start runs on {self._data}; stop it first"
            )
        for trace in (self._pid_file, self._sockets / f"{SOCKET}.lock", self._sockets / SOCKET):
            trace.unlink(missing_ok=True)

    def _spawn(self, binaries: Binaries, lock: int) -> None:
        settings = _SETTINGS | {"unix_socket_directories": str(self._sockets)}
        settings |= {} if self.durable else _VOLATILE
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        if self._log.exists() and self._log.stat().st_size > _LOG_MAX_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as log:
            self._process = binaries.spawn("postgres", "-D", str(self._data), *arguments, log=log, lock=lock)
        try:
            self._wait(self._is_up, "has a server that does not become ready")
        except BaseException:
            self.stop()
            raise

    def _is_up(self) -> bool:
        if not self.is_owner:
            raise EmbeddedPostgresError(f"PostgreSQL did not start: {self._last_words()}; see {self._log}")
        return self._is_ready()

    def _is_ready(self) -> bool:
        """Return True if the pid file says "ready" and the server answers: it is neither dead nor stopped."""
        lines = self._pid_lines()
        if len(lines) <= _STATUS_LINE or lines[_STATUS_LINE].strip() != "ready":
            return False
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(_ANSWER_S)  # of a server that is stopped the kernel takes calls all the same
            client.connect(str(self._sockets / SOCKET))
            client.sendall(_SSL_REQUEST)
            return bool(client.recv(1))
        return False

    def _pid_lines(self) -> list[str]:
        try:
            return self._pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines() or ["no message"]
        fatal = [line for line in lines if " FATAL: " in line or " PANIC: " in line]
        return (fatal or lines)[-1]

    def _wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"{self.root} {otherwise} within {self._timeout_s:g} s; see {self._log}"
                )
            time.sleep(_POLL_S)
