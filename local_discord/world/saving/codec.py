"""Dataclasses to plain JSON and back, guided by their type hints.

A field that the JSON lacks keeps its default, so that an older file still loads; what it has beyond the
dataclass is passed over.
"""

import types
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Mapping, MutableMapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def encode(value: Any) -> Any:  # noqa: ANN401 (any value of the world)
    """*value* as what ``json.dumps`` takes. A mapping whose keys are no strings becomes a list of pairs."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: encode(getattr(value, one.name)) for one in fields(value) if _is_kept(one)}
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: encode(item) for key, item in value.items()}
        return [[encode(key), encode(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple, deque, set, frozenset)):
        return [encode(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def decode(hint: Any, raw: Any) -> Any:  # noqa: ANN401 (any hint, any value)
    """Decode what `encode` made of a value annotated *hint*.

    Raises:
        TypeError, ValueError, KeyError: When *raw* does not fit *hint*.
    """
    origin, arms = get_origin(hint) or hint, get_args(hint)
    if raw is None or origin is Any:
        return raw
    if origin in (Union, types.UnionType):
        certain = [arm for arm in arms if arm is not types.NoneType]
        return decode(certain[0], raw) if len(certain) == 1 else raw
    if is_dataclass(origin):
        return _decode_object(origin, raw)
    if origin is bytes:
        return b64decode(raw, validate=True)
    if isinstance(origin, type) and issubclass(origin, (Mapping, list, tuple, deque, set, frozenset)):
        return _decode_container(origin, arms, raw)
    return origin(raw) if isinstance(origin, type) and issubclass(origin, Enum) else raw


def _is_kept(one: Field[Any]) -> bool:
    """Fields that are neither compared nor initialised are not part of what an object is."""
    return one.init and one.compare


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode_object(kind: Any, raw: Any) -> Any:  # noqa: ANN401 (any dataclass)
    if not isinstance(raw, dict):
        raise TypeError(f"{kind.__name__} is an object, not {type(raw).__name__}")
    values = {}
    for one in fields(kind):
        if _is_kept(one) and one.name in raw:
            values[one.name] = _as_by_default(one, decode(_hints(kind)[one.name], raw[one.name]))
    return kind(**values)


def _as_by_default(one: Field[Any], value: Any) -> Any:  # noqa: ANN401 (any field's value)
    """*value* in the kind of container that the field starts with, e.g. a defaultdict or a bounded deque."""
    if one.default_factory is MISSING:
        return value
    start = one.default_factory()
    if isinstance(start, MutableMapping):
        start.update(value)
        return start
    if isinstance(start, deque):
        start.extend(value)
        return start
    return value


def _decode_container(kind: type, arms: tuple[Any, ...], raw: Any) -> Any:  # noqa: ANN401 (any container)
    if issubclass(kind, Mapping):
        of_key, of_item = arms or (Any, Any)
        pairs = raw.items() if isinstance(raw, dict) else raw
        return {decode(of_key, key): decode(of_item, item) for key, item in pairs}
    if not isinstance(raw, list):
        raise TypeError(f"{kind.__name__} is a list, not {type(raw).__name__}")
    if issubclass(kind, tuple) and arms and arms[-1] is not Ellipsis:
        return tuple(decode(arm, item) for arm, item in zip(arms, raw, strict=True))
    made = [decode(arms[0] if arms else Any, item) for item in raw]
    if issubclass(kind, (set, frozenset, tuple)):
        return kind(made)
    return made  # a list, or what the field's own deque is filled with
