"""The oracle itself: what it finds, and what it lets pass."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.client import Client
from local_discord.tests.openapi import source
from local_discord.tests.openapi.oracle import validate_requests
from local_discord.tests.openapi.source import require_description
from local_discord.tests.openapi.watch import hold_against_the_description

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


@pytest.fixture
def described() -> None:
    """What holds something against the description does not work without it."""
    require_description()


@pytest.mark.usefixtures("described")
def test_right_requests_pass() -> None:
    """A body that fits, a file without a body, an entry of another kind."""
    assert validate_requests([ENTRY, {**ENTRY, "body": None, "files": ["a.png"]}, {"kind": "gateway"}]) == []
    unread = {**ENTRY, "path": "/channels/1/messages/2/threads", "body": None, "files": []}
    assert validate_requests([{**unread, "status": 503, "fault": "* /channels/**"}]) == []
    assert validate_requests([unread])


@pytest.mark.usefixtures("described")
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


@pytest.mark.usefixtures("described")
def test_known_noise_is_let_through() -> None:
    """discord.py's integer ids pass by default, and are reported when no noise is known."""
    assert validate_requests([{**ENTRY, "body": REPLY}]) == []
    assert validate_requests([{**ENTRY, "body": REPLY}], noise=())
    files = {"attachments": [{"id": 0, "filename": "a.png"}]}
    assert validate_requests([{**ENTRY, "body": files, "files": ["a.png"]}]) == []


def test_a_run_says_whether_the_description_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Absent, it is told where to get it and what is unproven, in each skip and at the head of the run."""
    monkeypatch.setattr(source, "DESCRIPTION", Path("/nowhere"))
    with pytest.raises(pytest.skip.Exception) as skipped:
        require_description()
    assert skipped.value.msg == source.pytest_report_header() == source.MISSING
    assert "github.com/discord/discord-api-spec" in source.MISSING
    assert "Unproven" in source.MISSING
    monkeypatch.setattr(source, "DESCRIPTION", Path(__file__))
    assert source.pytest_report_header() == source.FOUND


@pytest.mark.usefixtures("described")
async def test_what_other_tiers_say_is_watched() -> None:
    """A request that is not as described fails their tests, refused or not."""
    async with LocalDiscord() as sandbox, aiohttp.ClientSession() as http:
        await Client(sandbox, http).api("POST /users/@me/channels", {"recipient_id": "x"})
    with pytest.raises(AssertionError, match="recipient_id"):
        hold_against_the_description(sandbox.core)
