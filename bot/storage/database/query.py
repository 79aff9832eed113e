"""Queries with named parameters and parts, in the form that PostgreSQL takes."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

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
        return frozenset(_identifiers(self.text))

    def arguments(self, given: Mapping[str, object], source: object = None) -> list[object]:
        """Return the values of *given*, or the attributes of *source*, in the order of the positions.

        Raises:
            TypeError: A parameter has no value, or a value has no parameter.
        """
        taken = {name: getattr(source, name) for name in self.positions if hasattr(source, name)}
        found: Mapping[str, object] = {**taken, **given}
        if found.keys() != self.positions.keys():
            raise TypeError(f"the query {self.name} {self._difference(found)}")
        return [found[parameter] for parameter in self.positions]

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
    parts = {name: _bare(text) for name, text in texts.items()} | dict(given or {})

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


def _bare(text: str) -> str:
    """Return a statement without its description and its semicolon."""
    return _DESCRIPTION.sub("", text, count=1).rstrip(";")


def _identifiers(text: str) -> Iterator[str]:
    """Find the words of *text* outside of comments, quoted text and parameters."""
    return (token["name"].strip('"').lower() for token in _TOKEN.finditer(text) if token["name"])
