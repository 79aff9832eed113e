"""Pages of failures by their place in the list, and the ends of ids that people type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.dlq import COUNTED, SHORTEST, Cursor, DlqEntry, DlqFilter
from bot.storage.database.sql import Row
from bot.storage.dlq.conditions import PLACES, TEXT, Conditions, beside, literally, since
from bot.storage.dlq.entries import entry_from_row
from bot.storage.dlq.indexes import finds_endings
from bot.storage.dlq.transactions import DlqSql

#: How long counting may take, seconds: a page without a number is better than none.
_COUNT_S: Final = 0.4

_WITH_COUNT: Final = {
    "list_failures": "list_failures_with_count",
    "list_newer_failures": "list_newer_failures_with_count",
}

#: Among how many failures an id is looked for by its end where no index helps.
_SEARCHED: Final = 10_000


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
