"""Values that are stored as JSON, with readers that accept what every earlier version wrote.

A payload is a frozen dataclass. Its fields are read and written by their types:

- A field without a default is always written, one with a default only if it differs from that.
- Reading ignores unknown keys. A field that is missing, or that cannot be read as its type, gets its default,
  or the empty value of its type: None, "", 0 or (). A list is read without the items that cannot be.
"""

import types
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import (
    Any,
    ClassVar,
    Final,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

#: What is stored in the database.
Json = Mapping[str, object]


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


#: What a reader raises for a value that it cannot read.
_UNREADABLE: Final = (AttributeError, KeyError, TypeError, ValueError)

#: The default of a field for which a stored null differs from a missing key.
UNSET: Final = Unset.UNSET


def keyed(name: str, *, default: Any = MISSING) -> Any:  # noqa: ANN401  # as dataclasses.field
    """Return a field that is stored under another name than its own."""
    return field(default=default, metadata={"key": name})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, keyed))
class Payload:
    """The base of what is stored as JSON. It makes each subclass a frozen dataclass.

    Only keywords set the fields, unless the subclass says ``kw_only=False``.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init_subclass__(cls, *, kw_only: bool = True) -> None:
        """Make *cls* a dataclass."""
        super().__init_subclass__()
        dataclass(frozen=True, kw_only=kw_only)(cls)

    def to_json(self) -> dict[str, object]:
        """Return the payload as JSON to store, without fields that have their default."""
        return {
            _key(each): _written(value)
            for each in _fields(type(self))  # type: ignore[arg-type]  # as in from_json
            if (value := getattr(self, each.name)) != each.default
        }

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Read what this or an earlier version has stored.

        Raises:
            ValueError: a value is missing that has neither a default nor an empty value: a time.
        """
        parts = _parts(cls)  # type: ignore[arg-type]  # mypy: a class is hashable, type[Self] is not
        return cls(**{part.name: part.read(stored) for part in parts})


@dataclass(frozen=True, slots=True)
class _Part:
    """How one field is read.

    Attributes:
        of: Makes the field's value of a stored one that is not null; raises what its constructor does.
        may_be_null: A stored null is the value None.
        default: MISSING if it has none.
        kind: Its type, for the empty value.
    """

    name: str
    key: str
    of: Callable[[Any], object]
    may_be_null: bool
    default: object
    kind: Any

    def read(self, stored: Json) -> object:
        """Return the field's value."""
        value = stored.get(self.key, MISSING)
        if value is None and self.may_be_null:
            return None
        if value is not None and value is not MISSING:
            with suppress(*_UNREADABLE):  # as if it were missing
                return self.of(value)
        if self.default is not MISSING:
            return self.default
        return None if self.may_be_null else _empty(self.kind)


@cache
def _fields(payload: Hashable) -> tuple[Field[Any], ...]:
    """Return the fields of a payload's class: looked up once, since every row is written by them."""
    return fields(payload)  # type: ignore[arg-type]


@cache
def _parts(payload: Hashable) -> tuple[_Part, ...]:
    """Return how each field of a payload's class is read: looked up once, since every row is read by it."""
    kinds = get_type_hints(payload)
    parts = []
    for each in _fields(payload):
        kind = kinds[each.name]
        options = get_args(kind) if get_origin(kind) in (types.UnionType, Union) else (kind,)
        (plain,) = (one for one in options if one not in (types.NoneType, Unset))
        may_be_null = types.NoneType in options
        parts.append(_Part(each.name, _key(each), _reader(plain), may_be_null, each.default, plain))
    return tuple(parts)


def _reader(kind: Any) -> Callable[[Any], object]:  # noqa: ANN401, PLR0911  # one line for each sort of type
    """Return what makes a *kind* of a stored value."""
    if get_origin(kind) is tuple:
        one = _reader(get_args(kind)[0])
        return lambda value: tuple(_readable(one, value))
    if get_origin(kind) is dict:
        key, content = (_reader(one) for one in get_args(kind))
        return lambda value: {key(one): content(each) for one, each in _mapped(value).items()}
    if kind is object:
        return lambda value: value
    if kind is bool:
        return lambda value: value is True
    if kind in (date, datetime):
        return lambda value: kind.fromisoformat(str(value))
    if issubclass(kind, Payload):
        return lambda value: kind.from_json(_mapped(value))
    return lambda value: kind(str(value))


def _readable(read: Callable[[Any], object], values: object) -> Iterator[object]:
    """Read the items of a list without those that only a newer version can read."""
    if not isinstance(values, list | tuple):
        raise TypeError("not a list")
    for value in values:
        with suppress(*_UNREADABLE):
            yield read(value)


def _key(each: Field[Any]) -> str:
    return str(each.metadata.get("key", each.name))


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
