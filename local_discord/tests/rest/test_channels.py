"""Channels, overwrites and roles: making, moving, and the order of ranks."""

from typing import Any

import pytest

from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, OPS, PRIMARY, Client

GUILD = "1100000000000000001"
RESPONDER, ADMIN_ROLE, BOT_ROLE = "1100000000000000202", "1100000000000000203", "1100000000000000204"
CHANNELS = f"/guilds/{GUILD}/channels"
ROLES = f"/guilds/{GUILD}/roles"
MANAGE_CHANNELS, MANAGE_ROLES, VIEW, HISTORY = 1 << 4, 1 << 28, 1 << 10, 1 << 16


@pytest.fixture
async def admin(client: Client) -> Client:
    """A client whose bot is an administrator."""
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    return client


async def test_a_war_room_takes_its_category_s_overwrites(admin: Client) -> None:
    """Names become slugs; overwrites are inherited on creation and by lock_permissions."""
    deny = {"id": GUILD, "type": 0, "allow": "0", "deny": str(VIEW)}
    body: dict[str, Any] = {"name": "Incidents", "type": 4, "permission_overwrites": [deny]}
    category = (await admin.api(f"POST {CHANNELS}", body)).body["id"]
    room = (await admin.api(f"POST {CHANNELS}", {"name": "War Room", "parent_id": category})).body
    assert (room["name"], room["permission_overwrites"]) == ("war-room", [deny])
    move = [{"id": GENERAL, "parent_id": category, "lock_permissions": True, "position": 9}]
    assert (await admin.api(f"PATCH {CHANNELS}", move)).status == 204
    moved = (await admin.api(f"GET /channels/{GENERAL}")).body
    assert (moved["parent_id"], moved["position"], moved["permission_overwrites"]) == (category, 9, [deny])
    two = [{"id": GENERAL, "parent_id": None}, {"id": OPS, "parent_id": category}]
    assert (await admin.api(f"PATCH {CHANNELS}", two)).code == 40009
    assert (await admin.api(f"DELETE /channels/{category}")).status == 200
    assert (await admin.api(f"GET /channels/{GENERAL}")).body["parent_id"] is None


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "type": 1}, "type"),
        ({"name": "x", "topic": "x" * 1025}, "topic"),
        ({"name": "x", "parent_id": ALERTS}, "parent_id"),
        ({"name": "x", "rate_limit_per_user": 21601}, "rate_limit_per_user"),
        ({"name": "x", "nsfw": "yes"}, "nsfw"),
        ({"name": "x", "type": 2, "bitrate": 7999}, "bitrate"),
        ({"name": "x", "type": 15, "default_sort_order": 2}, "default_sort_order"),
    ],
)
async def test_wrong_channels_are_refused(admin: Client, body: dict[str, Any], key: str) -> None:
    """A new channel with a wrong field is refused with an error at that field."""
    assert (await admin.api(f"POST {CHANNELS}", body)).errors(key)


async def test_one_can_only_give_what_one_has(client: Client) -> None:
    """Overwrites and roles beyond the bot's own permissions are 50013."""
    bits = VIEW | HISTORY | MANAGE_CHANNELS | MANAGE_ROLES
    await client.human("PATCH role", role="incident-bot", permissions=str(bits))
    path = f"PUT /channels/{GENERAL}/permissions/{OBSERVER}"
    assert (await client.api(path, {"type": 1, "allow": str(HISTORY)})).status == 204
    assert (await client.api(path, {"type": 1, "allow": str(1 << 13)})).code == 50013
    assert (await client.api(path, {"type": 1, "allow": str(MANAGE_ROLES)})).code == 50013
    assert (await client.api(f"POST {ROLES}", {"name": "r", "permissions": str(1 << 3)})).code == 50013
    made = (await client.api(f"POST {ROLES}", {"name": "r", "permissions": str(VIEW)})).body
    assert (made["name"], made["permissions"], made["position"]) == ("r", str(VIEW), 1)


async def test_ranks_are_kept(admin: Client) -> None:
    """Roles and people of equal or higher rank, managed roles and @everyone cannot be changed."""
    assert (await admin.api(f"PATCH {ROLES}/{BOT_ROLE}", {"name": "x"})).code == 50013
    assert (await admin.api(f"DELETE {ROLES}/{GUILD}")).code == 50028
    assert (await admin.api(f"PATCH {ROLES}", [{"id": RESPONDER, "position": 4}])).code == 50013
    assert (await admin.api(f"PATCH {ROLES}", [{"id": GUILD, "position": 1}])).code == 50028
    assert (await admin.api(f"PUT /guilds/{GUILD}/members/{PRIMARY}/roles/{BOT_ROLE}")).code == 50013
    owner = "1100000000000000105"
    assert (await admin.api(f"DELETE /guilds/{GUILD}/members/{owner}")).code == 50013
    assert (await admin.api(f"PATCH /guilds/{GUILD}/members/{owner}", {"nick": "x"})).code == 50013
    assert (await admin.api(f"PATCH /guilds/{GUILD}/members/{PRIMARY}", {"mute": True})).code == 40032
    counts = (await admin.api(f"GET {ROLES}/member-counts")).body
    assert (counts[RESPONDER], counts[ADMIN_ROLE]) == (3, 1)


async def test_a_deleted_role_is_gone_everywhere(admin: Client) -> None:
    """A deleted role disappears from its members and from the overwrites of channels."""
    await admin.api(f"PUT /channels/{GENERAL}/permissions/{RESPONDER}", {"type": 0, "allow": str(VIEW)})
    assert (await admin.api(f"DELETE {ROLES}/{RESPONDER}")).status == 204
    assert (await admin.api(f"GET /channels/{GENERAL}")).body["permission_overwrites"] == []
    member = (await admin.api(f"GET /guilds/{GUILD}/members/{PRIMARY}")).body
    assert RESPONDER not in member["roles"]


async def test_hidden_channels_are_not_listed(client: Client) -> None:
    """Get Guild Channels omits what the bot may not view."""
    await client.human("PATCH channel", channel="general", role="@everyone", deny=str(VIEW))
    await client.human("PATCH channel", channel="general", role="incident-bot", deny=str(VIEW))
    ids = [channel["id"] for channel in (await client.api(f"GET {CHANNELS}")).body]
    assert GENERAL not in ids
    assert ALERTS in ids


async def test_a_closed_dm_opens_again_under_the_same_id(client: Client) -> None:
    """Closing a DM hides it from the bot; nothing is lost."""
    open_dm = ("POST /users/@me/channels", {"recipient_id": PRIMARY})
    dm = (await client.api(*open_dm)).body["id"]
    made = await client.post(dm, content="x")
    assert (await client.api(f"DELETE /channels/{dm}")).status == 200
    assert (await client.api(*open_dm)).body["id"] == dm
    assert (await client.api(f"GET /channels/{dm}/messages")).body[0]["id"] == made["id"]


async def test_announcements_are_published_once(admin: Client) -> None:
    """Crossposting sets the flag; a second time is 40033, elsewhere 50024."""
    news = (await admin.api(f"POST {CHANNELS}", {"name": "status", "type": 5})).body["id"]
    made = await admin.post(news, content="resolved")
    path = f"POST /channels/{news}/messages/{made['id']}/crosspost"
    assert (await admin.api(path)).body["flags"] == 1
    assert (await admin.api(path)).code == 40033
    thread = await admin.api(f"POST /channels/{news}/messages/{made['id']}/threads", {"name": "t"})
    assert thread.body["type"] == 10
    other = await admin.post(content="x")
    assert (await admin.api(f"POST /channels/{ALERTS}/messages/{other['id']}/crosspost")).code == 50024
