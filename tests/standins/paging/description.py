"""PagerDuty's own descriptions of its APIs, and what of a conversation does not agree with them."""

import functools
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

_FOLDER: Final = Path(__file__).parents[3].parent / "shared" / "oracles"
EVENTS: Final = _FOLDER / "pagerduty-events-v2.json"
REST: Final = _FOLDER / "pagerduty-rest.json"


def are_there() -> bool:
    """Return True if the descriptions are at hand; without them the stand-in is unproven."""
    return EVENTS.exists() and REST.exists()


def wrong_event(event: object) -> list[str]:
    """Return what the Events API does not allow in *event*."""
    schema = _document(EVENTS)["paths"]["/enqueue"]["post"]["requestBody"]
    return _unfit(EVENTS, schema["content"]["application/json"]["schema"], event)


def wrong_event_answer(status: int, answer: object) -> list[str]:
    """Return what the Events API would not answer to an event."""
    name = "Success" if status == HTTPStatus.ACCEPTED else "Error"
    schema = _document(EVENTS)["components"]["responses"][name]
    return _unfit(EVENTS, schema["content"]["application/json"]["schema"], answer)


def wrong_query(names: list[str]) -> list[str]:
    """Return the parameters that List incidents does not have."""
    document = _document(REST)
    given = document["paths"]["/incidents"]["get"]["parameters"]
    known = {
        document["components"]["parameters"][one["$ref"].rpartition("/")[2]]["name"]
        for one in given
        if "$ref" in one
    }
    return sorted(set(names) - known)


def wrong_incidents(answer: object) -> list[str]:
    """Return what List incidents would not answer."""
    schema = _document(REST)["paths"]["/incidents"]["get"]["responses"]["200"]
    return _unfit(REST, schema["content"]["application/json"]["schema"], answer)


def wrong_schedule(answer: object) -> list[str]:
    """Return what Get a schedule would not answer; nothing is known without the description."""
    if not REST.exists():
        return []
    schema = _document(REST)["paths"]["/schedules/{id}"]["get"]["responses"]["200"]
    return _unfit(REST, schema["content"]["application/json"]["schema"], answer)


@functools.cache
def _document(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _unfit(file: Path, schema: object, value: object) -> list[str]:
    uri = f"urn:{file.stem}"
    absolute = json.loads(json.dumps(schema).replace('"#/', f'"{uri}#/'))
    registry = jsonschema_rs.Registry([(uri, _document(file))])
    validator = jsonschema_rs.Draft202012Validator(absolute, registry=registry)
    return [error.message[:200] for error in validator.iter_errors(value)]
