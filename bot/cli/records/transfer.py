"""`incident-bot export --format json` and `import`: the records of one database, into another."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Final

import asyncpg
import typer

from bot.cli.database import with_database
from bot.database import closing
from bot.domain.errors import ConfigError
from bot.settings import Settings
from bot.storage.database.pools import borrow, open_pool
from bot.storage.records.store import RecordsFilter, exported, load, private_left_out

#: A slow disk or pipe must not end the snapshot that is read, seconds.
_PATIENCE_S: Final = 3_600.0


def export_records(settings: Settings, choice: RecordsFilter, out: Path | None) -> None:
    """Write the records of the chosen incidents: a line for each row, or nothing.

    Raises:
        ConfigError: the file exists, or cannot be written.
    """

    async def run(dsn: str) -> None:
        async with _connection(dsn) as connection:
            async with exported(connection, choice) as lines:
                with destination(out) as file:
                    async for line in lines:
                        file.write(f"{line}\n")
            say_what_is_missing(await private_left_out(connection, choice))

    with_database(settings, run)


def import_records(settings: Settings, file: Path) -> None:
    """Read an export into an empty database, all or nothing.

    Raises:
        ConfigError: there is no such file, it is no whole export, or the database is not empty.
    """

    async def run(dsn: str) -> None:
        with _opened(file) as lines:
            async with _connection(dsn) as connection:
                done = await load(connection, (line.rstrip("\n") for line in lines))
        if not done.is_checked:
            sys.stderr.write(
                f"{file} does not say how many rows it has, because an older version wrote it: "
                "if its end was cut off, that cannot be noticed\n"
            )
        typer.echo(
            f"imported {done.rows.get('incidents', 0)} incidents, {sum(done.rows.values())} rows in all"
        )

    with_database(settings, run)


def say_what_is_missing(private: int) -> None:
    """Say on stderr that private incidents were left out."""
    if private:
        sys.stderr.write(f"{private} private incidents were left out: --private exports them, too\n")


@contextmanager
def destination(out: Path | None) -> Iterator[IO[str]]:
    """Yield the file to write: *out*, which appears once it is complete, or stdout.

    Raises:
        ConfigError: the file exists, or cannot be written.
    """
    if out is None:
        yield sys.stdout
        return
    if out.exists():
        raise ConfigError(f"--out: {out} exists")
    unfinished = out.with_name(f"{out.name}.unfinished")
    try:
        # Only its owner may read the file, because incidents may be private.
        unfinished.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise ConfigError(f"--out: {unfinished} exists: an export writes it, or has left it behind") from None
    except OSError as error:
        raise ConfigError(f"--out: {out}: {error.strerror}") from None
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.rename(out)
    except OSError as error:
        raise ConfigError(f"--out: {out}: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _opened(file: Path) -> Iterator[IO[str]]:
    try:
        with file.open(encoding="utf-8") as lines:
            yield lines
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: this is no file of `incident-bot export --format json`") from None


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    pool = await open_pool(
        dsn, min_size=1, max_size=1, command_s=_PATIENCE_S, idle_in_transaction_s=_PATIENCE_S
    )
    async with closing(pool), borrow(pool) as connection:
        yield connection
