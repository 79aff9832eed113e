"""Reads all records in one snapshot, and writes them into an empty database in one transaction."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import groupby, islice
from typing import Final

import asyncpg

from bot.domain.errors import ConfigError
from bot.storage.database.errors import storage_errors
from bot.storage.database.sql import Query, composed
from bot.storage.records.tables import RecordTable, tables

#: What the first line of a file says: which kind of file it is, and how it is to be read.
FORMAT: Final = "incident-bot records"
VERSION: Final = 1

_ROWS_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class RecordsFilter:
    """Which incidents are exported.

    Attributes:
        since, until: Triggered in [since, until); None: without that bound.
        private: Private ones as well.
    """

    since: datetime | None = None
    until: datetime | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """An import that is done.

    Attributes:
        rows: The number of rows by table.
        is_checked: The file says how many rows it has, and it has them all. False: an older version wrote it.
    """

    rows: Mapping[str, int]
    is_checked: bool


@asynccontextmanager
async def exported(
    connection: asyncpg.Connection, choice: RecordsFilter
) -> AsyncIterator[AsyncIterator[str]]:
    """Yield the lines of an export, all as of one moment: a header, then a JSON object for each row.

    The same records give the same lines.

    Raises:
        StorageUnavailable: PostgreSQL is away.
    """
    with storage_errors():
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield _lines(connection, choice)


async def private_left_out(connection: asyncpg.Connection, choice: RecordsFilter) -> int:
    """Return how many private incidents an export leaves out."""
    if choice.private:
        return 0
    query = _queries()["private_left_out"]
    arguments = query.arguments({"since": choice.since, "until": choice.until})
    count: int = await connection.fetchval(query.text, *arguments)
    return count


async def load(connection: asyncpg.Connection, lines: Iterable[str]) -> Imported:
    """Write the lines of an export into an empty database, all or nothing.

    No job is queued: what is due of incidents that go on is found by the bot's auditor, as after a restart.

    Raises:
        ConfigError: the lines are no whole export of this version, or the database already has incidents.
        StorageUnavailable: PostgreSQL is away.
    """
    numbered = iter(enumerate(lines, start=1))
    with storage_errors():
        async with connection.transaction():
            header = _header(next(numbered, (1, ""))[1])
            here = await _schema(connection)
            if header.get("schema") != here:
                raise ConfigError(
                    f"the file is of database version {header.get('schema')}, and this database has {here}: "
                    "export and import with the same version of incident-bot, and upgrade before or "
                    "afterwards"
                )
            for table in tables():
                if await connection.fetchval(_of(table.name)["is_occupied"].text):
                    raise ConfigError(
                        f"the database is not empty: it has rows in {table.name}. Import into a new "
                        "database, before a bot has run on it"
                    )
            written = await _insert(connection, numbered)
            is_checked = _has_all_rows(header, written)
            for row in await connection.fetch(_queries()["identities"].text):
                if row["table_name"] in _by_name():
                    query = _of(row["table_name"], column=row["column_name"])["continue_numbers"]
                    await connection.fetchval(query.text)
    return Imported(written, is_checked)


async def _lines(connection: asyncpg.Connection, choice: RecordsFilter) -> AsyncIterator[str]:
    chosen = {"since": choice.since, "until": choice.until, "private": choice.private}
    counts: dict[str, int] = {}
    for table in tables():
        query = _of(table.name)["count_records"]
        counts[table.name] = await connection.fetchval(query.text, *query.arguments(chosen))
    schema = await _schema(connection)
    yield json.dumps({"format": FORMAT, "version": VERSION, "schema": schema, "rows": counts})
    for table in tables():
        query = _of(table.name)["record_lines"]
        arguments = query.arguments(chosen)
        async for row in connection.cursor(query.text, *arguments, prefetch=_ROWS_AT_A_TIME):
            yield row["line"]


async def _schema(connection: asyncpg.Connection) -> str:
    version: str = await connection.fetchval(_queries()["schema_version"].text)
    return version


def _header(line: str) -> Mapping[str, object]:
    """Return what the first line says of the file.

    Raises:
        ConfigError: it is not the first line of an export that this version reads.
    """
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ConfigError("line 1: this is no file of `incident-bot export --format json`")
    if header.get("version") != VERSION:
        raise ConfigError(f"line 1: the file has version {header.get('version')}; this bot reads {VERSION}")
    return header


def _has_all_rows(header: Mapping[str, object], written: Mapping[str, int]) -> bool:
    """Return True if the file has the rows that its header counts; False if its header counts none.

    Raises:
        ConfigError: rows are missing, or there are more of them.
    """
    counts = header.get("rows")
    if not isinstance(counts, dict):
        return False
    for name in _by_name():
        told, there = counts.get(name, 0), written.get(name, 0)
        if told != there:
            raise ConfigError(
                f"the file is not whole: it should have {told} rows of {name}, and has {there}. "
                "Nothing was imported; copy it once more, or export again"
            )
    return True


async def _insert(connection: asyncpg.Connection, numbered: Iterator[tuple[int, str]]) -> dict[str, int]:
    written: dict[str, int] = {}
    for name, rows in groupby((_named(number, line) for number, line in numbered), key=lambda row: row[0]):
        query = _of(name)["insert_records"]
        while batch := [line for _, _, line in islice(rows, _ROWS_AT_A_TIME)]:
            try:
                await connection.execute(query.text, batch)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                raise ConfigError(f"{name}: {error}") from None
            written[name] = written.get(name, 0) + len(batch)
    return written


def _named(number: int, line: str) -> tuple[str, int, str]:
    """Return the table of a line, its number and itself.

    Raises:
        ConfigError: it is not a row of a table that is exported.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    name = row.get("table") if isinstance(row, dict) and isinstance(row.get("row"), dict) else None
    if not isinstance(name, str) or name not in _by_name():
        raise ConfigError(f"line {number}: this is no row of an export")
    return name, number, line


def _queries() -> Mapping[str, Query]:
    """Return the queries that concern no single table."""
    return _of(tables()[0].name)


@cache
def _of(name: str, column: str = "id") -> Mapping[str, Query]:
    """Return the queries filled in for one table."""
    table = _by_name()[name]
    severed = " || ".join(
        f"CASE WHEN {condition} THEN '{{\"{column}\": null}}'::jsonb ELSE '{{}}'::jsonb END"
        for column, condition in table.severed.items()
    )
    given = {
        "table": table.name,
        "key": ", ".join(f"each.{part}" for part in table.key.split(", ")),
        "rows": table.chosen,
        "severed": severed or "'{}'::jsonb",
        "column": column,
    }
    file = resources.files("bot.storage.records") / "records.sql"
    return composed([file.read_text(encoding="utf-8")], given)


@cache
def _by_name() -> Mapping[str, RecordTable]:
    return {table.name: table for table in tables()}
