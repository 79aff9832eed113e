"""Sessions: identifying within the rules, sharding, resuming, expiring."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import aiohttp
import pytest

from local_discord.core import Core
from local_discord.gateway.rules import GatewayRules
from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, PRIMARY, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import (
    CONTENT,
    DMS,
    GUILDS,
    MEMBERS,
    MESSAGES,
    USUAL,
    WEBHOOKS,
    dial,
)

GUILD = "1100000000000000001"


@pytest.fixture
def token(sandbox: LocalDiscord) -> str:
    return sandbox.address.token


@pytest.mark.parametrize("op", [3, 4, 8, 31, 43])
async def test_nothing_goes_before_identify(connect: Connect, token: str, op: int) -> None:
    """4003 without a session; with one the same frame without an object is 4002."""
    socket = await connect()
    await socket.frame()
    await socket.send(op, {})
    assert await socket.closed() == 4003
    known = await connect()
    await known.identify(token, GUILDS)
    await known.send(op, None)
    assert await known.closed() == 4002


async def test_presence_and_voice_state_are_accepted(connect: Connect, token: str) -> None:
    """Updates of presence and voice state and requests for channel info change nothing and close nothing."""
    socket = await connect()
    presence = {"status": "dnd", "activities": [], "since": 0, "afk": False}
    await socket.identify(token, GUILDS, presence=presence)
    await socket.send(3, presence | {"status": "idle", "afk": True})
    await socket.send(4, {"guild_id": GUILD, "channel_id": None, "self_mute": False, "self_deaf": False})
    await socket.send(43, {"guild_id": GUILD, "fields": ["status"]})
    await socket.send(1, None)
    assert (await socket.op(11))["op"] == 11


async def test_sequences_increase_by_one(client: Client, connect: Connect, token: str) -> None:
    """Every session counts its own dispatches; other frames have no number."""
    socket = await connect()
    await socket.frame()
    await socket.send(2, {"token": token, "intents": USUAL, "properties": {}})
    for number in range(5):
        await client.post(content=str(number))
        await socket.send(1, None)
    frames = [await socket.frame() for _ in range(12)]
    assert [frame["s"] for frame in frames if frame["op"] == 0] == list(range(1, 8))
    assert {frame["s"] for frame in frames if frame["op"] != 0} == {None}


async def test_a_server_may_ask_for_a_heartbeat(client: Client, connect: Connect, token: str) -> None:
    """The server may ask a session for a heartbeat with op 1."""
    socket = await connect()
    await socket.identify(token, GUILDS)
    await client.human("POST fault", gateway="heartbeat")
    assert (await socket.op(1))["d"] is None


async def test_a_guild_belongs_to_one_shard_and_dms_to_the_first(client: Client, connect: Connect) -> None:
    """(guild_id >> 22) % n; GUILD_CREATE, its events and its interactions go there, DMs to shard 0."""
    count = 3
    home = (int(GUILD) >> 22) % count
    sockets = [await connect() for _ in range(count)]
    token = client.sandbox.address.token
    for shard, socket in enumerate(sockets):
        ready = await socket.identify(token, USUAL, shard=[shard, count])
        assert ready["shard"] == [shard, count]
        assert [guild["id"] for guild in ready["guilds"]] == ([GUILD] if shard == home else [])
    await client.register({"name": "triage", "description": "d"})
    await client.post(content="x")
    await client.run()
    await client.human("POST say", user="primary", channel="dm:primary", content="hello")
    for socket in sockets:
        await socket.send(1, None)
    heard = {shard: await until_ack(socket) for shard, socket in enumerate(sockets)}
    assert heard[home][:3] == ["GUILD_CREATE", "MESSAGE_CREATE", "INTERACTION_CREATE"]
    assert heard[0][-1] == "MESSAGE_CREATE"
    assert all(heard[shard] == [] for shard in range(1, count) if shard != home)


async def until_ack(socket: Socket) -> list[str]:
    """The names of the events before the next acknowledgement."""
    names = []
    while (frame := await socket.frame())["op"] != 11:
        names.append(frame["t"])
    return names


async def test_sharding_can_be_required(client: Client, connect: Connect, token: str) -> None:
    """4011 below the number of shards that the guilds need; /gateway/bot recommends it."""
    await client.human("PATCH limits", gateway={"least_shards": 2, "shards": 2})
    assert (await client.api("GET /gateway/bot")).body["shards"] == 2
    socket = await connect()
    await socket.frame()
    await socket.send(2, {"token": token, "properties": {}, "intents": 1})
    assert await socket.closed() == 4011
    await (await connect()).identify(token, GUILDS, shard=[1, 2])


async def test_one_identify_per_bucket_and_window(client: Client, connect: Connect, token: str) -> None:
    """Op 9 for the same bucket within five seconds; other buckets and later times pass."""
    await client.human("PATCH limits", gateway={"identify_window_s": 5, "max_concurrency": 2})
    await (await connect()).identify(token, GUILDS, shard=[0, 4])
    early = await connect()
    await early.frame()
    await early.send(2, {"token": token, "properties": {}, "intents": 1, "shard": [2, 4]})
    assert (await early.op(9))["d"] is False
    await (await connect()).identify(token, GUILDS, shard=[1, 4])
    await client.human("POST clock", advance_s=5)
    await early.send(2, {"token": token, "properties": {}, "intents": 1, "shard": [2, 4]})
    assert await early.event("READY")
    limit = (await client.api("GET /gateway/bot")).body["session_start_limit"]
    assert (limit["remaining"], limit["max_concurrency"]) == (997, 2)


async def test_the_days_identifies_are_counted_and_come_back(client: Client, connect: Connect) -> None:
    """The last one works, the next ends every session and resets the token; a day later there are 1,000."""
    token = client.sandbox.address.token
    assert (await client.human("PATCH limits", identifies_left=1)).body["identifies_left"] == 1
    last = await connect()
    await last.identify(token, GUILDS)
    body = (await client.api("GET /gateway/bot")).body["session_start_limit"]
    assert (body["remaining"], body["total"]) == (0, 1000)
    assert 86_000_000 < body["reset_after"] <= 86_400_000
    over = await connect()
    await over.frame()
    await over.send(2, {"token": token, "properties": {}, "intents": 1})
    assert await over.closed() == 4004
    assert await last.closed() == 4000
    assert (await client.api("GET /users/@me")).status == 401
    fresh = (await client.human("PATCH application")).body["token"]
    assert fresh != token
    await client.human("POST clock", advance_s=86_400)
    await (await connect()).identify(fresh, GUILDS)
    client.headers["Authorization"] = f"Bot {fresh}"
    assert (await client.api("GET /gateway/bot")).body["session_start_limit"]["remaining"] == 999


async def test_a_session_without_a_socket_expires(client: Client, connect: Connect, token: str) -> None:
    """A resume of a session without a socket for 3 minutes gets op 9; the same socket may identify anew."""
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    await client.human("POST fault", gateway="drop")
    await client.human("POST clock", advance_s=181)
    again = await connect()
    await again.frame()
    await again.send(6, {"token": token, "session_id": ready["session_id"], "seq": 1})
    assert (await again.op(9))["d"] is False
    await again.send(2, {"token": token, "properties": {}, "intents": GUILDS})
    assert (await again.event("READY"))["d"]["session_id"] != ready["session_id"]


async def test_a_resumed_session_leaves_its_old_socket(client: Client, connect: Connect, token: str) -> None:
    """The second socket gets everything from there on; the first is closed, and that ends nothing."""
    old = await connect()
    ready = await old.identify(token, USUAL)
    await old.event("GUILD_CREATE")
    new = await connect()
    await new.frame()
    await new.send(6, {"token": token, "session_id": ready["session_id"], "seq": old.seq})
    await new.event("RESUMED")
    assert await old.closed() == 4000
    await client.post(content="x")
    assert (await new.event("MESSAGE_CREATE"))["d"]["content"] == "x"


async def test_sessions_are_resumed_on_a_host_of_its_own(client: Client, connect: Connect) -> None:
    """READY names another address than Get Gateway does, with the gateway there and no API; it may be gone.

    Source: Gateway > Ready Event, Resuming: `resume_gateway_url`, and the URL of Get Gateway for the rest.
    """
    token = client.sandbox.address.token
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    url = ready["resume_gateway_url"]
    assert urlsplit(url).port != urlsplit(client.sandbox.gateway).port
    async with aiohttp.ClientSession() as http:
        async with http.get(url.replace("ws://", "http://") + "api/v10/gateway") as nothing:
            assert nothing.status == 404
        async with http.ws_connect(f"{url}?v=10&encoding=json") as ws:
            resumed = Socket(ws)
            await resumed.frame()
            await resumed.send(6, {"token": token, "session_id": ready["session_id"], "seq": 1})
            assert (await resumed.event("RESUMED"))["t"] == "RESUMED"
        await client.human("POST fault", gateway="resume_down")
        with pytest.raises(aiohttp.ClientError):
            await http.ws_connect(url)
        assert (await connect()) is not None, "the gateway itself is well"
        await client.human("DELETE fault/resume_down")
        async with http.ws_connect(url):
            pass


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalidated_session(
    client: Client, connect: Connect, token: str, *, resumable: bool
) -> None:
    """Op 9 says whether it may be resumed, and so it is; until then its socket has no session: 4003."""
    socket = await connect()
    ready = await socket.identify(token, USUAL)
    await client.human("POST fault", gateway="invalidate", resumable=resumable)
    assert (await socket.op(9))["d"] is resumable
    await socket.send(3, {})
    assert await socket.closed() == 4003
    again = await connect()
    await again.frame()
    await again.send(6, {"token": token, "session_id": ready["session_id"], "seq": 2})
    frame = await again.frame()
    assert (frame["op"], frame["t"]) == ((0, "RESUMED") if resumable else (9, None))


async def test_resume_needs_the_token_and_a_sequence(connect: Connect) -> None:
    """Resuming with a wrong token closes the session with 4004; without a sequence or data, with 4002."""
    for data, code in (({"token": "x", "seq": 1}, 4004), ({"token": "x"}, 4002), (None, 4002)):
        socket = await connect()
        await socket.frame()
        await socket.send(6, data)
        assert await socket.closed() == code


async def test_what_needs_which_intent(client: Client, connect: Connect, token: str) -> None:
    """Webhooks have their own; one's own nickname needs none; others' thread memberships need members'."""
    few, webhooks, members = await connect(), await connect(), await connect()
    await few.identify(token, GUILDS)
    await webhooks.identify(token, WEBHOOKS)
    await members.identify(token, GUILDS | MEMBERS)
    role = {"role": "incident-bot", "permissions": str((1 << 53) - 1)}
    await client.human("PATCH role", **role)
    await client.api(f"POST /channels/{ALERTS}/webhooks", {"name": "w"})
    assert await webhooks.event("WEBHOOKS_UPDATE")
    await client.api(f"PATCH /guilds/{GUILD}/members/@me", {"nick": "bot"})
    assert (await few.event("GUILD_MEMBER_UPDATE"))["d"]["nick"] == "bot"
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})).body
    assert (await few.event("THREAD_MEMBERS_UPDATE"))["d"]["added_members"][0]["user_id"] != PRIMARY
    await client.api(f"PUT /channels/{thread['id']}/thread-members/{PRIMARY}")
    await members.event("THREAD_MEMBERS_UPDATE")
    added = (await members.event("THREAD_MEMBERS_UPDATE"))["d"]["added_members"]
    assert [one["user_id"] for one in added] == [PRIMARY]
    await few.send(1, None)
    assert "THREAD_MEMBERS_UPDATE" not in await until_ack(few)


async def test_content_follows_the_session_not_the_application(client: Client, connect: Connect) -> None:
    """Of two sessions only the one with MESSAGE_CONTENT reads what people say to each other."""
    token = client.sandbox.address.token
    await client.human("PATCH application", message_content=True)
    seeing, blind = await connect(), await connect()
    await seeing.identify(token, USUAL | CONTENT)
    await blind.identify(token, GUILDS | MESSAGES | DMS)
    said = {"channel": "p0-alerts", "content": "secret"}
    first = (await client.human("POST say", user="primary", **said)).body
    await client.human("POST say", user="observer", reply_to=first["id"], **said)
    for socket, content in ((seeing, "secret"), (blind, "")):
        heard = [(await socket.event("MESSAGE_CREATE"))["d"] for _ in range(2)]
        assert [one["content"] for one in heard] == [content, content]
        assert heard[1]["referenced_message"]["content"] == content


async def test_replies_to_the_bot_are_read_without_the_intent(client: Client, connect: Connect) -> None:
    """Without MESSAGE_CONTENT the bot reads a reply to its own message, and the message replied to."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, USUAL)
    made = await client.post(content="alert")
    said = {"user": "primary", "channel": "p0-alerts", "content": "on it"}
    await client.human("POST say", reply_to=made["id"], **said)
    await socket.event("MESSAGE_CREATE")
    heard = (await socket.event("MESSAGE_CREATE"))["d"]
    assert (heard["content"], heard["referenced_message"]["content"]) == ("on it", "alert")


async def test_a_heartbeat_in_time_keeps_the_connection() -> None:
    """Beating once an interval is enough; not beating ends it with 4009, and the session with it."""
    core = Core(rules=GatewayRules(heartbeat_ms=400))
    async with LocalDiscord(core=core) as sandbox, AsyncExitStack() as stack:
        socket = Socket(await dial(stack, sandbox))
        ready = await socket.identify(sandbox.address.token, GUILDS)
        await socket.event("GUILD_CREATE")
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await socket.ws.receive(0.3)
            await socket.send(1, socket.seq)
            await socket.op(11)
        assert await socket.closed() == 4009
        assert sandbox.sessions.get(ready["session_id"]) is None


@pytest.mark.parametrize("bad", [{"nothing": 1}, {"shards": 0}, {"shards": "x"}, {"heartbeat_ms": True}])
async def test_senseless_rules_are_refused(client: Client, bad: dict[str, object]) -> None:
    """A rule of the gateway that makes no sense is refused with 400 and a reason, and changes nothing."""
    reply = await client.human("PATCH limits", gateway=bad)
    assert (reply.status, bool(reply.body["error"])) == (400, True)
    rules = (await client.human("PATCH limits")).body["gateway"]
    assert (rules["shards"], rules["heartbeat_ms"]) == (1, 41_250)
