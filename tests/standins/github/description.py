"""GitHub's own description of its REST API, and what of a conversation does not agree with it.

The description is GitHub's and no part of this repository. Without it the tests of GitHub run, but say
nothing about whether the stand-in speaks as GitHub does.
"""

import functools
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import jsonschema_rs

USUAL: Final = Path(__file__).parents[3].parent / "shared" / "oracles" / "github.json"
DESCRIPTION: Final = Path(os.environ.get("GITHUB_OPENAPI", USUAL))
MISSING: Final = (
    "no ../shared/oracles/github.json: get the description from github.com/github/rest-api-description, or"
    " name it in GITHUB_OPENAPI. Unproven without it: that requests to the GitHub of the tests, and its"
    " answers, are as GitHub describes them"
)

_URI: Final = "urn:github"

#: Statuses that any request may get, whatever its description says. Source: Troubleshooting the REST API; for
#: 304, its best practices: most endpoints answer conditional requests.
_ALWAYS: Final = frozenset({301, 304, 307, 401, 403, 404, 429, 500, 502, 503})

#: From this status on an answer may have a body that is not described: all errors say why in JSON, also where
#: the description leaves it out (422 of a ref that cannot be deleted). Source: Troubleshooting the REST API.
_REFUSED_FROM: Final = 400


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    Attributes:
        path: With its query.
        asked, answered: JSON; None without a body.
    """

    method: str
    path: str
    asked: object
    status: int
    answered: object


def is_there() -> bool:
    """Return True if the description is at hand."""
    return DESCRIPTION.exists()


def violations(exchange: Exchange) -> list[str]:
    """Return what GitHub's description does not allow in *exchange*."""
    path, _, query = exchange.path.partition("?")
    operation = _operation(exchange.method, path)
    if operation is None:
        return [f"{exchange.method} {path} is not described"]
    found = [
        *_of_query(operation, query),
        *_of_body(operation, exchange.asked),
        *_of_answer(operation, exchange),
    ]
    return [f"{exchange.method} {exchange.path} {exchange.status}: {each}" for each in found]


@functools.cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    _allow_null(found)
    # Whatever is an error is both of two kinds of which it has to be exactly one.
    put = found["paths"]["/repos/{owner}/{repo}/contents/{path}"]["put"]["responses"]["409"]
    schema = put["content"]["application/json"]["schema"]
    schema["anyOf"] = schema.pop("oneOf")
    return found


def _allow_null(node: object) -> None:
    """Write OpenAPI 3.0's `nullable` as JSON Schema does."""
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _allow_null(each)
    if not isinstance(node, dict) or node.get("nullable") is not True:
        return
    if isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    if "enum" in node:
        node["enum"] = [*node["enum"], None]
    for key in ("allOf", "oneOf", "anyOf"):
        if key in node and "type" not in node:
            inner = {key: node.pop(key)}
            node["anyOf"] = [inner, {"type": "null"}]


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Every path as a pattern, the most literal first; a path or a ref has slashes."""
    paths = sorted(_document()["paths"], key=lambda path: path.count("{"))
    deep = re.compile(r"\{(path|ref|branch)\}")
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", deep.sub(".+", path))), path) for path in paths]


def _operation(method: str, path: str) -> tuple[str, str] | None:
    """Return template and method of the operation that a request is."""
    paths, wanted = _document()["paths"], method.lower()
    fitting = (path_ for pattern, path_ in _templates() if pattern.fullmatch(path) and wanted in paths[path_])
    template = next(fitting, None)
    return None if template is None else (template, wanted)


def _of_query(operation: tuple[str, str], query: str) -> Iterator[str]:
    described = {each["name"]: each for each in _parameters(operation) if each["in"] == "query"}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in described:
            yield f"no parameter {name}"
            continue
        kinds = described[name]["schema"].get("type")
        typed: object = int(value) if kinds == "integer" and value.isdigit() else value
        yield from _unfit(described[name]["schema"], typed, f"parameter {name}")


def _parameters(operation: tuple[str, str]) -> Iterator[Mapping[str, Any]]:
    template, method = operation
    for each in _document()["paths"][template][method].get("parameters", []):
        name = each.get("$ref", "").rpartition("/")[2]
        yield _document()["components"]["parameters"][name] if name else each


def _of_body(operation: tuple[str, str], asked: object) -> Iterator[str]:
    template, method = operation
    content = _document()["paths"][template][method].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    if schema is None:
        if asked is not None:
            yield "takes no body"
        return
    if isinstance(asked, dict):
        for name in asked.keys() - schema["properties"].keys():
            yield f"its body has no {name}"
    yield from _unfit(schema, asked, "the body")


def _of_answer(operation: tuple[str, str], exchange: Exchange) -> Iterator[str]:
    template, method = operation
    responses = _document()["paths"][template][method]["responses"]
    response = responses.get(str(exchange.status))
    if response is None:
        if exchange.status not in _ALWAYS:
            yield "this status is not described"
        return
    name = response.get("$ref", "").rpartition("/")[2]
    found = _document()["components"]["responses"][name] if name else response
    schema = found.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        yield from _unfit(schema, exchange.answered, "the answer")
    elif exchange.answered is not None and exchange.status < _REFUSED_FROM:
        yield "the answer has a body"


def _unfit(schema: Mapping[str, Any], value: object, what: str) -> Iterator[str]:
    for error in _validator(json.dumps(schema)).iter_errors(value):
        where = "/".join(map(str, error.instance_path))
        yield f"{what} at {where or 'its top'}: {error.message[:200]}"


@functools.cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    absolute = json.loads(schema.replace('"#/', f'"{_URI}#/'))
    registry = jsonschema_rs.Registry([(_URI, _document())])
    return jsonschema_rs.Draft202012Validator(absolute, registry=registry, validate_formats=True)
