"""The queries of the `*.sql` files, each named and described there, called by name.

They have named parameters and parts; `composed` brings them into the form that PostgreSQL takes.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, Protocol, TypeAlias

from bot.domain.text import storable_json
from bot.storage.database.errors import storage_errors

#: What may hold a colon that begins no parameter comes first: comments, quoted text and names, `::`, `:=`.
#: A colon after a word or a bracket divides an array slice, such as `places[low:high]`.
_TOKEN: Final = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<quoted>  \b[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | \$(?P<tag>[a-zA-Z_]*)\$.*?\$(?P=tag)\$ )
    | (?P<name>    "(?:[^"]|"")*" | [a-zA-Z_]\w* )
    | (?P<cast>    :: | := )
    | (?<![\w\])]) : (?P<parameter> [a-z_]\w* )
    """,
    re.ASCII | re.VERBOSE | re.DOTALL,
)

_HEADER: Final = re.compile(r"^-- (name|part): (\w+)\n", re.ASCII | re.MULTILINE)
_DESCRIPTION: Final = re.compile(r"(?:--[^\n]*\n)+")
_PART: Final = re.compile(r"\{(\w+)\}", re.ASCII)

Row: TypeAlias = Mapping[str, Any]

_OWN: Final = re.compile(r"^-- part: own_(\w+)$", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a `*.sql` file.

    Attributes:
        name: Its name in the file.
        text: The statement with the positions `$1`, `$2`, ... in place of the names.
        positions: The position of each parameter, 1 first.
    """

    name: str
    text: str
    positions: Mapping[str, int]

    @classmethod
    def parsed(cls, name: str, text: str) -> "Query":
        """Return the query whose statement is *text*, with each `:parameter` replaced by its position.

        Positions are given in the order in which the parameters first occur, so the text is the same each
        time and PostgreSQL prepares it once.
        """
        positions: dict[str, int] = {}

        def placed(token: re.Match[str]) -> str:
            if (parameter := token["parameter"]) is None:
                return token[0]
            return f"${positions.setdefault(parameter, len(positions) + 1)}"

        numbered = _TOKEN.sub(placed, text)
        return cls(name, numbered, positions)

    def identifiers(self) -> frozenset[str]:
        """Return every word of the statement that may be the name of a table or a column.

        They are found anew each time: those of all queries would take a megabyte.
        """
        return frozenset(
            token["name"].strip('"').lower() for token in _TOKEN.finditer(self.text) if token["name"]
        )

    def arguments(self, given: Mapping[str, object], source: object = None) -> list[object]:
        """Return the values of *given*, or the attributes of *source*, in the order of the positions.

        Raises:
            TypeError: A parameter has no value, or a value has no parameter.
        """
        taken = {name: getattr(source, name) for name in self.positions if hasattr(source, name)}
        values: Mapping[str, object] = {**taken, **given}
        if values.keys() != self.positions.keys():
            raise TypeError(f"the query {self.name} {self._difference(values)}")
        return [values[parameter] for parameter in self.positions]

    def bound(self, **given: object) -> tuple[Any, ...]:
        """Return the statement and its values in their order, as a call of asyncpg takes them.

        Raises:
            TypeError: As `arguments`.
        """
        return (self.text, *self.arguments(given))

    def _difference(self, given: Mapping[str, object]) -> str:
        missing = ", ".join(parameter for parameter in self.positions if parameter not in given)
        unknown = ", ".join(name for name in given if name not in self.positions)
        found = ("needs", missing), ("has no parameter", unknown)
        return " and ".join(f"{problem} {names}" for problem, names in found if names)


def composed(
    files: Iterable[str], given: Mapping[str, str] | None = None, *, only: Collection[str] = ()
) -> dict[str, Query]:
    """Return the queries of several `*.sql` files by name.

    The part or the query of that name, from any of the files, replaces `{name}` in a statement, so that one
    round trip can do what several queries do without repeating them.

    Args:
        given: Parts that the files leave open, by name. They may name others.
        only: The names of the wanted queries; empty for all of them.

    Raises:
        ValueError: Two share a name, or one has no description.
    """
    texts, named = _read(files)
    # A statement is a part without its description and its semicolon.
    parts = {name: _DESCRIPTION.sub("", text, count=1).rstrip(";") for name, text in texts.items()}
    parts |= given or {}

    def filled(text: str) -> str:
        return _PART.sub(lambda part: filled(parts[part[1]]), text)

    return {name: Query.parsed(name, filled(texts[name])) for name in only or named}


def _read(files: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the statements of queries and parts by name, and which of them are queries."""
    texts: dict[str, str] = {}
    named: list[str] = []
    for file in files:
        _, *found = _HEADER.split(file)
        for kind, name, text in zip(found[::3], found[1::3], found[2::3], strict=True):
            if name in texts:
                raise ValueError(f"two queries are named {name}")
            if not text.startswith("-- "):
                raise ValueError(f"the query {name} does not say what it promises")
            texts[name] = text.strip()
            if kind == "name":
                named.append(name)
    return texts, named


class Connection(Protocol):
    """The part of an asyncpg connection that is used here; asyncpg has no types of its own."""

    async def fetch(self, query: str, *arguments: object) -> list[Row]: ...


@cache
def queries() -> Mapping[str, Query]:
    """Return all queries by name; raises as `composed` does."""
    return composed_all([file.read_text(encoding="utf-8") for file in _files()])


def composed_all(texts: Sequence[str]) -> dict[str, Query]:
    """Return the queries of all files by name; raises as `composed` does."""
    names = [name for text in texts for name in _OWN.findall(text)]
    shown = ", ".join(f"'{name}', {{own_{name}}}" for name in names)
    return composed(texts, {"own_of_incident": f"jsonb_build_object({shown}) AS own"})


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
