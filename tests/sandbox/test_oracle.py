"""The oracle itself: what it finds, and what it lets pass."""

from typing import Any

import pytest

from tests.sandbox.description import require_description
from tests.sandbox.oracle import validate_requests

ENTRY: dict[str, Any] = {
    "kind": "rest",
    "method": "POST",
    "path": "/channels/1/messages",
    "query": {},
    "body": {"content": "x"},
    "files": [],
    "status": 200,
}
REPLY = {"content": "x", "message_reference": {"message_id": 1}}


@pytest.fixture(autouse=True)
def described() -> None:
    """Nothing here works without the description."""
    require_description()


def test_right_requests_pass() -> None:
    """A body that fits, a file without a body, an entry of another kind."""
    assert validate_requests([ENTRY, {**ENTRY, "body": None, "files": ["a.png"]}, {"kind": "gateway"}]) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"body": {"content": 5}}, "content"),
        ({"path": "/channels/1/nothing"}, "no such operation"),
        ({"method": "GET", "query": {"limit": "0"}, "body": None}, "?limit"),
        ({"method": "GET", "query": {"around": "x"}, "body": None}, "?around"),
    ],
)
def test_wrong_requests_are_reported(change: dict[str, Any], word: str) -> None:
    """Body, query and route; refused requests too, unless only accepted ones are asked for."""
    entry = {**ENTRY, **change, "status": 400}
    assert word in validate_requests([entry])[0]
    assert validate_requests([entry], accepted_only=True) == []


def test_known_noise_is_let_through() -> None:
    """discord.py's integer ids pass by default, and are reported when no noise is known."""
    assert validate_requests([{**ENTRY, "body": REPLY}]) == []
    assert validate_requests([{**ENTRY, "body": REPLY}], noise=())
    files = {"attachments": [{"id": 0, "filename": "a.png"}]}
    assert validate_requests([{**ENTRY, "body": files, "files": ["a.png"]}]) == []
