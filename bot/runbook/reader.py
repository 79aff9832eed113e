"""Reading a TOML table key by key, and writing down every problem instead of stopping at the first."""

import json
import re
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from enum import Enum
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_SHOWN = 60  # characters of a wrong value in an error line


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """The rule for a value.

    Attributes:
        what: "a duration", for `"15x" is not a duration`.
        allowed: What would do, with an example.
        read: Makes the value of what TOML gave; raises ValueError or TypeError when it is not *what*.
        stand_in: A right value, so that reading goes on after a wrong one and finds the next problem.
    """

    what: str
    allowed: str
    read: Callable[[object], T]
    stand_in: T


class Table:
    """One table of the file, with its dotted name and the common list of problems.

    Every key that is asked for counts as known; `close` reports the others.
    """

    def __init__(self, values: Mapping[str, object], *, at: str, problems: list[str]) -> None:
        self._values = values
        self._problems = problems
        self._known: list[str] = []
        self.at = at

    def where(self, key: str) -> str:
        """The dotted name of a key in this table; of the table itself for an empty key."""
        name = (
            key if key.isprintable() and not looks_secret(key) else shown(key)
        )  # a line break in a key must not break the line
        return f"{self.at}.{name}".strip(".")

    def problem(self, key: str, said: str) -> None:
        """Write down that something is wrong with a key, or, for an empty key, with the table itself."""
        self._problems.append(f"{self.where(key)}: {said}")

    def has(self, key: str, *below: str) -> bool:
        """Whether the file gives that key, or the one that *below* leads to in its tables."""
        found: object = self._values
        for name in (key, *below):
            if not isinstance(found, Mapping) or name not in found:
                return False
            found = found[name]
        return True

    def is_string(self, key: str) -> bool:
        """Whether the file gives a string there."""
        return isinstance(self._values.get(key), str)

    def is_list(self, key: str) -> bool:
        """Whether the file gives a list there."""
        return isinstance(self._values.get(key), list)

    def is_table(self, key: str) -> bool:
        """Whether the file gives a table there."""
        return isinstance(self._values.get(key), dict)

    def take(self, key: str, rule: Rule[T], default: T | _Required = REQUIRED) -> T:
        """The value of *key*; the default when it is absent; the rule's stand-in after a problem."""
        self._known.append(key)
        if key in self._values:
            return self._read(key, self._values[key], rule)
        if isinstance(default, _Required):
            self.problem(key, f"is missing; allowed: {rule.allowed}")
            return rule.stand_in
        return default

    def maybe(self, key: str, rule: Rule[T]) -> T | None:
        """The value of *key*, or None when it is absent."""
        self._known.append(key)
        return self.take(key, rule) if self.has(key) else None

    def each(self, key: str, rule: Rule[T], default: tuple[T, ...]) -> tuple[T, ...]:
        """The values of a list, each by *rule*; the default when it is absent or no list."""
        self._known.append(key)
        values = self._values.get(key)
        if isinstance(values, list):
            return tuple(self._read(f"{key}[{n}]", value, rule) for n, value in enumerate(values, 1))
        if key in self._values:
            self.problem(key, f"{shown(values)} is not a list; allowed: a list, each {rule.allowed}")
        return default

    def table(self, key: str, *, required: bool = False) -> "Table":
        """The sub-table of that name; an empty one when it is absent and not required."""
        self._known.append(key)
        value = self._values.get(key, {})
        if isinstance(value, dict) and (value or not required):
            return Table(value, at=self.where(key), problems=self._problems)
        said = f"{shown(value)} is not a table" if self.has(key) and value != {} else "is missing"
        self.problem(key, f"{said}; allowed: a table, [{self.where(key)}]")
        return Table({}, at=self.where(key), problems=[])  # its own keys are not worth a line each

    def tables(self, key: str) -> list["Table"]:
        """The tables of an array of tables; none when it is absent."""
        self._known.append(key)
        values = self._values.get(key, [])
        if isinstance(values, list) and all(isinstance(value, dict) for value in values):
            named = ((f"{self.where(key)}[{n}]", value) for n, value in enumerate(values, 1))
            return [Table(value, at=at, problems=self._problems) for at, value in named]
        self.problem(key, f"{shown(values)} is not a list of tables; allowed: [[{self.where(key)}]]")
        return []

    def names(self, rule: Rule[str]) -> tuple[str, ...]:
        """The keys of a table whose keys are names that the team chose, the wrong ones too."""
        self._known += self._values
        for key in self._values:
            self._read(key, key, rule)
        return tuple(self._values)

    def at_most(self, most: int, found: Sized, *, key: str = "") -> None:
        """Report that there are more than *most* of something."""
        if len(found) > most:
            self.problem(key, f"has {len(found)} entries; allowed: at most {most}")

    def close(self) -> None:
        """Report the keys that were never read as unknown."""
        known = list(dict.fromkeys(self._known))
        for key in self._values:
            if key not in known:
                close = get_close_matches(key, known, n=1)
                hint = f'did you mean "{close[0]}"? ' if close else ""
                self.problem(key, f"is not a key here; {hint}allowed: {', '.join(known)}")

    def _read(self, key: str, value: object, rule: Rule[T]) -> T:
        try:
            return rule.read(value)
        except (TypeError, ValueError):
            self.problem(key, f"{shown(value)} is not {rule.what}; allowed: {rule.allowed}")
            return rule.stand_in


#: What people paste by mistake: a bot's token, of three parts; an address with a password; one of a webhook.
_SECRET: Final = re.compile(
    r"[\w-]{24,}\.[\w-]+\.[\w-]+|\w://[^\s/?#]*@|/webhooks/[0-9]+/[\w-]+", re.ASCII | re.IGNORECASE
)


def looks_secret(text: str) -> bool:
    """Return True if *text* contains what looks like a secret, which must not appear in a log."""
    return _SECRET.search(text) is not None


def shown(value: object) -> str:
    """Return a value as an error line quotes it: like TOML, on one line, at most some 60 characters.

    A value that looks like a secret is left out: the line goes to terminals and to the logs of a CI.
    """
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str)
    if looks_secret(text):
        return "(a value that looks like a secret)"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
