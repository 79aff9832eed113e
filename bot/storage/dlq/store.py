"""The undelivered notifications, which may be in another team's database behind a transaction pooler."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from bot.domain.dlq import (
    COUNTED,
    COUNTED_BY_STATUS,
    DLQ_MARK,
    SHORTEST,
    Cursor,
    DlqColumn,
    DlqCounts,
    DlqEntry,
    DlqFilter,
    DlqMisfit,
    DlqPage,
    DlqTable,
    DlqView,
    MostSevere,
    NewFailure,
    StatusCount,
    StatusCounts,
    TableReport,
)
from bot.domain.errors import DlqChanged, DlqUnavailable, StorageBroken, StorageUnavailable, UserError
from bot.domain.text import storable_json
from bot.storage.database.errors import storage_errors
from bot.storage.database.pools import borrow
from bot.storage.database.sql import Row
from bot.storage.dlq.composing import (
    PLACES,
    TEXT,
    Conditions,
    DlqQueries,
    asked_for,
    beside,
    equal,
    literally,
    run,
    since,
    table_query,
)
from bot.storage.dlq.layout import Layout, finds_endings, suggested
from bot.storage.dlq.transactions import DlqSql, DlqTransaction, transaction
from bot.storage.rows import from_row

#: Levels of a payload: an embed's field has four, components a few more.
_DEEPEST: Final = 50

#: How long counting may take, seconds: a page without a number is better than none.
_COUNT_S: Final = 0.4

_WITH_COUNT: Final = {
    "list_failures": "list_failures_with_count",
    "list_newer_failures": "list_newer_failures_with_count",
}

#: Among how many failures an id is looked for by its end where no index helps.
_SEARCHED: Final = 10_000

log = structlog.get_logger(__name__)

ANSWER_S: Final = 2.5
"""How long a person's question may take, seconds: the answer that it cannot be asked is due within 3."""

WORK_S: Final = 8.0
"""How long background work may take, seconds: recording, redacting, the watch, the digest."""

#: How long a table's columns are cached, seconds: its owner may add one.
_BELIEVED_S: Final = 300.0


def entry_from_row(row: Row, others: Sequence[str] = ()) -> DlqEntry:
    """Return the entry of a row; only a JSON object counts as payload.

    Args:
        others: Names of the extra columns, in the order of the row's values.
    """
    stored = row.get("payload")
    extra = zip(others, row.get("extra") or (), strict=False)
    return from_row(
        DlqEntry,
        row,
        payload=None if stored is None else _object(stored),
        stored=stored,
        extra=tuple((name, value) for name, value in extra if value is not None),
    )


def _object(text: str) -> dict[str, object] | None:
    """Return the JSON object that *text* is; None if it is anything else, or nested too deep."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _is_shallow(value, levels=_DEEPEST) else None


def _is_shallow(value: object, *, levels: int) -> bool:
    """Return True if *value* is not nested deeper than a message: whatever reads it goes down by itself."""
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(one, levels=levels - 1) for one in inside)


@dataclass(frozen=True, slots=True)
class Entries:
    """The failures of a page, newest first, and the places where the pages beside it begin.

    Attributes:
        counted: How many the list has, up to one more than `COUNTED`; None: counting took too long.
    """

    entries: tuple[DlqEntry, ...]
    newer: Cursor | None
    older: Cursor | None
    counted: int | None


async def entries_of(sql: DlqSql, which: Conditions, cursor: Cursor | None, *, size: int) -> Entries:
    """Read a page, and one failure more to know whether there is another page behind it."""
    if cursor is None:
        return await _first(sql, which, size=size)
    query = "list_newer_failures" if cursor.is_newer else "list_failures"
    rows, counted = await _listed(sql, query, which | beside(cursor) | {"dated": {}}, size=size)
    goes_on = len(rows) > size
    if cursor.is_newer and not goes_on:
        return await _first(sql, which, size=size)  # the beginning is reached: a full page from there
    if not rows and counted is not None:  # no row says how many there are elsewhere
        counted = await _counted(sql, which)
    if cursor.is_newer:
        return _placed([*reversed(rows[:size])], has_newer=True, has_older=True, counted=counted)
    return _placed(rows[:size], has_newer=True, has_older=goes_on, counted=counted)


async def _first(sql: DlqSql, which: Conditions, *, size: int) -> Entries:
    """Read the newest failures with their number."""
    rows, counted = await _listed(sql, "list_failures", which | {"dated": {}}, size=size)
    return _placed(rows[:size], has_newer=False, has_older=len(rows) > size, counted=counted)


async def _listed(sql: DlqSql, query: str, which: Conditions, *, size: int) -> tuple[list[Row], int | None]:
    """Read rows and their number in one statement; the rows alone, if counting would hold them up."""
    limits = {"limit": size + 1, "at_most": COUNTED + 1}
    is_one_pass = TEXT in which and not PLACES & which.keys()  # as dear to count as to find
    both = "list_counted_failures" if is_one_pass else _WITH_COUNT[query]
    rows = await sql.attempt(both, which, within_s=_COUNT_S, **limits)
    if rows is None:
        return await sql.all(query, which, limit=size + 1), None
    return rows, rows[0]["total"] if rows else 0


async def _counted(sql: DlqSql, which: Conditions) -> int | None:
    counts = await sql.attempt("count_failures", which, within_s=_COUNT_S, at_most=COUNTED + 1)
    return None if counts is None else counts[0]["total"]


def _placed(rows: Sequence[Row], *, has_newer: bool, has_older: bool, counted: int | None) -> Entries:
    entries = tuple(map(entry_from_row, rows))
    if not entries:
        return Entries((), None, None, counted)
    first, last = entries[0], entries[-1]
    newer = Cursor(first.attempted_at, first.id, is_newer=True) if has_newer else None
    older = Cursor(last.attempted_at, last.id) if has_older else None
    return Entries(entries, newer, older, counted)


async def ending_in(sql: DlqSql, typed: str, *, hours: int, limit: int) -> list[DlqEntry]:
    """Return the failures of the last *hours* whose id ends in what was *typed*, newest first."""
    if len(typed) < SHORTEST:
        return []
    given = {"backwards": f"{literally(sql.layout.ending(typed)[::-1])}%", "limit": limit}
    if finds_endings(sql.layout):
        rows = await sql.all("failures_ending_in", since(DlqFilter(hours=hours)), **given)
    else:
        where = since(DlqFilter(hours=hours))
        rows = await sql.all("recent_failures_ending_in", where, at_most=_SEARCHED, **given)
    return [entry_from_row(row) for row in rows]


class PostgresDlqStore:
    """A `bot.services.ports.DlqStore`. Each question is a short transaction of its own.

    Args:
        pool: As `open_dlq_pool` gives it; one of `open_pool` does as well.
        table: What the policy calls the table and its columns.
        answer_s: How long a person's question may take.
    """

    def __init__(self, pool: asyncpg.Pool, table: DlqTable, *, answer_s: float = ANSWER_S) -> None:
        self._pool = pool
        self._answer_s = answer_s
        self._table = table
        self._queries: DlqQueries | None = None
        self._learned_s = 0.0

    async def page(self, view: DlqView, *, size: int) -> DlqPage:
        async with self._question() as sql:
            which = asked_for(sql.layout, view.filter)
            found = await entries_of(sql, which, view.cursor, size=size)
            missing = sql.layout.missing
        counted = found.counted
        return DlqPage(
            found.entries,
            view.filter,
            total=None if counted is None else min(counted, COUNTED),
            is_more=counted is not None and counted > COUNTED,
            newer=found.newer,
            older=found.older,
            missing=missing,
        )

    async def matching(self, search: DlqFilter, *, limit: int, longest: int) -> list[DlqEntry]:
        async with self._question() as sql:
            which = asked_for(sql.layout, search)
            rows = await sql.all("list_with_payloads", which, limit=limit, longest=longest)
        return [entry_from_row(row) for row in rows]

    async def most_severe_since(self, since: datetime, *, after: Cursor | None, limit: int) -> list[DlqEntry]:
        async with self._question(within_s=WORK_S) as sql:
            which = self._most_severe(sql.layout) | {"since": {"since": since}}
            which |= {} if after is None else beside(after)
            rows = await sql.all("list_newer_failures", which, limit=limit)
        return [entry_from_row(row) for row in rows]

    async def most_severe(self, *, limit: int) -> MostSevere:
        async with self._question() as sql:
            which = self._most_severe(sql.layout)
            rows = await sql.all("list_failures", which, limit=limit + 1)
            missing = sql.layout.missing
        return MostSevere(tuple(map(entry_from_row, rows[:limit])), len(rows) > limit, missing)

    async def http_statuses(self, *, hours: int) -> StatusCounts:
        async with self._question() as sql:
            which = since(DlqFilter(hours=hours))
            rows = await sql.all("count_http_statuses", which, at_most=COUNTED_BY_STATUS + 1)
            missing = sql.layout.missing
        counts = tuple(StatusCount(row["http_status"], row["n"]) for row in rows)
        is_cut = sum(each.count for each in counts) > COUNTED_BY_STATUS
        return StatusCounts(counts, hours, is_cut, missing)

    async def export(
        self, search: DlqFilter, *, after: Cursor | None, size: int, longest: int
    ) -> list[DlqEntry]:
        async with self._question(within_s=WORK_S) as sql:
            which = asked_for(sql.layout, search) | ({} if after is None else beside(after))
            rows = await sql.all("export_failures", which, limit=size, longest=longest)
            others = [one.name for one in sql.layout.others]
        return [entry_from_row(row, others) for row in rows]

    async def entry(self, entry_id: str) -> DlqEntry:
        async with self._question() as sql:
            key = sql.layout.key(entry_id)
            rows = [] if key is None else await sql.all("failure", entry_id=key)
            others = [one.name for one in sql.layout.others]
        if not rows:
            raise UserError("dlq_entry_not_found", entry=entry_id)
        return entry_from_row(rows[0], others)

    async def named(self, typed: str, *, hours: int) -> list[str]:
        async with self._question() as sql:
            key = sql.layout.key(typed)
            if key is not None and await sql.all("failure_exists", entry_id=key):
                return [key]
            return [entry.id for entry in await ending_in(sql, typed, hours=hours, limit=2)]

    async def ending_in(self, typed: str, *, hours: int, limit: int) -> list[DlqEntry]:
        async with self._question() as sql:
            return await ending_in(sql, typed, hours=hours, limit=limit)

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        async with self._question(within_s=WORK_S) as sql:
            rows = await sql.all(
                "count_failures_by_channel",
                start=start,
                end=end,
                most_severe=self._table.most_severe,
                failed=self._table.failed,
                drill_mark=DLQ_MARK,
            )
            is_answer_known = DlqColumn.HTTP_STATUS in sql.layout.columns
        return DlqCounts(
            total=sum(row["total"] for row in rows),
            by_channel=_most_first(rows, "channel"),
            p0_failed=sum(row["most_severe"] for row in rows),
            p0_emailed=sum(row["emailed"] for row in rows),
            by_status=_most_first(rows, "status"),
            answers=_answers(rows) if is_answer_known else {},
        )

    async def record(self, failure: NewFailure) -> None:
        async with self._question(readonly=False, within_s=WORK_S) as sql:
            if (refusal := sql.layout.unrecorded) is not None:
                log.warning("dlq.not_recorded", table=str(self._table), reason=refusal.value)
                return
            try:
                values = self._values(failure, sql.layout)
                if not await sql.all("record_failure", None, **values) and sql.layout.may_change:
                    await sql.all("renew_failure", None, **values)
            except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as refused:
                log.warning("dlq.not_recorded", table=str(self._table), reason=type(refused).__name__)

    async def redact(self, ids: Sequence[UUID], *, title: str | None) -> None:
        async with self._question(readonly=False, within_s=WORK_S) as sql:
            if sql.layout.may_change:
                keys = [sql.layout.own(one) for one in ids]
                await sql.all("redact_failures", ids=keys, title=title)

    async def report(self) -> TableReport:
        self._queries = None
        try:
            async with self._question() as sql:
                return replace(sql.layout.report(), indexes=suggested(sql.layout))
        except DlqMisfit as misfit:
            return misfit.report

    def _most_severe(self, layout: Layout) -> Conditions:
        """Return the conditions for failures of the highest severity that were given up."""
        which = equal(layout, DlqColumn.SEVERITY, self._table.most_severe)
        if DlqColumn.STATUS in layout.columns:
            which |= equal(layout, DlqColumn.STATUS, self._table.failed)
        return which | {"dated": {}}

    def _values(self, failure: NewFailure, layout: Layout) -> Mapping[str, object]:
        """Return the columns of a failure of ours, as text where they are cast."""
        severity = failure.severity
        return {
            "id": layout.own(failure.id),
            "attempted_at": failure.attempted_at,
            "channel": failure.channel,
            "severity": severity if severity and layout.admits(DlqColumn.SEVERITY, severity) else None,
            "title": failure.title,
            "http_status": None if failure.http_status is None else str(failure.http_status),
            "retry_count": str(failure.retry_count),
            "error_message": failure.error_message,
            "status": self._table.failed if layout.admits(DlqColumn.STATUS, self._table.failed) else None,
            "fallback_email_sent": str(failure.fallback_email_sent).lower(),
            "payload": json.dumps(storable_json(failure.payload), ensure_ascii=False),
        }

    @asynccontextmanager
    async def _question(
        self, *, readonly: bool = True, within_s: float | None = None
    ) -> AsyncIterator[DlqSql]:
        """Open a transaction that is limited in time, all that works behind a pooler in transaction mode."""
        within_s = self._answer_s if within_s is None else within_s
        with self._errors():
            async with asyncio.timeout(within_s), borrow(self._pool) as connection:
                with _leaving(connection):
                    async with transaction(connection, readonly=readonly, within_s=within_s) as opened:
                        yield DlqSql(opened, await self._known(opened))

    async def _known(self, opened: DlqTransaction) -> DlqQueries:
        """Return the queries for the table's shape, as it was a moment ago or is now."""
        now_s = time.monotonic()
        if self._queries is None or now_s - self._learned_s > _BELIEVED_S:
            named = {"schema": self._table.schema, "name": self._table.name}
            columns = await run(opened, table_query("dlq_columns"), named)
            indexes = await run(opened, table_query("dlq_indexes"), named)
            self._queries, self._learned_s = DlqQueries(Layout.of(self._table, columns, indexes)), now_s
        return self._queries

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of a DLQ that is away, or not as the policy describes it, into DlqUnavailable."""
        try:
            with storage_errors():
                yield
        except DlqUnavailable:
            raise
        except (StorageUnavailable, TimeoutError) as error:
            self._queries = None  # perhaps its owner has changed it
            kind = DlqChanged if isinstance(error, StorageBroken) else DlqUnavailable
            raise kind(f"the DLQ: {str(error) or type(error).__name__}") from error


def _most_first(rows: Sequence[Row], column: str) -> tuple[tuple[str, int], ...]:
    """Add up the totals of *rows* by a column, the most first, then by name."""
    totals: dict[str, int] = {}
    for row in rows:
        name = row[column].removeprefix("#")  # some programs store a channel with it
        totals[name] = totals.get(name, 0) + row["total"]
    return tuple(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))


def _answers(rows: Sequence[Row]) -> dict[str, tuple[StatusCount, ...]]:
    """Add up the totals of *rows* by HTTP status for each channel, the most first; no answer comes last."""
    totals: dict[str, dict[int | None, int]] = {}
    for row in rows:
        counts = totals.setdefault(row["channel"], {})
        counts[row["http_status"]] = counts.get(row["http_status"], 0) + row["total"]
    return {
        channel: tuple(
            StatusCount(status, count)
            for status, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0] is None, pair[0]))
        )
        for channel, counts in totals.items()
    }


@contextmanager
def _leaving(connection: asyncpg.Connection) -> Iterator[None]:
    """Drop a connection that does not answer in time: its ROLLBACK would wait as long again.

    The server ends the statement by its own limit.
    """
    try:
        yield
    except asyncio.CancelledError:
        connection.terminate()
        raise
