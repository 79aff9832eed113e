"""Standing still: the API and the gateway answer nothing, every socket stays open."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from local_discord.core import Core
from local_discord.gateway.rules import GatewayRules
from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, DEADLINE_S, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import GUILDS, USUAL, dial

VERB = f"POST /channels/{ALERTS}/messages"


async def test_nothing_is_answered_until_thawed(client: Client, connect: Connect) -> None:
    """Requests wait and succeed afterwards; so do heartbeats, events and new connections."""
    token = client.sandbox.address.token
    socket = await connect()
    await socket.identify(token, USUAL)
    await socket.event("GUILD_CREATE")
    assert (await client.human("POST freeze")).body == {"frozen": True, "seconds": None}
    request = asyncio.ensure_future(client.api(VERB, {"content": "x"}))
    late = asyncio.ensure_future(connect())
    await socket.send(1, None)
    with pytest.raises(TimeoutError):
        await socket.ws.receive(0.05)
    assert not request.done()
    assert not late.done()
    assert (await client.human("GET fault")).body["frozen"] is True
    assert (await client.human("GET messages/p0-alerts")).body == []
    await client.human("DELETE freeze")
    assert (await request).status == 200
    assert {(await socket.frame())["op"] for _ in range(2)} == {0, 11}
    await (await late).identify(token, GUILDS)


async def test_it_thaws_by_itself(client: Client) -> None:
    """A freeze ends after its seconds, which a second call replaces, or when all faults are cleared."""
    await client.human("POST freeze", seconds=60)
    await client.human("POST freeze", seconds=0.02)
    assert (await client.api("GET /users/@me")).status == 200
    await client.human("POST freeze")
    await client.human("DELETE fault")
    assert (await client.api("GET /users/@me")).status == 200


async def test_who_left_meanwhile_has_no_effect(client: Client) -> None:
    """A request whose client gave up is not carried out when it goes on."""
    await client.human("POST freeze")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.api(VERB, {"content": "x"}), 0.05)
    await client.human("DELETE freeze")
    gone = {"for": "log", "kind": "rest", "method": "POST"}
    assert (await client.human("POST wait", **gone)).body["log"]["status"] is None
    assert (await client.human("GET messages/p0-alerts")).body == []


async def test_people_go_on_while_it_stands_still(client: Client, connect: Connect) -> None:
    """What people say during a freeze reaches the bot after the freeze, in the same order."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, USUAL)
    await client.human("POST freeze")
    for text in ("a", "b"):
        await client.human("POST say", user="primary", channel="dm:primary", content=text)
    await client.human("DELETE freeze")
    heard = [(await socket.event("MESSAGE_CREATE"))["d"]["content"] for _ in range(2)]
    assert heard == ["a", "b"]


async def test_frozen_time_does_not_count_against_heartbeats() -> None:
    """A client whose heartbeats were not read is not thrown out for it."""
    core = Core(rules=GatewayRules(heartbeat_ms=60))
    async with LocalDiscord(core=core) as sandbox, AsyncExitStack() as stack:
        socket = Socket(await dial(stack, sandbox))
        await socket.identify(sandbox.address.token, GUILDS)
        await socket.event("GUILD_CREATE")
        core.freezer.freeze(0.2)
        await core.freezer.passed()
        await socket.send(1, None)
        assert (await socket.frame())["op"] == 11
        assert await socket.closed() == 4009


@pytest.mark.parametrize("seconds", [-1, "x", True])
async def test_senseless_seconds_are_refused(client: Client, seconds: object) -> None:
    """A freeze for an invalid time is refused with 400, and the server still answers."""
    assert (await client.human("POST freeze", seconds=seconds)).status == 400
    assert (await client.api("GET /users/@me")).status == 200


async def test_a_frozen_sandbox_can_be_stopped(sandbox: LocalDiscord) -> None:
    """A local Discord that is frozen stops at once, without waiting for the freeze to end."""
    sandbox.core.freezer.freeze()
    async with asyncio.timeout(DEADLINE_S):
        await sandbox.stop()
