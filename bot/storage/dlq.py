"""`admin.notification_failures`, which may be in another team's database behind a transaction pooler."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from bot.domain.dlq import DlqCounts, DlqEntry, DlqFilter, DlqPage, NewFailure, StatusCount
from bot.domain.drill import DLQ_MARK
from bot.domain.errors import DlqUnavailable, StorageUnavailable, UserError
from bot.domain.text import storable_json
from bot.storage.database.errors import storage_errors
from bot.storage.database.migrate import SEARCH_PATH
from bot.storage.database.pools import borrow
from bot.storage.database.sql import Sql
from bot.storage.rows import failure_from_row

#: The key, and what the runbook names. Source: the runbook, DLQ 確認.
COLUMNS: Final = (
    "id",
    "attempted_at",
    "channel",
    "severity",
    "title",
    "http_status",
    "retry_count",
    "error_message",
    "status",
    "fallback_email_sent",
    "payload",
)

_QUESTION_MS = 8_000


class PostgresDlqStore:
    """A `bot.services.ports.DlqStore`. Each question is a short transaction of its own.

    Args:
        pool: As `open_dlq_pool` gives it; one of `open_pool` does as well.
        most_severe: The priority whose failures the runbook asks about first, as the table holds it ("P0").
    """

    def __init__(self, pool: asyncpg.Pool, *, most_severe: str) -> None:
        self._pool = pool
        self._most_severe = most_severe

    async def page(self, asked: DlqFilter, *, number: int, size: int) -> DlqPage:
        within = timedelta(hours=asked.hours)
        which: dict[str, object] = {"within": within, "severity": asked.severity, "channel": asked.channel}
        async with self._question() as sql:
            total: int = (await sql.one("count_failures", **which))["total"]
            pages = max(1, -(-total // size))
            number = min(max(number, 1), pages)
            rows = await sql.all("list_failures", **which, limit=size, offset=(number - 1) * size)
        return DlqPage(tuple(map(failure_from_row, rows)), number, pages, total, asked)

    async def p0_failed(self, *, limit: int) -> list[DlqEntry]:
        async with self._question() as sql:
            rows = await sql.all("list_most_severe_failures", severity=self._most_severe, limit=limit)
        return [failure_from_row(row) for row in rows]

    async def http_statuses(self, *, hours: int) -> list[StatusCount]:
        async with self._question() as sql:
            rows = await sql.all("count_http_statuses", within=timedelta(hours=hours))
        return [StatusCount(row["http_status"], row["n"]) for row in rows]

    async def entry(self, entry_id: UUID) -> DlqEntry:
        async with self._question() as sql:
            row = await sql.first("failure", entry_id=entry_id)
        if row is None:
            raise UserError("dlq_entry_not_found", entry=str(entry_id))
        return failure_from_row(row)

    async def ids_ending_in(self, digits: str, *, hours: int) -> list[UUID]:
        async with self._question() as sql:
            rows = await sql.all("failures_ending_in", digits=digits, within=timedelta(hours=hours))
        return [row["id"] for row in rows]

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        async with self._question() as sql:
            rows = await sql.all(
                "count_failures_by_channel",
                start=start,
                end=end,
                most_severe=self._most_severe,
                drill_mark=DLQ_MARK,
            )
        return DlqCounts(
            total=sum(row["total"] for row in rows),
            by_channel=tuple((row["channel"], row["total"]) for row in rows),
            p0_failed=sum(row["most_severe"] for row in rows),
            p0_emailed=sum(row["emailed"] for row in rows),
        )

    async def record(self, failure: NewFailure) -> None:
        async with self._question(readonly=False) as sql:
            await sql.all(
                "record_failure",
                failure,
                payload=json.dumps(storable_json(failure.payload), ensure_ascii=False),
            )

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        async with self._question(readonly=False) as sql:
            await sql.all("redact_failures", ids=list(ids), title=title)

    async def missing_columns(self) -> tuple[str, ...]:
        async with self._question() as sql:
            there = {row["name"] for row in await sql.all("failure_columns")}
        return tuple(name for name in COLUMNS if name not in there) if there else ("*",)

    @asynccontextmanager
    async def _question(self, *, readonly: bool = True) -> AsyncIterator[Sql]:
        """Open a transaction that is limited in time, all that works behind a pooler in transaction mode."""
        isolation = "repeatable_read" if readonly else "read_committed"
        with _dlq_errors():
            async with (
                borrow(self._pool) as connection,
                connection.transaction(isolation=isolation, readonly=readonly),
            ):
                sql = Sql(connection)
                await sql.all("begin_question", statement_timeout=str(_QUESTION_MS), search_path=SEARCH_PATH)
                yield sql


@contextmanager
def _dlq_errors() -> Iterator[None]:
    """Turn errors of a DLQ that is away or not as the runbook describes it into DlqUnavailable."""
    try:
        with storage_errors():
            yield
    except (
        StorageUnavailable,
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedColumnError,
        asyncpg.InvalidSchemaNameError,
        asyncpg.InsufficientPrivilegeError,
    ) as error:
        raise DlqUnavailable(f"the DLQ: {type(error).__name__}") from error
