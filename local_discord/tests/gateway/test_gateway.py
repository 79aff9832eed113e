"""The gateway: sessions, intents, resume, close codes, faults."""

import asyncio

import aiohttp
import pytest

from local_discord.core import Core
from local_discord.gateway.rules import GatewayRules
from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, PRIMARY, Client, Socket
from local_discord.tests.conftest import Connect

GUILDS, MEMBERS, MESSAGES, REACTIONS, DMS, CONTENT = 1, 1 << 1, 1 << 9, 1 << 10, 1 << 12, 1 << 15
USUAL = GUILDS | MEMBERS | MESSAGES | REACTIONS | DMS


@pytest.fixture
def token(sandbox: LocalDiscord) -> str:
    return sandbox.address.token


@pytest.mark.parametrize("compressed", [False, True])
async def test_ready_then_guild_create(connect: Connect, token: str, *, compressed: bool) -> None:
    """READY names session and resume URL; GUILD_CREATE follows with channels, roles and the bot's member."""
    socket = await connect(compressed=compressed)
    ready = await socket.identify(token, USUAL)
    assert ready["resume_gateway_url"].startswith("ws://127.0.0.1:")
    assert ready["guilds"][0]["unavailable"] is True
    guild = (await socket.event("GUILD_CREATE"))["d"]
    assert len(guild["channels"]) == 6
    assert [member["user"]["username"] for member in guild["members"]] == ["incident-bot"]
    await socket.send(8, {"guild_id": guild["id"], "query": "", "limit": 0, "nonce": "n"})
    chunk = (await socket.event("GUILD_MEMBERS_CHUNK"))["d"]
    assert (len(chunk["members"]), chunk["chunk_count"], chunk["nonce"]) == (6, 1, "n")
    # Older libraries send a list. Source: Gateway Events > Request Guild Members: one guild is the limit.
    await socket.send(8, {"guild_id": [guild["id"], "1"], "query": "", "limit": 0, "nonce": "of a list"})
    assert (await socket.event("GUILD_MEMBERS_CHUNK"))["d"]["nonce"] == "of a list"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "properties": {}, "intents": 1}}, 4004),
        ({"op": 2, "d": {"intents": "x"}}, 4002),
        ({"op": 8, "d": {}}, 4003),
        ({"op": 99, "d": None}, 4001),
        ({"op": True, "d": None}, 4001),
        ({"op": 2, "d": {"token": "x" * 5000, "intents": 1}}, 4002),
        ([], 4002),
    ],
)
async def test_close_codes(connect: Connect, frame: object, code: int) -> None:
    """A wrong token, no identify, an unknown opcode, an oversized or broken frame each have their code."""
    socket = await connect()
    await socket.frame()
    await socket.ws.send_json(frame)
    assert await socket.closed() == code


@pytest.mark.parametrize(
    ("extra", "code"),
    [({"intents": CONTENT}, 4014), ({"intents": 1 << 30}, 4013), ({"intents": 1, "shard": [1, 1]}, 4010)],
)
async def test_identify_is_checked(connect: Connect, token: str, extra: dict[str, object], code: int) -> None:
    """A privileged intent that the portal has off is 4014, a senseless one 4013, a wrong shard 4010."""
    socket = await connect()
    await socket.frame()
    await socket.send(2, {"token": token, "properties": {}, **extra})
    assert await socket.closed() == code


async def test_second_identify_and_wrong_version(connect: Connect, token: str) -> None:
    """The gateway closes a second IDENTIFY with 4005, and another API version with 4012."""
    socket = await connect()
    await socket.identify(token, USUAL)
    await socket.send(2, {"token": token, "properties": {}, "intents": 1})
    assert await socket.closed() == 4005
    assert await (await connect(version=6)).closed() == 4012


async def test_heartbeats_are_acknowledged_and_missed(token: str) -> None:
    """A heartbeat has its ack; without any the connection ends with 4009."""
    async with (
        LocalDiscord(core=Core(rules=GatewayRules(heartbeat_ms=100))) as sandbox,
        aiohttp.ClientSession() as http,
        http.ws_connect(sandbox.gateway) as ws,
    ):
        socket = Socket(ws)
        await socket.identify(token, GUILDS)
        await socket.send(1, None)
        assert (await socket.op(11))["d"] is None
        assert await socket.closed() == 4009


async def test_events_follow_the_intents(client: Client, connect: Connect, token: str) -> None:
    """A session without reactions hears none; content of others is empty, one's own is not."""
    full, few = await connect(), await connect()
    await full.identify(token, USUAL)
    await few.identify(token, GUILDS | MESSAGES)
    made = await client.post(content="alert", components=[])
    assert (await full.event("MESSAGE_CREATE"))["d"]["content"] == "alert"
    await client.human("PUT reaction", user="primary", message=made["id"], emoji="👀")
    await client.human("POST say", user="observer", channel="general", content="secret")
    reaction = (await full.event("MESSAGE_REACTION_ADD"))["d"]
    assert (reaction["emoji"], reaction["member"]["user"]["id"]) == ({"id": None, "name": "👀"}, PRIMARY)
    assert (reaction["burst"], reaction["type"]) == (False, 0)
    assert (await full.event("MESSAGE_CREATE"))["d"]["content"] == ""
    names = [(await few.frame())["t"] for _ in range(3)]
    assert names == ["GUILD_CREATE", "MESSAGE_CREATE", "MESSAGE_CREATE"]


async def test_channels_out_of_sight_send_nothing(client: Client, connect: Connect, token: str) -> None:
    """A bot without VIEW_CHANNEL in a channel gets no event of the messages that are posted there."""
    socket = await connect()
    await socket.identify(token, USUAL)
    await client.human("PATCH channel", channel="general", role="incident-bot", deny=str(1 << 10))
    await client.human("POST say", user="observer", channel="general", content="x")
    await client.post(content="y")
    assert (await socket.event("MESSAGE_CREATE"))["d"]["content"] == "y"


async def test_interactions_reach_every_session(client: Client, connect: Connect, token: str) -> None:
    """Two processes with one token both hear of it; one answers, the other gets 40060."""
    await client.register({"name": "triage", "description": "d"})
    sockets = [await connect(), await connect()]
    for socket in sockets:
        await socket.identify(token, GUILDS)
    await client.run()
    heard = [(await socket.event("INTERACTION_CREATE"))["d"] for socket in sockets]
    assert heard[0]["id"] == heard[1]["id"]
    assert (await client.respond(heard[0], 4, content="x")).status == 200
    assert (await client.respond(heard[1], 4, content="x")).code == 40060


async def test_resume_replays_what_was_missed(client: Client, connect: Connect, token: str) -> None:
    """After a cut, RESUME brings the missed events in order and exactly once, then RESUMED."""
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    await socket.event("GUILD_CREATE")
    await client.human("POST fault", gateway="drop")
    for text in ("a", "b"):
        await client.post(content=text)
    again = await connect()
    await again.frame()
    await again.send(6, {"token": token, "session_id": ready["session_id"], "seq": socket.seq})
    frames = [await again.frame() for _ in range(3)]
    assert [frame["d"].get("content") for frame in frames] == ["a", "b", None]
    assert [frame["s"] for frame in frames] == [3, 4, 5]
    assert frames[-1]["t"] == "RESUMED"


async def test_resume_fails_when_it_cannot_be_complete(client: Client, connect: Connect, token: str) -> None:
    """A resume after too many events, or of an unknown session, gets op 9; with a future sequence, 4007."""
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    await client.human("POST fault", gateway="drop")
    session = client.sandbox.sessions.get(ready["session_id"])
    assert session is not None
    future = await connect()
    await future.frame()
    await future.send(6, {"token": token, "session_id": session.id, "seq": 99})
    assert await future.closed() == 4007
    for _ in range(1001):
        session.dispatch("TYPING_START", {})
    for session_id in (session.id, "unknown"):
        late = await connect()
        await late.frame()
        await late.send(6, {"token": token, "session_id": session_id, "seq": 1})
        assert (await late.op(9))["d"] is False


async def test_a_clean_close_gives_the_session_up(client: Client, connect: Connect, token: str) -> None:
    """A client that closes with 1000 cannot resume."""
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    await socket.ws.close(code=1000)
    sessions = client.sandbox.sessions
    gone = await client.sandbox.core.hub.until(lambda: sessions.get(ready["session_id"]) is None or None, 5)
    assert gone


async def test_gateway_faults(client: Client, connect: Connect, token: str) -> None:
    """Reconnect is op 7, invalidate op 9, close a code; silent answers nothing; down refuses to connect."""
    socket = await connect()
    await socket.identify(token, USUAL)
    await client.human("POST fault", gateway="reconnect")
    assert (await socket.op(7))["op"] == 7
    await client.human("POST fault", gateway="invalidate")
    assert (await socket.op(9))["d"] is False
    await client.human("POST fault", gateway="close", code=4004)
    assert await socket.closed() == 4004
    mute = await connect()
    await mute.identify(token, USUAL)
    await mute.event("GUILD_CREATE")
    await client.human("POST fault", gateway="silent")
    await mute.send(1, None)
    with pytest.raises(TimeoutError):
        await mute.ws.receive(0.05)
    await client.human("POST fault", gateway="down")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await connect()
    await client.human("DELETE fault")
    await (await connect()).identify(token, USUAL)


async def test_sessions_are_counted_and_awaited(client: Client, connect: Connect, token: str) -> None:
    """A `wait` for sessions returns when enough are connected, and the state counts them."""
    waiting = asyncio.ensure_future(client.human("POST wait", **{"for": "sessions", "count": 1}))
    await (await connect()).identify(token, USUAL)
    assert (await waiting).body == {"timeout": False, "sessions": 1}
    assert (await client.human("GET state")).body["sessions"] == 1


async def test_threads_and_members_have_their_events(client: Client, connect: Connect, token: str) -> None:
    """Starting a thread, archiving it, and changing roles are all told."""
    socket = await connect()
    await socket.identify(token, USUAL)
    made = await client.post(content="alert")
    await client.api(f"POST /channels/{ALERTS}/messages/{made['id']}/threads", {"name": "t"})
    assert (await socket.event("THREAD_CREATE"))["d"]["newly_created"] is True
    assert (await socket.event("THREAD_MEMBERS_UPDATE"))["d"]["added_members"]
    await client.api(f"PATCH /channels/{made['id']}", {"archived": True})
    assert (await socket.event("THREAD_UPDATE"))["d"]["thread_metadata"]["archived"] is True
    await client.human("PATCH member", user="observer", roles=["responder"])
    assert (await socket.event("GUILD_MEMBER_UPDATE"))["d"]["roles"] == ["1100000000000000202"]
    await client.api(f"DELETE /channels/{ALERTS}/messages/{made['id']}")
    assert (await socket.event("MESSAGE_DELETE"))["d"]["id"] == made["id"]
