"""The queries of the `*.sql` files, each named and described there, called by name."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, Protocol, TypeAlias

from bot.domain.text import storable_json
from bot.storage.database.errors import storage_errors
from bot.storage.database.query import Query, composed

Row: TypeAlias = Mapping[str, Any]

_OWN: Final = re.compile(r"^-- part: own_(\w+)$", re.ASCII | re.MULTILINE)


class Connection(Protocol):
    """The part of an asyncpg connection that is used here; asyncpg has no types of its own."""

    async def fetch(self, query: str, *arguments: object) -> list[Row]: ...


@cache
def queries() -> Mapping[str, Query]:
    """Return all queries by name; raises as `composed` does."""
    texts = [file.read_text(encoding="utf-8") for file in _files()]
    return composed(texts, {"own_of_incident": _own_of_incident(texts)})


def _own_of_incident(texts: Iterable[str]) -> str:
    """Return the column ``own`` of an incident: the parts ``own_<capability>``, by the name."""
    names = [name for text in texts for name in _OWN.findall(text)]
    shown = ", ".join(f"'{name}', {{own_{name}}}" for name in names)
    return f"jsonb_build_object({shown}) AS own"


def _files() -> Iterator[Traversable]:
    """Find the files with queries, each beside the module that runs them: here, and in the capabilities."""
    here = resources.files("bot.storage")
    tables = here / "tables"
    others = (
        folder for root in (tables, resources.files("cogs")) for folder in root.iterdir() if folder.is_dir()
    )
    for folder in (here, tables, *others, here / "database", here / "queue"):
        yield from (file for file in folder.iterdir() if file.name.endswith(".sql"))


def many(rows: Sequence[Mapping[str, object]]) -> object:
    """Return *rows* as the JSON array that a query takes: as text, unless it has characters to clean.

    Under load there are thousands, and going through each string of each costs more than writing them.
    """
    text = json.dumps(rows, ensure_ascii=False)
    return text if _is_storable(text) else rows


def _is_storable(text: str) -> bool:
    """Return True if PostgreSQL takes *text*, which is JSON: it has no NUL and no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text


class Sql:
    """Runs named queries on a connection. Text is cleaned of what PostgreSQL refuses (NUL, lone surrogates).

    Each method takes the name of a query and a value for each of its parameters: by keyword, or as the
    attribute of that name of a *source*.

    Attributes:
        guild_id: The guild whose rows its user sees; None: every guild's.

    Every method raises StorageUnavailable when PostgreSQL is away or refuses to write, KeyError for an
    unknown name of a query, TypeError for a missing or unknown parameter.
    """

    def __init__(self, connection: Connection, *, guild_id: int | None = None) -> None:
        self.connection = connection
        self.guild_id = guild_id

    async def all(self, name: str, source: object = None, /, **parameters: object) -> list[Row]:
        """Run a query and return its rows."""
        query = queries()[name]
        arguments = query.arguments(parameters, source)
        with storage_errors():
            return await self.connection.fetch(query.text, *map(storable_json, arguments))

    async def has(self, name: str, source: object = None, /, **parameters: object) -> bool:
        """Run a query, and return True if a row comes back."""
        return bool(await self.all(name, source, **parameters))

    async def first(self, name: str, source: object = None, /, **parameters: object) -> Row | None:
        """Run a query that returns at most one row."""
        rows = await self.all(name, source, **parameters)
        return rows[0] if rows else None

    async def one(self, name: str, source: object = None, /, **parameters: object) -> Row:
        """Run a query that returns one row.

        Raises:
            RuntimeError: It returned none. The caller should have checked first.
        """
        row = await self.first(name, source, **parameters)
        if row is None:
            subject = next(iter(parameters.items()), None)
            raise RuntimeError(
                f"{name} found no row" + (f" for {subject[0]} {subject[1]}" if subject else "")
            )
        return row
