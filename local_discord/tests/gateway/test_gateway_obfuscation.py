"""Channels that the bot may not view, as the gateway shows them.

Source: Discord's docs, Resources > Channel > Obfuscated Channels.
"""

from typing import Any

import pytest

from local_discord.tests.client import ALERTS, GENERAL, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import GUILDS

VIEW, FORUM, CATEGORY = 1 << 10, 15, 4
FLAG, CAPABILITY = 1 << 17, 1 << 15
GUILD, BOT_ROLE = "1100000000000000001", "incident-bot"
OVERWRITES = [{"id": GUILD, "type": 0, "allow": "0", "deny": str(VIEW)}]


async def hide(client: Client, channel: str, *, deny: int = VIEW) -> None:
    """Take the bot's role out of *channel*, or let it in again with *deny* 0."""
    reply = await client.human("PATCH channel", channel=channel, role=BOT_ROLE, deny=str(deny))
    assert reply.status == 200, reply.body


async def greeted(client: Client, connect: Connect, **extra: Any) -> tuple[Socket, dict[str, Any]]:
    """A new session, and the channels of its GUILD_CREATE by id."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, GUILDS, **extra)
    channels = (await socket.event("GUILD_CREATE"))["d"]["channels"]
    return socket, {one["id"]: one for one in channels}


async def updated(socket: Socket, channel_id: str) -> dict[str, Any]:
    """The next CHANNEL_UPDATE of that channel."""
    while (data := (await socket.event("CHANNEL_UPDATE"))["d"])["id"] != channel_id:
        pass
    return dict(data)


async def made(client: Client, name: str, kind: int) -> str:
    """A new channel of that kind; its id."""
    reply = await client.human("POST channel", channel=name, type=kind)
    assert reply.status == 200, reply.body
    return str(reply.body["id"])


async def test_a_hidden_channel_comes_obfuscated(client: Client, connect: Connect) -> None:
    """GUILD_CREATE keeps id, type, position and parent, and neither the name nor what was allowed to whom."""
    category = await made(client, "team", CATEGORY)
    general = client.sandbox.core.world.channels[GENERAL]
    general.parent_id, general.topic, general.last_message_id = category, "secret", ALERTS
    await hide(client, "general")
    _, channels = await greeted(client, connect)
    hidden, seen = channels[GENERAL], channels[ALERTS]
    kept = {name: hidden[name] for name in ("type", "position", "parent_id")}
    assert kept == {"type": 0, "position": general.position, "parent_id": category}
    assert (hidden["name"], hidden["flags"]) == ("___hidden___", FLAG)
    assert hidden["permission_overwrites"] == OVERWRITES
    assert (hidden["topic"], hidden["last_message_id"]) == (None, None)
    assert (seen["name"], seen["flags"]) == ("p0-alerts", 0)


async def test_rest_leaves_it_out(client: Client) -> None:
    """The list of channels lacks it, and asked for by its id it is refused with 50001."""
    await hide(client, "general")
    listed = await client.api(f"GET /guilds/{GUILD}/channels")
    assert GENERAL not in [one["id"] for one in listed.body]
    assert (await client.api(f"GET /channels/{GENERAL}")).code == 50001


async def test_a_category_is_viewable_if_a_child_is(client: Client, connect: Connect) -> None:
    """A category without the permission comes whole as long as the bot may view a channel in it."""
    category = await made(client, "team", CATEGORY)
    client.sandbox.core.world.channels[GENERAL].parent_id = category
    await hide(client, category)
    socket, channels = await greeted(client, connect)
    assert channels[category]["name"] == "team"
    await hide(client, "general")
    assert (await updated(socket, category))["name"] == "___hidden___"
    await hide(client, "general", deny=0)
    assert (await updated(socket, category))["name"] == "team"


async def test_it_comes_whole_once_it_may_be_viewed(client: Client, connect: Connect) -> None:
    """CHANNEL_UPDATE brings what a role or an overwrite lets the bot view, and obfuscates what they take."""
    await hide(client, "general")
    socket, _ = await greeted(client, connect)
    await hide(client, "general", deny=0)
    whole = await updated(socket, GENERAL)
    assert (whole["name"], whole["flags"]) == ("general", 0)
    await client.human("PATCH role", role=BOT_ROLE, permissions="0")
    await client.human("PATCH role", role="@everyone", permissions="0")
    assert (await updated(socket, GENERAL))["permission_overwrites"] == OVERWRITES
    await client.human("PATCH role", role=BOT_ROLE, permissions=str(VIEW))
    assert (await updated(socket, GENERAL))["name"] == "general"


async def test_the_events_of_a_hidden_channel_tell_no_name(client: Client, connect: Connect) -> None:
    """CHANNEL_CREATE, CHANNEL_UPDATE and CHANNEL_DELETE of what the bot may not view come obfuscated."""
    socket, _ = await greeted(client, connect)
    await client.human("PATCH role", role=BOT_ROLE, permissions="0")
    await client.human("PATCH role", role="@everyone", permissions="0")
    channel = await made(client, "plans", 0)
    assert (await socket.event("CHANNEL_CREATE"))["d"]["name"] == "___hidden___"
    await client.human("PATCH channel", channel=channel, role="on-call", deny="1")
    assert (await updated(socket, channel))["permission_overwrites"] == OVERWRITES
    await client.human("DELETE channel", channel=channel)
    deleted = (await socket.event("CHANNEL_DELETE"))["d"]
    assert (deleted["id"], deleted["name"]) == (channel, "___hidden___")


@pytest.mark.parametrize(
    ("to_null", "reduced"),
    [(False, {"available_tags": [], "nsfw": False}), (True, None)],
    ids=["reduced", "null"],
)
async def test_other_fields_are_reduced_or_null(
    client: Client, connect: Connect, *, to_null: bool, reduced: dict[str, Any] | None
) -> None:
    """A forum's tags are empty or, in the variant that Discord does not rule out, null."""
    forum = await made(client, "plans", FORUM)
    client.sandbox.core.world.channels[forum].extra["available_tags"] = [{"id": "1", "name": "secret"}]
    await client.human("PATCH application", obfuscates_to_null=to_null)
    await hide(client, forum)
    _, channels = await greeted(client, connect)
    hidden = channels[forum]
    assert {"name": hidden["name"], "type": hidden["type"]} == {"name": "___hidden___", "type": FORUM}
    expected = reduced or dict.fromkeys(("available_tags", "nsfw", "topic", "rate_limit_per_user"))
    assert {name: hidden[name] for name in expected} == expected


async def test_before_it_was_mandatory_a_session_asked_for_it(client: Client, connect: Connect) -> None:
    """With the portal's switch off, channels come whole except to sessions with the capability."""
    await client.human("PATCH application", obfuscation=False)
    await hide(client, "general")
    plain, channels = await greeted(client, connect)
    assert channels[GENERAL]["name"] == "general"
    asking, channels = await greeted(client, connect, capabilities=CAPABILITY)
    assert channels[GENERAL]["name"] == "___hidden___"
    await client.human("PATCH role", role=BOT_ROLE, permissions=str(1 << 3))
    assert (await updated(asking, GENERAL))["name"] == "general"
    await client.human("PATCH channel", channel="p0-alerts", role="on-call", deny="1")
    assert (await plain.event("CHANNEL_UPDATE"))["d"]["id"] == ALERTS


async def test_capabilities_are_a_number(client: Client, connect: Connect) -> None:
    """Anything else in IDENTIFY closes the connection with 4002."""
    socket = await connect()
    await socket.frame()
    body = {"token": client.sandbox.address.token, "intents": GUILDS, "properties": {}}
    await socket.send(2, body | {"capabilities": "32768"})
    assert await socket.closed() == 4002


async def test_interactions_stay_whole(client: Client) -> None:
    """An interaction names the hidden channel that a person chose or acted in."""
    command = {
        "name": "where",
        "description": "d",
        "options": [{"type": 7, "name": "in", "description": "d"}],
    }
    await client.register(command)
    await hide(client, "general")
    interaction = await client.run("where", **{"in": GENERAL})
    resolved = interaction["data"]["resolved"]["channels"][GENERAL]
    assert resolved["name"] == "general"


async def test_a_channel_is_of_a_known_kind(client: Client) -> None:
    """A thread or an unknown kind is no channel that a person makes."""
    for kind in (11, 99):
        assert (await client.human("POST channel", channel="x", type=kind)).status == 400
