"""What a person sends wrongly to the human side is told so, and changes nothing."""

import copy
from typing import Any

import pytest

from local_discord.tests.client import ALERTS, Client, Reply

WRONG: tuple[Any, ...] = (True, 5, -1, 1.5, 10**30, "", "x", "\x00", "x\r\ny", [], {}, [[]], [5], {"x": {}})
WHO = {"user": "primary", "channel": "p0-alerts"}
FAULT = {"route": "POST /channels/*/messages", "status": 500}
# Every call that takes a body, with one that is right but for what it names.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("POST command", {**WHO, "name": "triage", "options": {}}),
    ("POST context", {**WHO, "name": "triage", "message": "1", "target_user": "primary"}),
    ("POST click", {"user": "primary", "message": "1", "custom_id": "ack", "values": ["x"]}),
    ("POST modal", {"user": "primary", "interaction": "1", "fields": {"what": "x"}}),
    ("POST autocomplete", {**WHO, "name": "triage", "options": {}, "focused": "x"}),
    ("POST say", {**WHO, "content": "x", "reply_to": "1", "files": []}),
    ("PATCH message", {"user": "primary", "message": "1", "content": "x"}),
    ("DELETE message", {"message": "1"}),
    ("PUT reaction", {"user": "primary", "message": "1", "emoji": "👀"}),
    ("POST wait", {"for": "message", "channel": "p0-alerts", "timeout_s": 0, "after": "1", "contains": "x"}),
    ("POST wait", {"for": "log", "timeout_s": 0, "since": 0, "path": "/x", "status": 5, "contains": "x"}),
    ("POST wait", {"for": "sessions", "timeout_s": 0, "count": 1}),
    (
        "POST history",
        {"entries": [{**WHO, "id": "4194304", "message": {}, "reactions": {"👀": ["primary"]}}]},
    ),
    ("POST history", {"entries": [{**WHO, "id": "8388608", "thread": {"name": "x"}, "edited_at": "x"}]}),
    ("POST history", {"entries": [{"channel": "general", "archived_at": "2026-01-05T03:04:05+00:00"}]}),
    ("POST backdate", {"channel": "general", "at": "2026-01-05T03:04:05+00:00"}),
    ("POST member", {"user": "newcomer", "roles": ["responder"]}),
    ("PATCH member", {"user": "observer", "roles": [], "nick": "x", "dms": True, "locale": "ja"}),
    ("PATCH member", {"user": "observer", "username": "watanabe", "global_name": "x"}),
    ("DELETE member", {"user": "nobody"}),
    ("POST channel", {"channel": "deploys"}),
    ("PATCH channel", {"channel": "general", "role": "on-call", "allow": "1", "deny": "0"}),
    ("PATCH channel", {"channel": "general", "archived": True, "locked": True}),
    ("PATCH role", {"role": "on-call", "permissions": "0", "mentionable": True}),
    ("PATCH application", {"message_content": True, "members": True, "presences": True, "activities": True}),
    ("PATCH limits", {"enabled": False, "identifies_left": 5, "gateway": {}}),
    ("PATCH limits", {"gateway": {"heartbeat_ms": 1000, "starts": 5, "resume_within_s": 1}}),
    ("POST clock", {"advance_s": 0}),
    ("POST burst", {**WHO, "count": 1, "content": "x", "per_s": 1000}),
    ("POST fault", {**FAULT, "times": 1, "nth": 1, "probability": 1, "seed": 1, "code": 5, "message": "x"}),
    ("POST fault", {**FAULT, "delay_s": 0, "black_hole": False, "after": False, "headers": {"X": "y"}}),
    ("POST fault", {**FAULT, "body": "html", "retry_after": 1, "scope": "user", "global": False}),
    ("POST fault", {"gateway": "delay", "event": "X", "delay_s": 1, "times": 1}),
    ("POST fault", {"gateway": "drop", "code": 4000, "shard": 0, "forget": True, "resumable": True}),
    ("DELETE fault", {"id": "7"}),
]


async def tell(client: Client, verb: str, body: dict[str, Any]) -> Reply:
    """One call; freed afterwards of what it put in force."""
    reply = await client.human(verb, **body)
    client.sandbox.core.faults.clear()
    client.sandbox.desk.gateway_down = False
    return reply


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where anything stands in a body."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [found for key in keys for found in [(*path, key), *places(value[key], (*path, key))]]


@pytest.mark.parametrize(
    ("verb", "body"), CALLS, ids=[f"{number}-{call[0]}" for number, call in enumerate(CALLS)]
)
async def test_no_mistake_is_a_failure(client: Client, verb: str, body: dict[str, Any]) -> None:
    """Every field of every call, with a value of every other kind: 4xx and an explanation, or harmless."""
    await client.register({"name": "triage", "description": "d"})
    for place in places(body):
        for wrong in WRONG:
            if place == ("timeout_s",) and type(wrong) in (int, float):
                continue  # right, and waited for
            changed = copy.deepcopy(body)
            node = changed
            for key in place[:-1]:
                node = node[key]
            node[place[-1]] = wrong
            reply = await tell(client, verb, changed)
            assert reply.status == 200 or (reply.status < 500 and reply.body["error"]), (changed, reply)
    assert client.sandbox.core.world.internal_errors == []


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("PATCH channel", {"channel": "general", "role": "on-call", "deny": ["X"]}),
        ("PATCH channel", {"channel": "general", "role": "on-call", "allow": str(1 << 63)}),
        ("PATCH role", {"role": "on-call", "permissions": "x"}),
        ("PATCH role", {"role": "on-call", "permissions": []}),
        ("PATCH role", {"role": "on-call", "mentionable": "no"}),
        ("PATCH member", {"user": "observer", "roles": 5}),
        ("PATCH member", {"user": "observer", "locale": 5}),
        ("PATCH member", {"user": "observer", "dms": "no"}),
        ("PATCH limits", {"enabled": "x"}),
        ("PATCH limits", {"gateway": {"heartbeat_ms": 10**30}}),
        ("PATCH application", {"members": "x"}),
        ("POST wait", {"for": "message", "channel": "general", "timeout_s": "x"}),
        ("POST wait", {"for": "log", "path": "("}),
        ("POST say", {**WHO, "content": 5}),
        ("POST history", {"entries": [{"user": "primary", "colour": "red"}]}),
        ("POST history", {"entries": [{**WHO, "id": str(1 << 63), "message": {"content": "x"}}]}),
        ("POST backdate", {"channel": "general", "at": "2126-01-05T03:04:05+00:00"}),
        ("POST backdate", {"channel": "general", "at": "2026-01-05T03:04:05"}),
        ("PATCH member", {"user": "observer", "username": "primary"}),
        ("POST command", {**WHO, "name": "triage", "options": [5]}),
        ("POST command", {**WHO, "name": ""}),
        ("POST fault", {**FAULT, "headers": "x"}),
        ("POST fault", {**FAULT, "headers": {"X": 5}}),
        ("POST fault", {**FAULT, "headers": {"X": "y\r\nSet-Cookie: z"}}),
        ("POST fault", {**FAULT, "headers": {"X Y": "z"}}),
        ("POST fault", {**FAULT, "message": 5}),
        ("POST fault", {**FAULT, "after": "no"}),
        ("POST fault", {"gateway": "drop", "shard": "x"}),
        ("POST fault", {"gateway": "drop", "forget": "no"}),
        ("POST fault", {"gateway": "reorder", "event": 5}),
        ("GET log?since=x", {}),
        ("GET log?since=-1", {}),
        ("GET log?since=nan", {}),
    ],
)
async def test_mistakes_are_told(client: Client, verb: str, body: dict[str, Any]) -> None:
    """A mistaken call of the human side is answered with 400 and an explanation, and changes nothing."""
    await client.register({"name": "triage", "description": "d"})
    before = (await client.human("GET state")).body
    reply = await tell(client, verb, body)
    assert (reply.status, bool(reply.body["error"])) == (400, True)
    after = (await client.human("GET state")).body
    assert {**after, "log_next": 0} == {**before, "log_next": 0}


@pytest.mark.parametrize("raw", [b"{", b"[]", b"[" * 100_000, b'{"user": "\\ud800"}', b"\xff"])
async def test_bodies_that_are_none(client: Client, raw: bytes) -> None:
    """A request whose body is not a JSON object in valid Unicode is answered with 400 and an error."""
    async with client.http.post(f"{client.sandbox.human}/say", data=raw) as response:
        assert (response.status, bool((await response.json())["error"])) == (400, True)


async def test_a_bug_of_the_human_side_is_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of the human side is answered with 500 in JSON, and the state lists it."""
    with monkeypatch.context() as patch:
        patch.setattr(client.sandbox.core.world, "channels", None)
        reply = await client.human("POST say", **WHO, content="x")
    assert (reply.status, bool(reply.body["error"])) == (500, True)
    assert len((await client.human("GET state")).body["internal_error_texts"]) == 1
    client.sandbox.core.world.internal_errors.clear()
    assert client.sandbox.core.world.messages[ALERTS] == {}


async def test_forms_are_filled_in_strictly(client: Client) -> None:
    """Text for text, strings for choices, true or false for a checkbox; names and null are still good."""
    await client.register({"name": "triage", "description": "d"})
    options = [{"label": "a", "value": "a"}, {"label": "b", "value": "b"}]
    inside: dict[str, dict[str, Any]] = {
        "text": {"type": 4, "style": 1},
        "pick": {"type": 3, "options": options, "required": False},
        "who": {"type": 5},
        "sure": {"type": 23},
        "file": {"type": 19, "required": False},
    }
    form = {
        "custom_id": "form",
        "title": "Form",
        "components": [
            {"type": 18, "label": name, "component": {**one, "custom_id": name}}
            for name, one in inside.items()
        ],
    }
    interaction = await client.run()
    assert (await client.respond(interaction, 9, **form)).status == 200
    right: dict[str, Any] = {"text": "x", "pick": None, "who": "primary", "sure": True}
    call = {"user": "primary", "interaction": interaction["id"]}
    for name in inside:
        wrongs: tuple[Any, ...] = (5, [5], {"x": 1}, [[]])
        for wrong in wrongs:
            reply = await client.human("POST modal", **call, fields={**right, name: wrong})
            assert reply.status in (400, 404), (name, wrong)
    assert (await client.human("POST modal", **call, fields=right)).status == 200
