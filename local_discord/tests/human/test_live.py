"""The page's WebSocket: what it says of reading, and what a restart keeps of it."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_discord.live import page
from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, PRIMARY, Client

VIEW = {"op": "view", "as": PRIMARY, "channels": [ALERTS]}


async def state(socket: aiohttp.ClientWebSocketResponse, *, unread: bool) -> dict[str, Any]:
    """The state in which #p0-alerts is unread or not, waited for."""
    while True:
        frame: dict[str, Any] = await socket.receive_json(timeout=5)
        if any(one["id"] == ALERTS and one["unread"] is unread for one in frame.get("channels", [])):
            return frame


async def test_what_was_read_stays_read(tmp_path: Path) -> None:
    """A channel that was read stays read over a restart with a state file."""
    for is_first in (True, False):
        sandbox = LocalDiscord(state=tmp_path / "state.json")
        async with sandbox, aiohttp.ClientSession() as http:
            if is_first:
                await Client(sandbox, http).post(content="read me")
            async with http.ws_connect(f"{sandbox.core.origin}/_page/ws") as socket:
                await socket.send_json(VIEW)
                if is_first:
                    await state(socket, unread=True)
                    await socket.send_json({"op": "read", "channel": ALERTS})
                await state(socket, unread=False)
            sandbox.save()


async def test_what_a_person_changes_is_shown_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is told of a new fault at once, although a fault is no event of the gateway."""
    monkeypatch.setattr(page, "_LOOK_S", 60.0)
    async with client.http.ws_connect(f"{client.sandbox.core.origin}/_page/ws") as socket:
        await socket.send_json(VIEW)
        await state(socket, unread=False)
        fault = {"route": "GET /gateway", "status": 503, "times": None}
        await client.human("POST fault", **fault)
        while not (await socket.receive_json(timeout=5)).get("faults"):
            pass
