"""Checks what the local Discord answered against Discord's own description of its HTTP API.

`validate_log` takes the entries of ``GET /_human/log`` and returns one line for each response that does not
match. The description is not part of this repository; without it the tests that use it skip.
"""

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DESCRIPTION = Path(__file__).parents[2].parent / "shared" / "discord-openapi.json"
_URI = "urn:discord"
_SERVER_ERRORS = 500


def require_description() -> None:
    """Skip the calling test when Discord's description is not there."""
    if not DESCRIPTION.exists():
        pytest.skip("no ../shared/discord-openapi.json: get it from github.com/discord/discord-api-spec")


def validate_log(entries: list[dict[str, Any]]) -> list[str]:
    """One line per response that breaks the description; [] when all is well.

    Entries of the gateway, of faults and of requests whose answer a fault made up are passed over.
    """
    problems = []
    for entry in entries:
        if entry["kind"] != "rest" or entry["fault"] or entry["status"] is None:
            continue
        if problem := _check(entry):
            problems.append(f"{entry['method']} {entry['path']} {entry['status']}: {problem}")
    return problems


def _check(entry: dict[str, Any]) -> str | None:
    status, response = entry["status"], entry["response"]
    if status >= _SERVER_ERRORS:
        return "the sandbox failed"
    template = _template(entry["method"].lower(), entry["path"])
    if template is None:
        return None if status == 404 and response.get("code") == 0 else "no such operation"
    pointer = _pointer(template, entry["method"].lower(), status)
    if pointer is None:
        return "the description has no such status"
    if not pointer:
        return None if response is None else "there should be no body"
    error = best_match(_validator(pointer).iter_errors(response))
    return f"{error.json_path}: {error.message[:300]}" if error else None


@functools.cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    schemas = document["components"]["schemas"]
    # Where the description contradicts the documentation, the documentation wins:
    # Reference > Error Messages: the codes of single fields are words such as BASE_TYPE_REQUIRED.
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = {
        "type": "object",
        "properties": {"code": {"type": ["string", "integer"]}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    # Topics > Rate Limits: a 429 has a code only for some limits.
    limited = schemas["RatelimitedResponse"]
    limited["allOf"] = [part for part in limited["allOf"] if "$ref" not in part]
    return document


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Every path as a pattern, the most literal first."""
    paths = sorted(_document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


def _template(method: str, path: str) -> str | None:
    paths = _document()["paths"]
    fitting = (template for pattern, template in _templates() if pattern.fullmatch(path))
    return next((template for template in fitting if method in paths[template]), None)


@functools.cache
def _pointer(template: str, method: str, status: int) -> str | None:
    """Where the schema of that response stands; "" when it has no body, None when it is not described."""
    responses = _document()["paths"][template][method]["responses"]
    key = next((key for key in (str(status), f"{status // 100}XX") if key in responses), None)
    if key is None:
        return None
    where = f"/paths/{_escaped(template)}/{method}/responses/{key}"
    response = responses[key]
    if "$ref" in response:
        where = response["$ref"].removeprefix("#")
        response = _document()["components"]["responses"][where.rpartition("/")[2]]
    if "application/json" not in response.get("content", {}):
        return ""
    return f"{where}/content/application~1json/schema"


def _escaped(segment: str) -> str:
    return segment.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@functools.cache
def _registry() -> Any:
    resource = Resource.from_contents(_document(), default_specification=DRAFT202012)
    return Registry().with_resource(_URI, resource)


@functools.cache
def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{_URI}#{pointer}"}, registry=_registry())
