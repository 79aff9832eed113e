"""Holds what crossed the API's sockets against Discord's own description of it.

`validate_log` looks at the local Discord's answers, `validate_requests` at what was asked of it. Both take
the entries of ``GET /_human/log`` and return one line for each that does not match.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema.exceptions import best_match

from local_discord.tests.openapi.description import (
    DESCRIPTION,
    body_pointer,
    document,
    inline,
    operation,
    quick_validator,
    require_description,
    response_pointer,
    template_of,
    validator,
)

__all__ = ["DESCRIPTION", "NOISE", "Noise", "require_description", "validate_log", "validate_requests"]

_SERVER_ERRORS = 500
_NO_ROUTE = ((404, 0), (405, 0), (400, 50041))  # the last one: another version of the API


@dataclass(frozen=True)
class Noise:
    """A known deviation of a client library: an integer where the description wants a snowflake's string.

    Attributes:
        routes: A pattern for ``METHOD /template``.
        path: Where in the body; ``*`` is every item of a list.
        why: Which library does it, and where.
    """

    routes: str
    path: tuple[str, ...]
    why: str


_REPLY = "discord.py 2.7.1: MessageReference.to_dict writes ids as integers"
_FILES = "discord.py 2.7.1: File.to_dict numbers new attachments with integers from 0"
NOISE = (
    *(
        Noise(r"POST /channels/.*", ("message_reference", f"{key}_id"), _REPLY)
        for key in ("message", "channel", "guild")
    ),
    Noise(
        r"POST /users/@me/channels", ("recipient_id",), "discord.py 2.7.1: HTTPClient.start_private_message"
    ),
    Noise(r"(POST|PATCH) .*", ("attachments", "*", "id"), _FILES),
    Noise(r"POST /interactions/.*", ("data", "attachments", "*", "id"), _FILES),
    Noise(r"POST /channels/.*/threads", ("message", "attachments", "*", "id"), _FILES),
)


def validate_log(entries: list[dict[str, Any]]) -> list[str]:
    """One line per response that breaks the description; [] when all is well.

    Entries of the gateway, of faults and of requests whose answer a fault made up are passed over.
    """
    problems = []
    for entry in entries:
        if entry["kind"] != "rest" or entry["fault"] or entry["status"] is None:
            continue
        if problem := _check_response(entry):
            problems.append(f"{entry['method']} {entry['path']} {entry['status']}: {problem}")
    return problems


def _check_response(entry: dict[str, Any]) -> str | None:
    status, response, method = entry["status"], entry["response"], entry["method"].lower()
    if status >= _SERVER_ERRORS:
        return "the sandbox failed"
    template = template_of(method, entry["path"])
    if template is None:
        return None if (status, response.get("code")) in _NO_ROUTE else "no such operation"
    pointer = response_pointer(template, method, status)
    if pointer is None:
        return "the description has no such status"
    if not pointer:
        return None if response is None else "there should be no body"
    return _problem(pointer, response)


def _problem(pointer: str, value: Any) -> str | None:
    if quick_validator(pointer).is_valid(value):
        return None
    error = best_match(validator(pointer).iter_errors(value))
    return f"{error.json_path}: {error.message[:300]}" if error else "the two validators disagree"


def validate_requests(
    entries: list[dict[str, Any]], *, noise: Iterable[Noise] = NOISE, accepted_only: bool = False
) -> list[str]:
    """One line per request that breaks the description; [] when all is well.

    Args:
        entries: Of the log; those of gateway and faults are passed over.
        noise: Known deviations, which are put right before the check.
        accepted_only: Look only at requests that succeeded: what the description refuses must not succeed.
    """
    known = tuple(noise)
    problems = []
    for entry in entries:
        status = entry.get("status")
        if entry["kind"] != "rest" or (accepted_only and (status is None or status >= 300)):
            continue
        if entry["body"] is None and (status is None or entry.get("fault")):
            continue  # nobody has read it: whoever sent it was gone before its end, or a fault came first
        template = template_of(entry["method"].lower(), entry["path"])
        if template is None:
            problems.append(f"{entry['method']} {entry['path']}: no such operation")
        elif problem := _check_request(entry, template, known):
            problems.append(f"{entry['method']} {entry['path']}: {problem}")
    return problems


def _check_request(entry: dict[str, Any], template: str, noise: tuple[Noise, ...]) -> str | None:
    method = entry["method"].lower()
    described = operation(template, method)
    if problem := _check_query(described, entry["query"]):
        return problem
    body, pointer = entry["body"], body_pointer(template, method)
    if pointer is None:  # a body that nobody asked for is not read
        return None
    if body is None:
        wants = described["requestBody"].get("required") and not entry["files"]
        return _problem(pointer, {}) if wants else None
    return _problem(pointer, _mended(body, f"{entry['method']} {template}", noise))


def _check_query(described: dict[str, Any], query: dict[str, str]) -> str | None:
    for parameter in described.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "query" and name in query:
            error = best_match(
                inline(parameter["schema"]).iter_errors(_typed(parameter["schema"], query[name]))
            )
            if error:
                return f"?{name}: {error.message[:300]}"
    return None


def _typed(schema: dict[str, Any], text: str) -> Any:
    """A query string's value as the type that the description gives it."""
    target = schema.get("$ref", "").rpartition("/")[2]
    kind = document()["components"]["schemas"].get(target, schema).get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text.lower() in ("true", "false", "1", "0"):
        return text.lower() in ("true", "1")
    return text


def _mended(body: Any, route: str, noise: tuple[Noise, ...]) -> Any:
    """*body* with the known deviations put right."""
    paths = [path for path in _noisy(route, noise) if path[0] == "*" or path[0] in body]
    if paths:
        body = deepcopy(body)
    for path in paths:
        _mend(body, path)
    return body


@cache
def _noisy(route: str, noise: tuple[Noise, ...]) -> list[tuple[str, ...]]:
    """Where the bodies for *route* have known deviations."""
    return [one.path for one in noise if re.fullmatch(one.routes, route)]


def _mend(node: Any, path: tuple[str, ...]) -> None:
    head, rest = path[0], path[1:]
    if head == "*":
        for item in node if isinstance(node, list) else ():
            _mend(item, rest)
    elif isinstance(node, dict) and head in node:
        if rest:
            _mend(node[head], rest)
        elif isinstance(node[head], int) and not isinstance(node[head], bool):
            node[head] = str(node[head])
