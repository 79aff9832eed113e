"""The queries of `dlq.sql` for one layout, with its table and columns in place of what the file leaves open.

A filter asks for parts of them. Every name comes from the policy or the catalogue and is quoted.
Nothing that people type becomes SQL.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Final, TypeAlias

from bot.domain.dlq import NO_ANSWER, PAYLOAD_LIMIT, Cursor, DlqColumn, DlqFilter
from bot.domain.text import storable_json
from bot.storage.database.errors import storage_errors
from bot.storage.database.sql import Connection, Query, Row, composed
from bot.storage.dlq.layout import CHANGED, EXTRA_LENGTH, Layout, TableColumn, quoted

#: The condition of a text search, which no index can serve alone.
TEXT: Final = "with_text"

#: The conditions of a page's place in its list: the number of the list is that of the whole.
PLACES: Final = frozenset({"older_than", "newer_than"})

#: The condition that a failure is of a channel. It is used in place of the table: two names may fulfil it.
OF_CHANNEL: Final = "of_channel"

Conditions = dict[str, Mapping[str, object]]

#: The condition of a query that has none, and one that no failure fulfils.
_ALL: Final = "true"

_NONE: Final = "false"

#: The table in each query: `ORDER BY` takes a name alone for that of a column of the result.
_ALIAS: Final = "lost"

#: Where a text is looked for.
_SEARCHED: Final = (DlqColumn.TITLE, DlqColumn.ERROR_MESSAGE)

#: A moment as a column without a time zone has it: servers write UTC.
_UTC: Final = "AT TIME ZONE 'UTC'"

#: The orders of a list, each with a part of the file that stands for the table.
_ORDERS: Final = ("newest", "oldest")

_Read: TypeAlias = Callable[[str, TableColumn], str]

#: The parts that `_parts` fills.
_LEFT_OPEN: Final = (
    *(
        "table",
        "relation",
        *_ORDERS,
        "columns",
        "conditions",
        "whole",
        "searched",
        "extra",
        "written",
        "values",
        "changes",
        "redactions",
        "moment",
    ),
    *(f"{column}{ending}" for column in DlqColumn for ending in ("", "_column", "_type")),
)


def asked_for(layout: Layout, search: DlqFilter) -> Conditions:
    """Return the filter's conditions; one that matches nothing if the table lacks the column."""
    found = since(search)
    for column, value in ((DlqColumn.SEVERITY, search.severity), (DlqColumn.STATUS, search.status)):
        if value is not None:
            found |= equal(layout, column, value)
    if search.channel is not None:
        found |= _of_channel(layout, search.channel)
    if search.http_status is not None:
        found |= _answered(layout, search.http_status)
    if search.text is not None:
        found[TEXT] = {"pattern": f"%{literally(search.text)}%"}
    return found


def since(search: DlqFilter) -> Conditions:
    """Return the conditions of a filter's period."""
    conditions: Conditions = {}
    if search.since is None:
        conditions["lately"] = {"within": timedelta(hours=search.hours)}
    else:
        conditions["since"] = {"since": search.since}
    if search.until is not None:
        conditions["before"] = {"until": search.until}
    return conditions


def equal(layout: Layout, column: DlqColumn, value: str) -> Conditions:
    """Return the condition that *column* has *value*."""
    return {f"of_{column}": {column.value: value}} if layout.admits(column, value) else {"nothing": {}}


def beside(cursor: Cursor) -> Conditions:
    """Return the condition for what follows a place in the list, in the direction of the page."""
    place = {"place_at": cursor.at, "place_id": cursor.id}
    return {"newer_than" if cursor.is_newer else "older_than": place}


def _of_channel(layout: Layout, channel: str) -> Conditions:
    """Return the condition for a channel, stored with a "#" or without. None: it cannot hold that."""
    names = {"channel": channel, "marked_channel": f"#{channel}"}
    given = {key: name if layout.admits(DlqColumn.CHANNEL, name) else None for key, name in names.items()}
    return {OF_CHANNEL: given} if any(given.values()) else {"nothing": {}}


def _answered(layout: Layout, http_status: int) -> Conditions:
    if DlqColumn.HTTP_STATUS not in layout.columns:
        return {"nothing": {}}
    if http_status == NO_ANSWER:
        return {"unanswered": {}}
    return {"of_http_status": {"http_status": str(http_status)}}


def literally(text: str) -> str:
    """Return *text* as a pattern in which no sign has a meaning."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _text(name: str, _found: TableColumn) -> str:
    return f"{name}::text"


def _number(name: str, column: TableColumn) -> str:
    if column.base in {"int2", "int4"}:
        return f"{name}::integer"
    return f"CASE WHEN {name}::text ~ '^[0-9]{{1,9}}$' THEN {name}::text::integer END"


def _flag(name: str, column: TableColumn) -> str:
    if column.base == "bool":
        return name
    return f"lower({name}::text) IN ('t', 'true', 'y', 'yes', '1')"


def _moment(name: str, column: TableColumn) -> str:
    aware = name if column.base == "timestamptz" else f"({name} {_UTC})"
    return f"coalesce({aware}, to_timestamp(0))"


def _payload(name: str, _found: TableColumn) -> str:
    return f"left({name}::text, {PAYLOAD_LIMIT + 1})"


#: How a column is read, with the type that it has then.
_READ: Final[Mapping[DlqColumn, tuple[_Read, str]]] = {
    DlqColumn.ID: (_text, "text"),
    DlqColumn.ATTEMPTED_AT: (_moment, "timestamptz"),
    DlqColumn.CHANNEL: (_text, "text"),
    DlqColumn.SEVERITY: (_text, "text"),
    DlqColumn.TITLE: (_text, "text"),
    DlqColumn.HTTP_STATUS: (_number, "integer"),
    DlqColumn.RETRY_COUNT: (_number, "integer"),
    DlqColumn.ERROR_MESSAGE: (_text, "text"),
    DlqColumn.STATUS: (_text, "text"),
    DlqColumn.FALLBACK_EMAIL_SENT: (_flag, "boolean"),
    DlqColumn.PAYLOAD: (_payload, "text"),
}


def _of(column: TableColumn) -> str:
    return f"{_ALIAS}.{quoted(column.name)}"


def _all_of(conditions: Iterable[str]) -> str:
    return " AND ".join(f"{{{condition}}}" for condition in conditions) or _ALL


class DlqQueries:
    """The queries for one layout, composed when first asked."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._parts = dict(_parts(layout))
        self._made: dict[tuple[str, tuple[str, ...]], Query] = {}

    def query(self, name: str, conditions: Iterable[str] = ()) -> Query:
        """Return a query of the file, whose rows fulfil all *conditions*, parts of the file."""
        key = (name, tuple(sorted(conditions)))
        if key not in self._made:
            narrowing = [condition for condition in key[1] if condition != OF_CHANNEL]
            whole = [condition for condition in narrowing if condition not in PLACES]
            where = {"conditions": _all_of(narrowing), "whole": _all_of(whole)}
            is_of_channel = OF_CHANNEL in key[1]
            # What a list is read from, in each of its orders.
            source = {order: f"{{{order}_of_channel}}" if is_of_channel else "{table}" for order in _ORDERS}
            self._made[key] = composed([_file()], self._parts | where | source, only=[name])[name]
        return self._made[key]


async def run(connection: Connection, query: Query, given: Mapping[str, object]) -> list[Row]:
    """Run *query*; text is cleaned of what PostgreSQL refuses. Raises StorageUnavailable."""
    with storage_errors():
        return await connection.fetch(query.text, *map(storable_json, query.arguments(given)))


@cache
def table_query(name: str) -> Query:
    """Return a query of the file that names no column of the table."""
    return composed([_file()], dict.fromkeys(_LEFT_OPEN, "NULL"), only=[name])[name]


@cache
def _file() -> str:
    return (resources.files("bot.storage.dlq") / "dlq.sql").read_text(encoding="utf-8")


def _parts(layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield the SQL for each part that the file leaves open."""
    relation = f"{quoted(layout.table.schema)}.{quoted(layout.table.name)}"
    yield "relation", relation
    yield "table", f"{relation} AS {_ALIAS}"
    yield "moment", _UTC if layout.columns[DlqColumn.ATTEMPTED_AT].base == "timestamp" else ""
    yield "columns", ", ".join(_of(one) for one in (*layout.columns.values(), *layout.others))
    extra = [f"left({_of(one)}::text, {EXTRA_LENGTH})" for one in layout.others]
    yield "extra", f"ARRAY[{', '.join(extra)}]::text[]"
    texts = [layout.columns[one] for one in _SEARCHED if one in layout.columns]
    yield "searched", " OR ".join(f"{_of(one)}::text ILIKE :pattern" for one in texts) or _NONE
    for column in DlqColumn:
        yield from _column_parts(column, layout.columns.get(column))
    yield from _writing_parts(layout)


def _column_parts(column: DlqColumn, actual: TableColumn | None) -> Iterator[tuple[str, str]]:
    read, type_ = _READ[column]
    yield column.value, f"NULL::{type_}" if actual is None else read(_of(actual), actual)
    yield f"{column}_column", "NULL" if actual is None else _of(actual)
    yield f"{column}_type", "text" if actual is None else actual.type


def _writing_parts(layout: Layout) -> Iterator[tuple[str, str]]:
    yield "written", ", ".join(quoted(actual.name) for actual in layout.columns.values())
    yield "values", ", ".join(_value(column, actual) for column, actual in layout.columns.items())
    changed = {column: actual for column, actual in layout.columns.items() if column in CHANGED}
    yield "changes", ", ".join(f"{quoted(one.name)} = {_value(name, one)}" for name, one in changed.items())
    emptied = {column: actual for column, actual in changed.items() if column in _REDACTED}
    yield "redactions", ", ".join(_REDACTED[column](actual) for column, actual in emptied.items())


def _value(column: DlqColumn, actual: TableColumn) -> str:
    """Return the value for a *column* in its own type, which cuts a text to its length."""
    if column is DlqColumn.ATTEMPTED_AT:
        return f":attempted_at::timestamptz {_UTC if actual.base == 'timestamp' else ''}".rstrip()
    return f"CAST(:{column}::text AS {actual.type})"


def _retitled(column: TableColumn) -> str:
    name = quoted(column.name)
    return f"{name} = coalesce(CAST(:title::text AS {column.type}), {_of(column)})"


#: How a failure loses its words.
_REDACTED: Final[Mapping[DlqColumn, Callable[[TableColumn], str]]] = {
    DlqColumn.TITLE: _retitled,
    DlqColumn.PAYLOAD: lambda found: f"{quoted(found.name)} = '{{}}'",
}
