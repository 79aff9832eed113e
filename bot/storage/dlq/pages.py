"""Pages of failures by their place in the list, and the ends of ids that people type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.dlq.entries import SHORTEST, DlqEntry
from bot.domain.dlq.views import Cursor, DlqFilter
from bot.storage.database.sql import Row
from bot.storage.dlq.composing import DlqSql
from bot.storage.dlq.conditions import Conditions, beside, literally, since
from bot.storage.dlq.entries import entry_from_row
from bot.storage.dlq.indexes import finds_endings

#: Among how many failures an id is looked for by its end where no index helps.
_SEARCHED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entries:
    """The failures of a page, newest first, and the places where the pages beside it begin."""

    entries: tuple[DlqEntry, ...]
    newer: Cursor | None
    older: Cursor | None


async def entries_of(sql: DlqSql, which: Conditions, cursor: Cursor | None, *, size: int) -> Entries:
    """Read a page, and one failure more to know whether there is another page behind it."""
    if cursor is not None and cursor.is_newer:
        rows = await sql.all("list_newer_failures", which | beside(cursor), limit=size + 1)
        if len(rows) > size:
            return _placed([*reversed(rows[:size])], has_newer=True, has_older=True)
        cursor = None  # the beginning is reached: a full page from there
    here = which if cursor is None else which | beside(cursor)
    rows = await sql.all("list_failures", here | {"dated": {}}, limit=size + 1)
    return _placed(rows[:size], has_newer=cursor is not None, has_older=len(rows) > size)


def _placed(rows: Sequence[Row], *, has_newer: bool, has_older: bool) -> Entries:
    entries = tuple(map(entry_from_row, rows))
    if not entries:
        return Entries((), None, None)
    first, last = entries[0], entries[-1]
    newer = Cursor(first.attempted_at, first.id, is_newer=True) if has_newer else None
    return Entries(entries, newer, Cursor(last.attempted_at, last.id) if has_older else None)


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
