"""Every field of every body: a value that the description refuses is refused here too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from local_discord.tests.fuzz.requests import USUAL, Request
from local_discord.tests.fuzz.ring import Ring
from local_discord.tests.openapi.description import DESCRIPTION, document, operation, operations
from local_discord.tests.openapi.implemented import is_implemented
from local_discord.tests.openapi.oracle import validate_requests
from local_discord.tests.openapi.refusals import BASES
from local_discord.tests.openapi.source import MISSING

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=MISSING)
WRONG: tuple[Any, ...] = (True, 1.5, -1, {"wrong": [[]]}, [[]], [{}], [], "", "wrong", "x" * 7000)
_DEEPEST = 4


def _places(schema: dict[str, Any], depth: int = 0) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each field in a body: keys, and 0 for the first item of a list."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth >= _DEEPEST:
        return
    for option in schema.get("anyOf", []) + schema.get("oneOf", []):
        yield from _places(option, depth)
    if "items" in schema:
        yield (0,)
        yield from ((0, *place) for place in _places(schema["items"], depth + 1))
    for name, one in schema.get("properties", {}).items():
        yield (name,)
        yield from ((name, *place) for place in _places(one, depth + 1))


def _put(node: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """A copy of *node* with *value* at *place*, made where it is missing."""
    if not place:
        return value
    head, rest = place[0], place[1:]
    if head == 0:
        return [_put(node[0] if isinstance(node, list) and node else None, rest, value)]
    held = node if isinstance(node, dict) else {}
    return {**held, head: _put(held.get(head), rest, value)}


def _bodies() -> Iterator[tuple[str, str, Any]]:
    """Method, path and schema of every implemented operation that takes a body."""
    for method, template in operations():
        content = operation(template, method.lower()).get("requestBody", {}).get("content", {})
        if is_implemented(method, template) and "application/json" in content:
            yield method, template, content["application/json"]["schema"]


@pytest.mark.parametrize(("method", "template", "schema"), [*_bodies()] if DESCRIPTION.exists() else [])
def test_no_field_takes_what_it_should_not(ring: Ring, method: str, template: str, schema: Any) -> None:
    """Wrong values in every place, one at a time, beside what the body needs."""
    described = operation(template, method.lower())
    path = re.sub(r"\{(\w+)\}", lambda found: USUAL[found.group(1)][0], template)
    base = BASES.get(described["operationId"], {})
    sent = [
        Request(method, path, body=_put(base, place, value))
        for place in dict.fromkeys(_places(schema))
        for value in WRONG
    ]
    entries = ring.spar(sent)
    assert len(entries) == len(sent)
    assert [*dict.fromkeys(validate_requests(entries, accepted_only=True))] == []
    assert ring.sandbox.core.world.internal_errors == []
