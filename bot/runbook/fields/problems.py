"""From a failed validation of a policy file to one line per problem: the key, the value, what is allowed."""

import json
import re
from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Annotated, Final, TypeAlias, get_args, get_origin, get_type_hints

from pydantic import BaseModel, RootModel, Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.runbook.fields.rules import Names, Problem, Rule

#: The type of a field, with its rules: Annotated, a class, an optional one.
_Type: TypeAlias = object

_SHOWN: Final = 60  # characters of a wrong value in an error line
_UNKNOWN: Final = frozenset({"extra_forbidden", "unexpected_keyword_argument"})


def lines(error: ValidationError, file: type[BaseModel], names: Names) -> list[str]:
    """Return the problems of a file, in the order of the keys of its model *file*."""
    # A default that follows from a key which is wrong is no problem of its own.
    problems = (each for each in error.errors() if each["type"] != "default_factory_not_called")
    return [_line(each, file, names) for each in problems]


def _line(error: ErrorDetails, file: type[BaseModel], names: Names) -> str:
    loc, value, kind = error["loc"], error["input"], error["type"]
    if kind in _UNKNOWN:
        at, table = _find(file, loc[:-1])
        known = (key for key in _keys(table) if not key.startswith("("))
        return f"{_dotted(at, str(loc[-1]))}: {not_a_key(str(loc[-1]), known)}"
    where, wanted = _find(file, loc[:-1] if loc[-1:] == ("[key]",) else loc)
    if kind == "value_error":
        problem: Problem = error["ctx"]["error"]
        quoted = f"{shown(value)} " if problem.quoted else ""
        return f"{where}.{problem.key}".rstrip(".") + f": {quoted}{problem}"
    noun, allowed = _allowed(wanted, where, names)
    said = "is missing" if kind in {"missing", "too_short"} else f"{shown(value)} is not {noun}"
    return f"{where}: {said}; allowed: {allowed}"


def _find(kind: _Type, loc: Iterable[str | int]) -> tuple[str, _Type]:
    """Return the name of a place as TOML writes it, list entries counted from 1, and the type there."""
    name = ""
    for part in loc:
        plain = _plain(kind)
        if isinstance(part, int):
            name, kind = f"{name}[{part + 1}]", get_args(plain)[0]
        elif _is_table(plain):
            # A field in brackets is a part of the model, not a key of the file.
            name, kind = name if part.startswith("(") else _dotted(name, part), _keys(plain)[part]
        elif get_origin(plain) is dict:
            name, kind = _dotted(name, part), get_args(plain)[1]
        else:
            kind = next(each for each in get_args(plain) if Tag(part) in each.__metadata__)
    return name, kind


def _dotted(table: str, key: str) -> str:
    # A line break in a key must not break the line.
    key = key if key.isprintable() and not looks_secret(key) else shown(key)
    return f"{table}.{key}".lstrip(".")


def not_a_key(key: str, known: Iterable[str]) -> str:
    """Return the words for an unknown key of a table, with the one that was probably meant."""
    known = list(known)
    close = get_close_matches(key, known, n=1)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f"is not a key here; {hint}allowed: {', '.join(known) or 'none'}"


def _allowed(kind: _Type, where: str, names: Names) -> tuple[str, str]:
    """Return what a field is, "a list", and what is allowed there."""
    for rule in getattr(kind, "__metadata__", ()):
        if isinstance(rule, Rule):
            named = rule.among(names) if rule.among else rule
            return named.what, named.allowed
    plain = _plain(kind)
    if get_origin(plain) is not tuple:
        return "a table", f"a table, [{where}]"
    entry = get_args(plain)[0]
    if _is_table(entry):
        return "a list of tables", f"[[{where}]]"
    return "a list", f"a list, each {_allowed(entry, where, names)[1]}"


def _keys(table: _Type) -> dict[str, _Type]:
    """Return the keys of a table as the file writes them, with their types."""
    plain = _plain(table)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return {each.alias or name: each.rebuild_annotation() for name, each in plain.model_fields.items()}
    hints = get_type_hints(plain, include_extras=True)
    return {_alias(hint) or name: hint for name, hint in hints.items()}


def _alias(kind: _Type) -> str | None:
    rules = getattr(kind, "__metadata__", ())
    return next((rule.alias for rule in rules if isinstance(rule, FieldInfo)), None)


def _plain(kind: _Type) -> _Type:
    """Return a type without its rules, without None, and without a model that is nothing but its root."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, RootModel):
        return _plain(kind.model_fields["root"].rebuild_annotation())
    given = [each for each in get_args(kind) if each is not type(None)]
    return _plain(given[0]) if type(None) in get_args(kind) else kind


def _is_table(kind: _Type) -> bool:
    return is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel))


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
