"""Discord's own description of its HTTP API, and validators for its parts.

The description is not part of this repository; without it the tests that use it skip.
"""

import functools
import json
import re
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from local_discord.tests.openapi.source import DESCRIPTION, require_description

__all__ = ["DESCRIPTION", "METHODS", "require_description"]

METHODS = ("get", "post", "put", "patch", "delete")
_URI = "urn:discord"
_BITS = {"type": ["string", "integer", "null"], "pattern": "^[0-9]+$"}
# Where the description has integers for permission bits, and the documentation strings.
_WITH_BITS = (
    ("ChannelPermissionOverwriteRequest", "allow"),
    ("ChannelPermissionOverwriteRequest", "deny"),
    ("CreateRoleRequest", "permissions"),
    ("UpdateRoleRequestPartial", "permissions"),
    ("ApplicationCommandCreateRequest", "default_member_permissions"),
    ("ApplicationCommandPatchRequestPartial", "default_member_permissions"),
    ("ApplicationCommandUpdateRequest", "default_member_permissions"),
)


@functools.cache
def document() -> dict[str, Any]:
    """The description, corrected where the documentation says otherwise: the documentation wins."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    schemas = found["components"]["schemas"]
    # Reference > Error Messages: the codes of single fields are words such as BASE_TYPE_REQUIRED.
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = {
        "type": "object",
        "properties": {"code": {"type": ["string", "integer"]}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    # Topics > Rate Limits: a 429 has a code only for some limits.
    limited = schemas["RatelimitedResponse"]
    limited["allOf"] = [part for part in limited["allOf"] if "$ref" not in part]
    # Resources > Message > Message Reference Types: 1 is a forward.
    schemas["MessageReferenceType"] = {"type": "integer", "enum": [0, 1]}
    # Resources > User > Modify Current User: all parameters are optional.
    del schemas["BotAccountPatchRequest"]["required"]
    _take_strings(found)
    return found


def _take_strings(found: dict[str, Any]) -> None:
    """Permission bits and the application's description are strings. Source: Topics > Permissions."""
    schemas, paths = found["components"]["schemas"], found["paths"]
    for name, key in _WITH_BITS:
        schemas[name]["properties"][key] = _BITS
    put = paths["/channels/{channel_id}/permissions/{overwrite_id}"]["put"]
    bits = put["requestBody"]["content"]["application/json"]["schema"]["properties"]
    bits["allow"] = bits["deny"] = _BITS
    text = schemas["ApplicationFormPartial"]["properties"]["description"]
    text["type"] = ["object", "string", "null"]


def operations() -> list[tuple[str, str]]:
    """Every operation of the description: method and template."""
    return [
        (method.upper(), template)
        for template, described in sorted(document()["paths"].items())
        for method in METHODS
        if method in described
    ]


@functools.cache
def _templates() -> dict[tuple[str, int], list[tuple[re.Pattern[str], str]]]:
    """Every path as a pattern, the most literal first, among those that start alike and are as long."""
    found: dict[tuple[str, int], list[tuple[re.Pattern[str], str]]] = {}
    for path in sorted(document()["paths"], key=lambda path: path.count("{")):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        found.setdefault(_shape(path), []).append((pattern, path))
    return found


def _shape(path: str) -> tuple[str, int]:
    """The first part of a path, which no template leaves open, and how many parts there are."""
    parts = path.split("/")
    return "/".join(parts[:2]), len(parts)


def template_of(method: str, path: str) -> str | None:
    """The description's path for a request, e.g. ``/channels/{channel_id}``; None when it has none."""
    paths = document()["paths"]
    alike = _templates().get(_shape(path), [])
    fitting = (template for pattern, template in alike if pattern.fullmatch(path))
    return next((template for template in fitting if method in paths[template]), None)


def operation(template: str, method: str) -> dict[str, Any]:
    """The operation's description."""
    found: dict[str, Any] = document()["paths"][template][method]
    return found


@functools.cache
def response_pointer(template: str, method: str, status: int) -> str | None:
    """Return the pointer to the schema of that response; "" without a body, None if it is not described."""
    responses = operation(template, method)["responses"]
    key = next((key for key in (str(status), f"{status // 100}XX") if key in responses), None)
    if key is None:
        return None
    where = f"/paths/{_escaped(template)}/{method}/responses/{key}"
    response = responses[key]
    if "$ref" in response:
        where = response["$ref"].removeprefix("#")
        response = document()["components"]["responses"][where.rpartition("/")[2]]
    if "application/json" not in response.get("content", {}):
        return ""
    return f"{where}/content/application~1json/schema"


def body_pointer(template: str, method: str) -> str | None:
    """Return the pointer to the schema of the request's JSON body; None if it has none."""
    if "application/json" not in operation(template, method).get("requestBody", {}).get("content", {}):
        return None
    return f"/paths/{_escaped(template)}/{method}/requestBody/content/application~1json/schema"


def _escaped(segment: str) -> str:
    return segment.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@functools.cache
def _registry() -> Any:
    resource = Resource.from_contents(document(), default_specification=DRAFT202012)
    return Registry().with_resource(_URI, resource)


@functools.cache
def _quick_registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(_URI, document())])


@functools.cache
def quick_validator(pointer: str) -> jsonschema_rs.Draft202012Validator:
    """The same as `validator`, thirty times as fast; what it says of an error is no help to a person."""
    return jsonschema_rs.Draft202012Validator({"$ref": f"{_URI}#{pointer}"}, registry=_quick_registry())


@functools.cache
def validator(pointer: str) -> Draft202012Validator:
    """A validator for the schema at *pointer*."""
    return Draft202012Validator({"$ref": f"{_URI}#{pointer}"}, registry=_registry())


def inline(schema: dict[str, Any]) -> Draft202012Validator:
    """Return a validator for a schema whose references point into the description."""
    absolute = json.loads(json.dumps(schema).replace('"#/', f'"{_URI}#/'))
    return Draft202012Validator(absolute, registry=_registry())
