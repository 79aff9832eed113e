"""The shape of the table as the database describes it: which of our columns and indexes it has.

On a table that is not the bot's, indexes that the console's pages need are only named.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from bot.domain.dlq import (
    REQUIRED,
    DlqColumn,
    DlqMisfit,
    DlqTable,
    Misfit,
    TableReport,
    Unrecorded,
    number_for,
)
from bot.domain.text import half_width, storable
from bot.storage.database.sql import Row
from bot.storage.rows import from_row

#: Extra columns that an entry shows at most, and characters of each.
EXTRA_COLUMNS: Final = 12
EXTRA_LENGTH: Final = 300

#: What changes in a failure of ours: the email has gone out since, or the incident has become private.
CHANGED: Final = (DlqColumn.TITLE, DlqColumn.FALLBACK_EMAIL_SENT, DlqColumn.PAYLOAD)

#: Types of an id, by the bits of a number.
_BITS: Final = {"int8": 64, "int4": 32, "int2": 16}
_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_IDS: Final = frozenset({"uuid", *_BITS, *_TEXTS})
_MOMENTS: Final = frozenset({"timestamptz", "timestamp"})
_NUMBER: Final = re.compile(r"-?\d{1,19}", re.ASCII)
_ID_LIMIT: Final = 1_000

#: The columns that a filter narrows a list by: the list's order follows in the same index.
_NARROWING: Final = (DlqColumn.SEVERITY, DlqColumn.CHANNEL, DlqColumn.STATUS, DlqColumn.HTTP_STATUS)

#: Operator classes by which a btree finds a text by its beginning.
_BY_BEGINNING: Final = frozenset({"text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops"})

#: From how many rows on looking through the texts of a period is slow.
_MANY: Final = 100_000

_SEARCHED: Final = (DlqColumn.TITLE, DlqColumn.ERROR_MESSAGE)


def quoted(name: str) -> str:
    """Return *name* as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as the query `dlq_columns` returns it.

    Attributes:
        base: The name of its type, of a domain the type below it.
        type: The type as SQL writes it, with its length.
        labels: The values of an enum.
        is_required: It may not be null, and has no default.
        is_computed: The database alone fills it.
    """

    name: str
    base: str
    type: str
    labels: Sequence[str] | None
    is_required: bool
    is_computed: bool
    may_read: bool
    may_insert: bool
    may_update: bool


@dataclass(frozen=True, slots=True)
class Index:
    """A usable index of the table, as the query `dlq_indexes` returns it.

    Attributes:
        keys: Columns and expressions, as PostgreSQL writes them.
        descending: Of each key.
        classes: The operator class of each key.
    """

    method: str
    keys: Sequence[str]
    descending: Sequence[bool]
    classes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """The table's columns by our names.

    Attributes:
        columns: The ones that are there and may be read.
        others: The readable columns that the policy does not name, in the table's order.
        unknown_required: The bot would have to fill a column that it does not know.
        is_writable: The relation takes new rows.
        is_view: It has no indexes of its own.
        rows: How many there are, by PostgreSQL's estimate.
        has_trigrams: The database has the extension that indexes parts of texts.
    """

    table: DlqTable
    columns: Mapping[DlqColumn, TableColumn]
    others: tuple[TableColumn, ...]
    unknown_required: bool
    is_writable: bool
    indexes: tuple[Index, ...]
    is_view: bool
    rows: float
    has_trigrams: bool

    @classmethod
    def of(cls, table: DlqTable, rows: Sequence[Row], indexes: Sequence[Row]) -> "Layout":
        """Return the layout of the rows of `dlq_columns` and `dlq_indexes`.

        Raises:
            DlqMisfit: without it no entry can be named or put in order.
        """
        if not rows:
            raise DlqMisfit(TableReport(str(table), Misfit.NO_TABLE))
        found = {one.name: one for one in (from_row(TableColumn, row) for row in rows)}
        ours = {column: named for column in DlqColumn if (named := table.named(column)) is not None}
        columns = {column: found[name] for column, name in ours.items() if name in found}
        _require(table, columns)
        unknown = [one for name, one in found.items() if name not in ours.values()]
        return cls(
            table,
            {column: one for column, one in columns.items() if one.may_read},
            tuple(one for one in unknown if one.may_read)[:EXTRA_COLUMNS],
            unknown_required=any(one.is_required and not one.is_computed for one in unknown),
            is_writable=rows[0]["is_insertable"],
            indexes=tuple(from_row(Index, row) for row in indexes),
            is_view=rows[0]["is_view"],
            rows=rows[0]["rows"],
            has_trigrams=rows[0]["has_trigrams"],
        )

    @property
    def missing(self) -> frozenset[DlqColumn]:
        """Return the columns that an entry cannot show."""
        return frozenset(DlqColumn) - self.columns.keys()

    @property
    def unrecorded(self) -> Unrecorded | None:
        """Return why the bot cannot write its own failures; None if it can."""
        written = self.columns.values()
        key = self.columns[DlqColumn.ID]
        if not self.is_writable or not all(one.may_insert for one in written):
            return Unrecorded.READ_ONLY
        if self.unknown_required:
            return Unrecorded.REQUIRED_COLUMN
        if key.base == "int2":
            return Unrecorded.ID_TYPE
        return Unrecorded.GENERATED if any(one.is_computed for one in written) else None

    @property
    def may_change(self) -> bool:
        """Return True if the bot may change the text of its own failures, as far as there is any."""
        texts = [self.columns[one] for one in CHANGED if one in self.columns]
        return bool(texts) and all(one.may_update for one in texts)

    def report(self) -> TableReport:
        """Return what `doctor` says about the table; a column that the policy gives up is not missing."""
        expected = [column for column in DlqColumn if self.table.named(column) is not None]
        missing = tuple(column for column in expected if column not in self.columns)
        return TableReport(str(self.table), missing=missing, unrecorded=self.unrecorded)

    def key(self, text: str) -> str | None:
        """Return *text* as an id of this table; None if no entry can have it."""
        base, plain = self.columns[DlqColumn.ID].base, half_width(text)
        if base == "uuid":
            return _uuid(plain)
        if base in _BITS:
            is_number = _NUMBER.fullmatch(plain) is not None
            return str(int(plain)) if is_number and -1 <= int(plain) >> (_BITS[base] - 1) <= 0 else None
        return text if 0 < len(text) <= _ID_LIMIT and storable(text) == text else None

    def ending(self, text: str) -> str:
        """Return *text* as the end of an id: a uuid is written in small letters."""
        base = self.columns[DlqColumn.ID].base
        plain = half_width(text) if base == "uuid" or base in _BITS else text
        return plain.lower() if base == "uuid" else plain

    def own(self, failure: UUID) -> str:
        """Return the id that a *failure* of ours has in this table."""
        bits = _BITS.get(self.columns[DlqColumn.ID].base)
        return str(failure) if bits is None else str(number_for(failure, bits=bits))

    def admits(self, column: DlqColumn, value: str) -> bool:
        """Return True if *column* can hold *value*: an enum has its labels only."""
        found = self.columns.get(column)
        return found is not None and (found.labels is None or value in found.labels)


def _require(table: DlqTable, columns: Mapping[DlqColumn, TableColumn]) -> None:
    """Raise DlqMisfit if the id or the moment is not there, cannot be read, or is of a type without order."""
    named = {column: table.named(column) or column.value for column in REQUIRED}
    absent = tuple(name for column, name in named.items() if column not in columns)
    if absent:
        raise DlqMisfit(TableReport(str(table), Misfit.NO_COLUMN, absent))
    hidden = tuple(name for column, name in named.items() if not columns[column].may_read)
    if hidden:
        raise DlqMisfit(TableReport(str(table), Misfit.NO_PERMISSION, hidden))
    allowed = {DlqColumn.ID: _IDS, DlqColumn.ATTEMPTED_AT: _MOMENTS}
    wrong = tuple(name for column, name in named.items() if columns[column].base not in allowed[column])
    if wrong:
        raise DlqMisfit(TableReport(str(table), Misfit.WRONG_TYPE, wrong))


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


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
    texts = [layout.columns[one].name for one in _SEARCHED if one in layout.columns]
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
