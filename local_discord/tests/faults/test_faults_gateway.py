"""Faults of the gateway: events that come twice, late, in another order or never; one shard; forgetting."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from local_discord.tests.client import Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import USUAL, dial


@pytest.fixture
async def socket(client: Client, connect: Connect) -> Socket:
    """A session that has heard READY and GUILD_CREATE."""
    opened = await connect()
    await opened.identify(client.sandbox.address.token, USUAL)
    await opened.event("GUILD_CREATE")
    return opened


async def say(client: Client, *texts: str) -> None:
    for text in texts:
        await client.post(content=text)


async def hear(socket: Socket, count: int) -> list[Any]:
    """The contents of the next events; their numbers must go on from the last one, without a gap."""
    first = (socket.seq or 0) + 1
    frames = [await socket.frame() for _ in range(count)]
    assert [frame["s"] for frame in frames] == list(range(first, first + count))
    return [frame["d"].get("content", frame["t"]) for frame in frames]


async def test_an_event_comes_twice(client: Client, socket: Socket) -> None:
    """The second of three, each dispatch with a number of its own."""
    await client.human("POST fault", gateway="duplicate", event="MESSAGE_CREATE", nth=2)
    await say(client, "a", "b", "c")
    assert await hear(socket, 4) == ["a", "b", "b", "c"]


async def test_an_event_comes_late(client: Client, socket: Socket) -> None:
    """A delayed event arrives after the events that came later, whose numbers still follow each other."""
    await client.human("POST fault", gateway="delay", event="MESSAGE_CREATE", delay_s=0.05)
    await say(client, "a", "b", "c")
    assert await hear(socket, 3) == ["b", "c", "a"]


async def test_two_events_change_places(client: Client, socket: Socket) -> None:
    """The hit one comes right after the next; without a next one it comes after all."""
    await client.human("POST fault", gateway="reorder", event="MESSAGE_*", nth=2, delay_s=0.05)
    await say(client, "a", "b", "c", "d")
    assert await hear(socket, 4) == ["a", "c", "b", "d"]
    await client.human("POST fault", gateway="reorder", event="MESSAGE_CREATE", delay_s=0.02)
    await say(client, "alone")
    assert await hear(socket, 1) == ["alone"]


async def test_an_event_is_lost(client: Client, socket: Socket) -> None:
    """A client does not hear the two events that a fault loses; the fault counts its hits.

    The client hears the next event, whose number shows no gap.
    """
    made = await client.human("POST fault", gateway="lose", event="MESSAGE_CREATE", times=2)
    await say(client, "a", "b", "c")
    assert await hear(socket, 1) == ["c"]
    listed = (await client.human("GET fault")).body["faults"]
    assert listed[0]["id"] == made.body["id"]
    assert (listed[0]["event"], listed[0]["hits"], listed[0]["left"]) == ("MESSAGE_CREATE", 2, 0)


async def test_a_probability_with_a_seed_loses_the_same_events(client: Client, socket: Socket) -> None:
    """Two runs with one seed hear the same."""
    heard = []
    for _ in range(2):
        spec: dict[str, Any] = {"gateway": "lose", "event": "MESSAGE_CREATE", "times": None}
        made = await client.human("POST fault", **spec, probability=0.5, seed=3)
        await say(client, *map(str, range(10)))
        await client.human("DELETE fault", id=made.body["id"])
        await say(client, "end")
        texts = []
        while (text := (await socket.frame())["d"]["content"]) != "end":
            texts.append(text)
        heard.append(texts)
    assert heard[0] == heard[1]
    assert 0 < len(heard[0]) < 10


async def test_a_fault_hits_one_shard(client: Client, connect: Connect) -> None:
    """A fault for one shard closes that shard's connection, and the other shard's connection goes on."""
    sockets = [await connect(), await connect()]
    for shard, one in enumerate(sockets):
        await one.identify(client.sandbox.address.token, USUAL, shard=[shard, 2])
    reply = await client.human("POST fault", gateway="drop", code=4000, shard=1)
    assert reply.body["connections"] == 1
    assert await sockets[1].closed() == 4000
    await sockets[0].send(1, None)
    assert await sockets[0].op(11)


async def test_a_dropped_session_may_be_forgotten(client: Client, socket: Socket, connect: Connect) -> None:
    """A session that is forgotten when it is dropped cannot be resumed: the resume is answered with op 9."""
    session = client.sandbox.sessions.connected[0]
    await client.human("POST fault", gateway="drop", forget=True)
    assert await socket.closed() == 1006
    again = await connect()
    await again.frame()
    await again.send(6, {"token": client.sandbox.address.token, "session_id": session.id, "seq": 1})
    assert (await again.op(9))["d"] is False


@pytest.mark.parametrize("compress", ["zlib-stream", "zstd-stream"])
async def test_a_silent_socket_says_nothing_at_all(client: Client, compress: str) -> None:
    """No events, no acknowledgements; a resume elsewhere brings what was missed."""
    async with AsyncExitStack() as stack:
        mute = await dial(stack, client.sandbox, compress=compress)
        await mute.receive()
        identify = {"token": client.sandbox.address.token, "properties": {}, "intents": USUAL}
        await mute.send_json({"op": 2, "d": identify})
        await mute.receive()
        await mute.receive()
        await client.human("POST fault", gateway="silent")
        assert (await client.human("GET fault")).body["silent"] == 1
        await mute.send_json({"op": 1, "d": 2})
        await say(client, "unheard")
        with pytest.raises(TimeoutError):
            await mute.receive(0.05)
        resumed = Socket(await dial(stack, client.sandbox))
        await resumed.frame()
        session = client.sandbox.sessions.connected[0]
        token = client.sandbox.address.token
        await resumed.send(6, {"token": token, "session_id": session.id, "seq": 2})
        assert (await resumed.frame())["d"]["content"] == "unheard"


@pytest.mark.parametrize(
    "bad",
    [
        {"gateway": "close", "code": 99},
        {"gateway": "close", "code": "x"},
        {"gateway": "drop", "times": 2},
        {"gateway": "delay", "delay_s": -1},
        {"gateway": "lose", "route": "x"},
        {"gateway": "lose", "nth": 0},
    ],
)
async def test_senseless_gateway_faults_are_refused(client: Client, bad: dict[str, object]) -> None:
    """A gateway fault whose values make no sense is refused with status 400 and a reason."""
    reply = await client.human("POST fault", **bad)
    assert (reply.status, bool(reply.body["error"])) == (400, True)


async def test_a_gateway_that_is_down_is_lifted_alone(client: Client, connect: Connect) -> None:
    """The other faults stay; a second time there is nothing to lift."""
    await client.human("POST fault", route="GET /users/@me", status=503, times=None)
    await client.human("POST fault", gateway="down")
    assert (await client.human("DELETE fault/down")).status == 200
    assert (await (await connect()).frame())["op"] == 10
    assert (await client.api("GET /users/@me")).status == 503
    assert (await client.human("DELETE fault/down")).status == 400
