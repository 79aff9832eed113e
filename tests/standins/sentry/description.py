"""Sentry's own description of its API, and what of a conversation does not agree with it."""

import functools
import json
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

DESCRIPTION: Final = Path(__file__).parents[3].parent / "shared" / "oracles" / "sentry.json"
_PATH: Final = "/api/0/organizations/{organization_id_or_slug}/issues/"


def is_there() -> bool:
    """Return True if the description is at hand; without it the stand-in is unproven."""
    return DESCRIPTION.exists()


def wrong_query(asked: list[tuple[str, str]]) -> list[str]:
    """Return the parameters, with their values, that List an Organization's Issues does not take."""
    known = {each["name"]: each["schema"] for each in _operation()["parameters"] if each["in"] == "query"}
    wrong = [name for name, _ in asked if name not in known]
    for name, value in asked:
        schema = known.get(name, {})
        allowed = schema.get("items", schema).get("enum")
        if allowed is not None and value not in allowed:
            wrong.append(f"{name}={value}")
    return wrong


def wrong_issues(answer: object) -> list[str]:
    """Return what List an Organization's Issues would not answer."""
    schema = _operation()["responses"]["200"]["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator(_nullable(schema), validate_formats=True)
    return [
        f"{'/'.join(map(str, each.instance_path))}: {each.message[:150]}"
        for each in validator.iter_errors(answer)
    ]


def required() -> list[str]:
    """Return the names of what an issue always has."""
    schema = _operation()["responses"]["200"]["content"]["application/json"]["schema"]
    found: list[str] = schema["items"]["required"]
    return found


@functools.cache
def _operation() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())["paths"][_PATH]["get"]
    return found


def _nullable(node: Any) -> Any:
    """Write OpenAPI 3.0's `nullable` as JSON Schema does."""
    if isinstance(node, list):
        return [_nullable(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") is True else made
