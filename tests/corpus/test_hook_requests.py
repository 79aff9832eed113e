"""What each documented request says, and that no other one breaks its reader."""

import copy
import json
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import jsonschema_rs
import pytest

from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRequest, HookUnreadable
from tests.corpus.hook_requests import FOLDER, Example, as_json, examples, rules_of

EXAMPLES: Final = examples()

#: What a field may hold instead of what its documentation says.
ODD: Final[list[Any]] = [
    *(None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**30, "", " ", "\0", "\ud800", "<@1>\n" * 50),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59+23:59", "http://[", [], {}, [[]], [None], {"a": []}),
]

BODIES: Final = [
    b"",
    b" \n",
    b"\0",
    b"\xff\xfe",
    b"{",
    b"[]",
    b"[1]",
    b"1",
    b"null",
    b'"text"',
    b"{}",
    b"payload=",
    b"payload=%FF",
    b"NaN",
    b"9" * 5000,
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"alerts":' + b"[" * 50_000,
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_a_documented_request_says_what_its_documentation_says(example: Example) -> None:
    """Each documented request is read as exactly the events that are listed with it."""
    assert [as_json(event) for event in example.read(example.request)] == example.events


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if one.format is HookFormat.GITHUB], ids=lambda one: one.name
)
def test_a_request_of_github_has_the_form_that_its_clients_expect(example: Example) -> None:
    """Each GitHub example fits the schema of Octokit's maintainers, which allows no unknown field."""
    event = example.headers["x-github-event"]
    forms = json.loads((FOLDER / "github_events.schema.json").read_text(encoding="utf-8"))["events"]
    form = forms.get(f"{event}${example.body.get('action')}") or forms[f"{event}$event"]
    validator = jsonschema_rs.Draft7Validator(form)
    assert [error.message for error in validator.iter_errors(example.body)] == []
    assert not validator.is_valid({**example.body, "invented": 1})


def test_every_format_has_an_example_that_fires_and_one_that_is_over() -> None:
    """The examples of each format but Alertmanager's have an alert that fires and one that is over."""
    said = {(one.format, event["says"]) for one in EXAMPLES for event in one.events}
    for read_as in READERS:
        if read_as is not HookFormat.ALERTMANAGER:  # a real one speaks to the bot in its own tests
            assert {(read_as, "firing"), (read_as, "resolved")} <= said


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_a_field_with_an_odd_value_is_read_or_refused_with_a_reason(example: Example) -> None:
    """A request with an odd value is refused with a reason, or read into events that the bot can store."""
    chance = random.Random(example.name)
    for path in places(example.body):
        for odd in chance.sample(ODD, 6):
            body = json.dumps(with_value(example.body, path, odd)).encode()
            read_or_refused(example, HookRequest(example.headers, body))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:12]))
@pytest.mark.parametrize("example", EXAMPLES[::3], ids=lambda one: one.name)
def test_a_body_of_another_shape_is_read_or_refused_with_a_reason(example: Example, body: bytes) -> None:
    """A body of another shape is refused with a reason, or read into events that the bot can store."""
    read_or_refused(example, HookRequest(example.headers, body))


@pytest.mark.parametrize("read_as", READERS)
def test_an_empty_body_is_refused(read_as: HookFormat) -> None:
    """Each reader refuses an empty body, and one that is only a byte order mark."""
    headers = {"x-github-event": "workflow_run"}
    for body in (b"", b"\xff\xfe"):
        with pytest.raises(HookUnreadable):
            READERS[read_as].parse(HookRequest(headers, body), rules_of(read_as, {}))


def read_or_refused(example: Example, request: HookRequest) -> None:
    """Check that *request* is refused with a reason, or read into events that can be stored and compared."""
    READERS[example.format].delivery_id(request)
    reason = None
    try:
        events = example.read(request)
    except HookUnreadable as error:
        events, reason = (), error.reason
    assert reason != ""
    for event in events:
        assert len(event.fingerprint("source")) == 64
        for text in (event.key, event.title, event.text, event.target or "", event.severity or ""):
            assert "\0" not in text
            text.encode()
        assert event.link is None or event.link.startswith("http")
        assert event.started_at is None or is_usual(event.started_at)


def is_usual(moment: datetime) -> bool:
    """Return True if a moment can be compared and stored."""
    return moment.tzinfo is not None and 1999 < moment.year < 2300


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each value of a JSON body."""
    if path:
        yield path
    if isinstance(body, dict):
        for name, value in body.items():
            yield from places(value, (*path, name))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from places(value, (*path, number))


def with_value(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of *body* with another value at *path*."""
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed
