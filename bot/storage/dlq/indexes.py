"""The indexes that the console's pages need. On a table that is not the bot's they are only named."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.domain.dlq import DlqColumn
from bot.storage.dlq.layout import Index, Layout, quoted

#: The columns that a filter narrows a list by: the list's order follows in the same index.
_NARROWING: Final = (DlqColumn.SEVERITY, DlqColumn.CHANNEL, DlqColumn.STATUS, DlqColumn.HTTP_STATUS)

#: Operator classes by which a btree finds a text by its beginning.
_BY_BEGINNING: Final = frozenset({"text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops"})

#: From how many rows on looking through the texts of a period is slow.
_MANY: Final = 100_000

_TEXTS: Final = (DlqColumn.TITLE, DlqColumn.ERROR_MESSAGE)


def suggested(layout: Layout) -> tuple[str, ...]:
    """Return the statements that make the missing indexes; none for a view, whose tables are not known."""
    return () if layout.is_view else tuple(_missing(layout))


def finds_endings(layout: Layout) -> bool:
    """Return True if an index finds an id by its last characters."""
    name = layout.columns[DlqColumn.ID].name
    return any(
        index.method == "btree" and _is_backwards(index.keys[0], name) and index.classes[0] in _BY_BEGINNING
        for index in layout.indexes
    )


def _missing(layout: Layout) -> Iterator[str]:
    moment, key = (quoted(layout.columns[one].name) for one in (DlqColumn.ATTEMPTED_AT, DlqColumn.ID))
    order = f"{moment} DESC, {key} DESC"
    if not _lists(layout, []):
        yield _statement(layout, f"({order})")
    for column in _NARROWING:
        found = layout.columns.get(column)
        if found is not None and not _lists(layout, [found.name]):
            yield _statement(layout, f"({quoted(found.name)}, {order})")
    if not finds_endings(layout):
        yield _statement(layout, f"(reverse({key}::text) text_pattern_ops)")
    texts = [layout.columns[one].name for one in _TEXTS if one in layout.columns]
    if texts and layout.rows >= _MANY and not _searches(layout, texts):
        if not layout.has_trigrams:
            yield "CREATE EXTENSION pg_trgm;"
        yield _statement(layout, f"USING gin ({', '.join(f'{quoted(one)} gin_trgm_ops' for one in texts)})")


def _statement(layout: Layout, rest: str) -> str:
    relation = f"{quoted(layout.table.schema)}.{quoted(layout.table.name)}"
    return f"CREATE INDEX CONCURRENTLY ON {relation} {rest};"


def _lists(layout: Layout, narrowed: Sequence[str]) -> bool:
    """Return True if an index has the *narrowed* columns, then the order of a list in either direction."""
    order = [layout.columns[one].name for one in (DlqColumn.ATTEMPTED_AT, DlqColumn.ID)]
    return any(_begins(index, narrowed, order) for index in layout.indexes)


def _begins(index: Index, narrowed: Sequence[str], order: Sequence[str]) -> bool:
    first, last = len(narrowed), len(narrowed) + len(order)
    wanted = [*narrowed, *order]
    is_one_way = len(set(index.descending[first:last])) == 1
    return index.method == "btree" and is_one_way and list(map(_bare, index.keys[:last])) == wanted


def _searches(layout: Layout, texts: Sequence[str]) -> bool:
    """Return True if trigrams of every text are indexed."""
    indexed = {
        _bare(key)
        for index in layout.indexes
        for key, kind in zip(index.keys, index.classes, strict=False)
        if kind in {"gin_trgm_ops", "gist_trgm_ops"}
    }
    return indexed.issuperset(texts)


def _is_backwards(key: str, name: str) -> bool:
    return key.startswith("reverse(") and (name in key or quoted(name) in key)


def _bare(key: str) -> str:
    """Return the column that a key of an index is, without its quotes."""
    return key[1:-1].replace('""', '"') if key.startswith('"') else key
