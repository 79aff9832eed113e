"""Voice channels: who is in them, who may be, and what the bot hears of it."""

import hikari

from local_discord.tests.client import ALERTS, OBSERVER, PRIMARY, WAR_ROOM, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.libraries.test_hikari import bot_for

GUILD = "1100000000000000001"
GUILDS, VOICE_STATES, MESSAGES = 1, 1 << 7, 1 << 9
CONNECT = str(1 << 20)
STATES = f"/guilds/{GUILD}/voice-states"


async def test_people_join_move_and_leave(client: Client, connect: Connect) -> None:
    """A person who joins, moves or leaves causes one VOICE_STATE_UPDATE with the member and the session.

    The update of a person who leaves has no channel; leaving once more is refused.
    """
    socket = await connect()
    await socket.identify(client.sandbox.address.token, GUILDS | VOICE_STATES)
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    other = (await client.api(f"POST /guilds/{GUILD}/channels", {"name": "Bridge", "type": 2})).body["id"]
    for verb, channel in (("POST", "war-room"), ("POST", "Bridge"), ("POST", "Bridge"), ("DELETE", "")):
        assert (await client.human(f"{verb} voice", user="primary", channel=channel)).status == 200
    seen = [(await socket.event("VOICE_STATE_UPDATE"))["d"] for _ in range(3)]
    assert [one["channel_id"] for one in seen] == [WAR_ROOM, other, None]
    assert {one["session_id"] for one in seen} == {seen[0]["session_id"]}
    assert {(one["guild_id"], one["user_id"], one["member"]["user"]["username"]) for one in seen} == {
        (GUILD, PRIMARY, "primary")
    }
    assert (await client.human("DELETE voice", user="primary")).status == 400


async def test_only_with_the_intent(client: Client, connect: Connect) -> None:
    """A session without GUILD_VOICE_STATES hears nothing of it."""
    deaf = await connect()
    await deaf.identify(client.sandbox.address.token, GUILDS | MESSAGES)
    await deaf.event("GUILD_CREATE")
    await client.human("POST voice", user="primary", channel="war-room")
    await client.human("POST say", user="primary", channel="p0-alerts", content="in the war-room")
    assert (await deaf.frame())["t"] == "MESSAGE_CREATE"


async def test_who_is_there_already(client: Client, connect: Connect) -> None:
    """GUILD_CREATE names them with their channel, and has their members; the API and the state do too."""
    await client.human("POST voice", user="primary", channel="war-room")
    socket = await connect()
    await socket.identify(client.sandbox.address.token, GUILDS | VOICE_STATES)
    guild = (await socket.event("GUILD_CREATE"))["d"]
    assert [(one["user_id"], one["channel_id"]) for one in guild["voice_states"]] == [(PRIMARY, WAR_ROOM)]
    assert "guild_id" not in guild["voice_states"][0]
    assert {one["user"]["username"] for one in guild["members"]} == {"incident-bot", "primary"}
    assert (await client.api(f"GET {STATES}/{PRIMARY}")).body["channel_id"] == WAR_ROOM
    assert (await client.api(f"GET {STATES}/@me")).code == 10065
    assert (await client.human("GET state")).body["voice"] == {"primary": WAR_ROOM}


async def test_who_may_not(client: Client) -> None:
    """A person cannot join a text channel, a channel without permission, or a full one."""
    join = "POST voice"
    assert (await client.human(join, user="observer", channel="p0-alerts")).body["code"] == 50024
    await client.human("PATCH channel", channel="war-room", user="observer", deny=CONNECT)
    assert (await client.human(join, user="observer", channel="war-room")).body["code"] == 50013
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    await client.api(f"PATCH /channels/{WAR_ROOM}", {"user_limit": 1})
    assert (await client.human(join, user="primary", channel="war-room")).status == 200
    assert (await client.human(join, user="secondary", channel="war-room")).body["code"] == 50013
    assert (await client.human(join, user="admin", channel="war-room")).status == 200


async def test_the_bot_mutes_moves_and_disconnects(client: Client, connect: Connect) -> None:
    """Modify Guild Member with its own permission each; not outside voice, not into a text channel."""
    path = f"PATCH /guilds/{GUILD}/members/{PRIMARY}"
    await client.human("POST voice", user="primary", channel="war-room")
    assert (await client.api(path, {"mute": True})).code == 50013
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    socket = await connect()
    await socket.identify(client.sandbox.address.token, GUILDS | VOICE_STATES)
    assert (await client.api(path, {"channel_id": ALERTS})).code == 50024
    for body, expected in (
        ({"mute": True, "deaf": True}, (True, True, WAR_ROOM)),
        ({"deaf": False, "channel_id": WAR_ROOM}, (True, False, WAR_ROOM)),
        ({"channel_id": None}, (False, False, None)),
    ):
        assert (await client.api(path, body)).status == 200
        heard = (await socket.event("VOICE_STATE_UPDATE"))["d"]
        assert (heard["mute"], heard["deaf"], heard["channel_id"]) == expected
    assert (await client.api(path, {"mute": True})).code == 40032


async def test_nobody_stays_behind(client: Client, connect: Connect) -> None:
    """A person who leaves the server leaves voice; deleting a voice channel disconnects everybody there."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, GUILDS | VOICE_STATES)
    for user in ("primary", "observer"):
        await client.human("POST voice", user=user, channel="war-room")
        await socket.event("VOICE_STATE_UPDATE")
    await client.human("DELETE member", user="primary")
    await client.human("DELETE channel", channel="war-room")
    assert [await _left(socket) for _ in range(2)] == [PRIMARY, OBSERVER]
    assert (await client.human("GET state")).body["voice"] == {}


async def _left(socket: Socket) -> str:
    data = (await socket.event("VOICE_STATE_UPDATE"))["d"]
    assert data["channel_id"] is None
    return str(data["user_id"])


async def test_a_library_follows(client: Client) -> None:
    """Hikari's cache has who was there at the start, and hears who comes."""
    await client.human("POST voice", user="primary", channel="war-room")
    bot = bot_for(client.sandbox, client.sandbox.address.token, hikari.Intents.GUILD_VOICE_STATES)
    await bot.start()
    try:
        there = bot.cache.get_voice_states_view_for_channel(int(GUILD), int(WAR_ROOM))
        assert list(there) == [int(PRIMARY)]
        with bot.stream(hikari.VoiceStateUpdateEvent, timeout=5) as stream:
            await client.human("POST voice", user="observer", channel="war-room")
            heard = await stream.next()
            assert heard is not None
            assert (heard.state.user_id, heard.state.channel_id) == (int(OBSERVER), int(WAR_ROOM))
    finally:
        await bot.close()
