"""Starting, the address, loopback only, the command line."""

import asyncio
import json
import re
import signal
import socket
import sys
from typing import Any

import aiohttp
import pytest

from local_discord.__main__ import main
from local_discord.server import Address, LocalDiscord, NotLoopback, serve
from local_discord.tests.client import DEADLINE_S
from local_discord.tests.openapi.oracle import require_description, validate_log
from local_discord.world.snowflake import created_at

KEYS = {"api_base", "gateway", "human", "page", "token", "guild_id", "application_id"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.com"])
def test_only_loopback_is_served(host: str) -> None:
    """A local Discord on an address other than loopback, which others could reach, is refused."""
    with pytest.raises(NotLoopback, match="loopback only"):
        LocalDiscord(host=host)


async def test_serve_announces_its_address_until_cancelled() -> None:
    """The address has exactly the documented keys."""
    ready: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve(on_ready=ready.set_result))
    address = await asyncio.wait_for(ready, DEADLINE_S)
    assert set(json.loads(address.to_json())) == KEYS
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_port_that_is_in_use_is_named_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    """If another program uses the port, `local-discord --port` ends with 2 and advises another port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        f"port {port} is in use: choose another one with --port (0 takes a free one)\n"
    )


async def test_the_command_line_prints_one_line_and_ends_on_sigterm() -> None:
    """`python -m local_discord --json` serves, and exits with 0 when told to stop."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local_discord", "--port", "0", "--json", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), DEADLINE_S)
    assert set(json.loads(line)) == KEYS
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


async def test_the_command_line_says_where_the_page_is() -> None:
    """The command line first prints the address of the page, and ends with status 0 on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local_discord", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    word, url = (await asyncio.wait_for(process.stdout.readline(), DEADLINE_S)).decode().split()
    assert word == "Page"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert "Local Discord" in await response.text()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


async def test_what_it_prints_points_a_bot_at_it() -> None:
    """A shell that is given the exports has all that a bot needs, and its bot is called as asked for."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local_discord", "--bot-name", "helper"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    head = (await asyncio.wait_for(process.stdout.readuntil(b"/gateway\n"), DEADLINE_S)).decode()
    exported = dict(re.findall(r"^  export (\w+)=(.+)$", head, re.MULTILINE))
    headers = {"Authorization": f"Bot {exported['DISCORD_TOKEN']}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.get(f"{exported['DISCORD_API_BASE']}/users/@me") as response:
            me = await response.json()
        async with http.get(
            f"{exported['DISCORD_API_BASE']}/guilds/{exported['DISCORD_GUILD_ID']}"
        ) as response:
            assert {"helper"} < {role["name"] for role in (await response.json())["roles"]}
        async with http.ws_connect(exported["DISCORD_GATEWAY"] + "?v=10&encoding=json") as ws:
            assert (await ws.receive_json())["op"] == 10
    assert (me["id"], me["username"]) == (exported["DISCORD_APPLICATION_ID"], "helper")
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--host", "0.0.0.0", "listens on loopback only, not on '0.0.0.0'"),
        ("--port", "99999", "65535"),
        ("--bot-name", "admin", "choose another name for the bot"),
    ],
)
async def test_the_command_line_refuses_with_a_sentence(option: str, value: str, said: str) -> None:
    """An address that others could reach, and a port that is none: exit status 2, no traceback."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local_discord", option, value),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 2
    assert out == b""
    assert said in error.decode()
    assert "Traceback" not in error.decode()


def test_ids_carry_their_time(sandbox: LocalDiscord) -> None:
    """The ids of the sandbox increase, and an id contains the time when it was made."""
    ids = [sandbox.core.ids.next() for _ in range(100)]
    assert sorted(set(ids), key=int) == ids
    age = sandbox.core.clock.now() - created_at(ids[0])
    assert abs(age.total_seconds()) < 5


def test_the_clock_only_moves_forwards(sandbox: LocalDiscord) -> None:
    """Moving the clock by a negative time is refused."""
    with pytest.raises(ValueError, match="forwards"):
        sandbox.core.clock.advance(-1)


def test_the_oracle_finds_what_is_wrong() -> None:
    """A missing field, an unknown status, an unknown route and a body too many are all reported."""
    require_description()
    entry: dict[str, Any] = {
        "kind": "rest",
        "fault": None,
        "method": "GET",
        "path": "/users/@me",
        "status": 200,
        "response": {},
    }
    assert "required property" in validate_log([entry])[0]
    assert validate_log([{**entry, "status": 302}])
    assert validate_log([{**entry, "path": "/nothing"}])
    assert validate_log(
        [{**entry, "method": "DELETE", "path": "/webhooks/1", "status": 204, "response": {"a": 1}}]
    )
    assert validate_log([{**entry, "status": 500}])
    assert validate_log([{**entry, "fault": "GET /users/@me"}]) == []
