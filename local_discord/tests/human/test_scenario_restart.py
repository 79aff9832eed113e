"""The sandbox restarts with its state kept: in one process, through a file, by signals."""

import asyncio
import json
import os
import re
import signal
import stat
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, DEADLINE_S, PRIMARY, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import GUILDS, MESSAGES, USUAL, dial
from local_discord.world.saving.state import BadState

COMMAND = {"name": "triage", "description": "d"}


async def live_a_little(client: Client) -> dict[str, Any]:
    """A command in use, an alert with a reaction, a thread and a file, a DM, a webhook; returns the alert."""
    await client.register(COMMAND)
    alert = await client.post(content="alert", nonce="n1", enforce_nonce=True, embeds=[{"title": "SEV1"}])
    await client.human("PUT reaction", user="primary", message=alert["id"], emoji="👀")
    await client.api(f"POST /channels/{ALERTS}/messages/{alert['id']}/threads", {"name": "SEV1 api."})
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps({"content": "log"}))
    form.add_field("files[0]", b"\x00\xff", filename="x.bin", content_type="application/octet-stream")
    url = f"{client.sandbox.api_base}/channels/{alert['id']}/messages"
    async with client.http.post(url, data=form, headers=client.headers) as response:
        assert response.status == 200
    await client.human("POST say", user="primary", channel="dm:primary", content="hello")
    await client.human("PATCH member", user="primary", locale="en-US")
    return alert


async def told(client: Client) -> dict[str, Any]:
    """What a person would see, without what changes by itself."""
    state: dict[str, Any] = (await client.human("GET state")).body
    passing = ("log_next", "sessions", "clock_shift_s")
    seen = {name: value for name, value in state.items() if name not in passing}
    seen["messages"] = (await client.human("GET messages/p0-alerts")).body
    seen["dms"] = (await client.human("GET dms/primary")).body
    return seen


async def test_a_restart_in_place_keeps_everything(client: Client, connect: Connect) -> None:
    """The same port, the same world; a session resumes and hears what happened meanwhile."""
    sandbox, token = client.sandbox, client.sandbox.address.token
    await live_a_little(client)
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    await socket.event("GUILD_CREATE")
    before, base = await told(client), sandbox.api_base
    await sandbox.restart()
    assert await socket.closed() == 1006
    assert (sandbox.api_base, await told(client)) == (base, before)
    await client.post(content="meanwhile")
    again = await connect()
    await again.frame()
    await again.send(6, {"token": token, "session_id": ready["session_id"], "seq": socket.seq})
    assert (await again.event("MESSAGE_CREATE"))["d"]["content"] == "meanwhile"
    assert await again.event("RESUMED")


async def test_a_state_file_carries_everything_over(tmp_path: Path) -> None:
    """A sandbox that starts from a state file has the same world, commands, files, nonces and clock.

    The gateway session can be resumed, and an open interaction keeps its deadline.
    """
    file = tmp_path / "kept" / "state.json"
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(LocalDiscord(state=file))
        client = Client(sandbox, await stack.enter_async_context(aiohttp.ClientSession()))
        alert = await live_a_little(client)
        interaction = await client.run()
        await client.human("POST clock", advance_s=30)
        await client.human("PATCH limits", identifies_left=500)
        socket = Socket(await dial(stack, sandbox))
        ready = await socket.identify(sandbox.address.token, GUILDS | MESSAGES)
        await socket.event("GUILD_CREATE")
        await client.human("POST fault", gateway="drop")
        await client.post(content="missed")
        assert (await client.human("POST save")).body == {"file": "state.json"}
        before = await told(client)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with AsyncExitStack() as stack:
        reborn = await stack.enter_async_context(LocalDiscord(state=file))
        reborn.core.limiter.enabled = False
        client = Client(reborn, await stack.enter_async_context(aiohttp.ClientSession()))
        assert without_port(await told(client)) == without_port(before)
        assert reborn.core.clock.shift_s == 30
        resumed = Socket(await dial(stack, reborn))
        await resumed.frame()
        token = reborn.address.token
        await resumed.send(6, {"token": token, "session_id": ready["session_id"], "seq": socket.seq})
        assert (await resumed.event("MESSAGE_CREATE"))["d"]["content"] == "missed"
        again = await client.post(content="alert", nonce="n1", enforce_nonce=True)
        assert again["id"] == alert["id"]
        assert int((await client.post(content="later"))["id"]) > int(alert["id"])
        assert (await client.respond(interaction, 4, content="x")).code == 10062  # 30 s have passed
        await client.human("PATCH member", user="primary", locale="ja")
        assert reborn.core.world.members[PRIMARY].user.locale == "ja"


def without_port(seen: dict[str, Any]) -> str:
    """As text; the addresses of attachments name no port."""
    return re.sub(r"127\.0\.0\.1:\d+", "here", json.dumps(seen))


async def test_without_a_file_nothing_is_saved(client: Client) -> None:
    """Without a file for the state, POST save is refused with 400, and the error names `--state`."""
    reply = await client.human("POST save")
    assert (reply.status, "--state" in reply.body["error"]) == (400, True)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"version": 0}', '{"version": 1, "core": {"world": 1}}'])
async def test_what_is_no_state_is_refused(tmp_path: Path, text: str) -> None:
    """A file that holds no state is refused with the file's name, and is left as it was."""
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(BadState, match=r"state\.json"):
        LocalDiscord(state=file)
    assert file.read_text() == text


async def started(*arguments: str) -> tuple[asyncio.subprocess.Process, dict[str, str]]:
    """The command line, serving."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local_discord", "--json", *arguments), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), DEADLINE_S)
    address: dict[str, str] = json.loads(line)
    return process, address


async def test_sigterm_saves_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """Two lives of one process on one file and one port."""
    file = tmp_path / "state.json"
    process, address = await started("--state", str(file))
    said = {"user": "primary", "channel": "general", "content": "remember"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{address['human']}/say", json=said) as response:
            made = await response.json()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0
        port = address["api_base"].split(":")[2].split("/")[0]
        process, again = await started("--state", str(file), "--port", port)
        assert again == address
        async with http.get(f"{address['human']}/messages/general") as response:
            kept = await response.json()
        assert [one["id"] for one in kept] == [made["id"]]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--host", "0.0.0.0"), "loopback only"),
        (("--state", os.devnull), "no state of a local Discord"),
        (("--nonsense",), "unrecognized arguments"),
    ],
)
async def test_the_command_line_says_why_it_does_not_start(arguments: tuple[str, ...], words: str) -> None:
    """A command line that cannot start ends with exit status 2 and says why on standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local_discord", *arguments), stderr=asyncio.subprocess.PIPE
    )
    _, told_why = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert (process.returncode, words in told_why.decode()) == (2, True)
