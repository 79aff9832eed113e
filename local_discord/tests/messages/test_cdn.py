"""Attachments are served so that none of them runs on the page's own origin."""

from base64 import b64encode
from typing import Any

import pytest

from local_discord.tests.client import Client

SCRIPT = b"<script>fetch('/_human/state')</script>"


async def said(client: Client, name: str, kind: str) -> str:
    """The URL of a file that a person attached."""
    file: dict[str, Any] = {"filename": name, "content_type": kind, "data": b64encode(SCRIPT).decode()}
    reply = await client.human("POST say", user="observer", channel="general", files=[file])
    assert reply.status == 200, reply.body
    return str(reply.body["attachments"][0]["url"])


@pytest.mark.parametrize(
    ("name", "kind", "is_saved"),
    [
        ("page.html", "text/html", True),
        ("drawing.svg", "image/svg+xml", True),
        ("page.xhtml", "application/xhtml+xml", True),
        ("報告 1.csv", "text/csv; charset=utf-8", True),
        ("shot.png", "image/png", False),
        ("call.webm", "video/webm", False),
        ("odd", 'text/html"\r\nX-Injected: 1', True),
    ],
)
async def test_files_are_shown_only_when_nothing_in_them_runs(
    client: Client, name: str, kind: str, *, is_saved: bool
) -> None:
    """Pictures, sounds and films are shown, all else is saved; a sandbox without rights for every one."""
    async with client.http.get(await said(client, name, kind)) as response:
        assert response.status == 200
        assert await response.read() == SCRIPT
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "X-Injected" not in headers
    disposition = headers.get("Content-Disposition", "")
    assert disposition.startswith("attachment; filename*=UTF-8''") is is_saved


async def test_a_file_that_is_not_there(client: Client) -> None:
    """A request for an attachment that does not exist gets a 404 in the JSON form of the API's errors."""
    async with client.http.get(f"{client.sandbox.core.origin}/attachments/1/2/x.png") as response:
        assert (response.status, (await response.json())["code"]) == (404, 0)
