"""Values that are stored as JSON, with readers that accept what every earlier version wrote.

A payload is a frozen dataclass. Its fields are read and written by their types:

- A field without a default is always written, one with a default only if it differs from that.
- Reading ignores unknown keys. A field that is missing, or that cannot be read as its type, gets its default,
  or the empty value of its type: None, "", 0 or ().
"""

import types
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import MISSING, Field, field, fields
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Final, Self, Union, get_args, get_origin, get_type_hints

#: What is stored in the database.
Json = Mapping[str, object]


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


#: The default of a field for which a stored null differs from a missing key.
UNSET: Final = Unset.UNSET


def keyed(name: str, *, default: Any = MISSING) -> Any:  # noqa: ANN401  # as dataclasses.field
    """Return a field that is stored under another name than its own."""
    return field(default=default, metadata={"key": name})


class Payload:
    """The base of what is stored as JSON. Subclasses are frozen dataclasses with slots."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_json(self) -> dict[str, object]:
        """Return what is stored."""
        return {
            _key(each): _written(value)
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Read what this or an earlier version has stored.

        Raises:
            ValueError: a value is missing that has neither a default nor an empty value: a time.
        """
        kinds = _types(cls)  # type: ignore[arg-type]  # mypy: a class is hashable, type[Self] is not
        known: dict[str, Any] = {
            each.name: _field(each, kinds[each.name], stored) for each in fields(cls) if each.init
        }
        return cls(**known)


@cache
def _types(payload: Hashable) -> dict[str, Any]:
    return get_type_hints(payload)  # once for each class: it evaluates what stands there as text


def _key(each: Field[Any]) -> str:
    return str(each.metadata.get("key", each.name))


def _field(each: Field[Any], kind: Any, stored: Json) -> object:  # noqa: ANN401  # a type, as hints give it
    options = _options(kind)
    (plain,) = (one for one in options if one not in (types.NoneType, Unset))
    value = stored.get(_key(each))
    if value is None and _key(each) in stored and types.NoneType in options:
        return None
    if value is not None:
        try:
            return _read(plain, value)
        except (AttributeError, KeyError, TypeError, ValueError):
            pass  # as if it were missing
    if each.default is not MISSING:
        return each.default
    return None if types.NoneType in options else _empty(plain)


def _options(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return get_args(kind) if get_origin(kind) in (types.UnionType, Union) else (kind,)


def _read(kind: Any, value: object) -> object:  # noqa: ANN401
    """Return *value* as a *kind*. Raises what its constructor does."""
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], one) for one in _listed(value))
    if get_origin(kind) is dict:
        key, content = get_args(kind)
        return {_read(key, one): _read(content, each) for one, each in _mapped(value).items()}
    return _one(kind, value)


def _one(kind: Any, value: object) -> object:  # noqa: ANN401
    if kind is object:
        return value
    if issubclass(kind, Payload):
        return kind.from_json(_mapped(value))
    if kind in (date, datetime):
        return kind.fromisoformat(str(value))
    if kind is bool:
        return value is True
    return kind(str(value))


def _listed(value: object) -> Iterable[object]:
    if isinstance(value, list | tuple):
        return value
    raise TypeError("not a list")


def _mapped(value: object) -> Json:
    if isinstance(value, Mapping):
        return value
    raise TypeError("not an object")


def _empty(kind: Any) -> object:  # noqa: ANN401
    """Return the empty value of a type."""
    plain = get_origin(kind) or kind
    if plain in (str, int, float, bool, tuple, dict):
        return plain()
    if issubclass(plain, Payload):
        return plain.from_json({})
    raise ValueError(f"there is no empty {plain.__name__}")


def _written(value: object) -> object:
    match value:
        case Payload():
            return value.to_json()
        case date():  # or a time
            return value.isoformat()
        case Enum():
            return value.value
        case tuple():
            return [_written(one) for one in value]
        case dict():
            return {key: _written(one) for key, one in value.items()}
    return value
