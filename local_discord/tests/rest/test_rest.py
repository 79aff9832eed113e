"""Authentication, unknown things, permissions, guild, webhooks, rate limits."""

import time
from typing import Any

import pytest

from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, PRIMARY, Client

GUILD = "1100000000000000001"
UNKNOWN = [
    ("GET /channels/1", 10003),
    (f"GET /channels/{ALERTS}/messages/1", 10008),
    ("GET /guilds/1", 10004),
    (f"GET /guilds/{GUILD}/members/1", 10013),
    (f"GET /guilds/{GUILD}/roles/1", 10011),
    ("GET /users/1", 10013),
    ("GET /webhooks/1", 10015),
    ("GET /applications/1100000000000000002/commands/1", 10063),
    ("GET /nothing/here", 0),
]


@pytest.mark.parametrize(("verb", "code"), UNKNOWN)
async def test_unknown_things_are_404_with_their_code(client: Client, verb: str, code: int) -> None:
    """Every unknown thing has a code of its own; an unknown route has code 0."""
    reply = await client.api(verb)
    assert (reply.status, reply.code) == (404, code)


async def test_token_is_required(client: Client) -> None:
    """A request with no token, a wrong one or one without its prefix is refused with 401."""
    for headers in ({}, {"Authorization": "Bot wrong"}, {"Authorization": client.sandbox.address.token}):
        async with client.http.get(f"{client.sandbox.api_base}/users/@me", headers=headers) as response:
            assert (response.status, await response.json()) == (
                401,
                {"message": "401: Unauthorized", "code": 0},
            )


async def test_malformed_json_and_ids(client: Client) -> None:
    """Broken JSON is 50109, a word for an id 50035."""
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    as_json = {**client.headers, "Content-Type": "application/json"}
    async with client.http.post(url, data=b"{", headers=as_json) as response:
        assert (await response.json())["code"] == 50109
    async with client.http.post(url, data=b"{}", headers=client.headers) as response:
        assert (await response.json())["errors"]["_errors"][0]["code"] == "CONTENT_TYPE_INVALID"
    assert (await client.api("GET /channels/alerts")).errors("channel_id") == ["NUMBER_TYPE_COERCE"]
    assert (await client.api(f"POST /channels/{ALERTS}/messages", ["x"])).code == 50035


async def test_missing_access_and_missing_permission(client: Client) -> None:
    """Posting without SEND_MESSAGES is 50013, and posting without VIEW_CHANNEL is 50001."""
    await client.human("PATCH channel", channel="general", role="incident-bot", deny=str(1 << 11))
    reply = await client.api(f"POST /channels/{GENERAL}/messages", {"content": "x"})
    assert (reply.status, reply.code) == (403, 50013)
    await client.human("PATCH channel", channel="general", role="@everyone", deny=str(1 << 10))
    reply = await client.api(f"POST /channels/{GENERAL}/messages", {"content": "x"})
    assert (reply.status, reply.code) == (403, 50001)


@pytest.mark.parametrize(
    "call",
    [
        ("POST /channels/{}/webhooks", {"name": "w"}),
        ("PATCH /channels/{}", {"name": "w"}),
        ("DELETE /channels/{}", None),
        ("PUT /channels/{}/permissions/1", {"type": 0}),
        (f"POST /guilds/{GUILD}/channels", {"name": "w"}),
        (f"POST /guilds/{GUILD}/roles", {"name": "r"}),
        (f"PATCH /guilds/{GUILD}/roles/1100000000000000202", {"name": "r"}),
        (f"DELETE /guilds/{GUILD}/roles/1100000000000000202", None),
        (f"PUT /guilds/{GUILD}/members/{OBSERVER}/roles/1100000000000000202", None),
        (f"PATCH /guilds/{GUILD}/members/{OBSERVER}", {"nick": "n"}),
        (f"DELETE /guilds/{GUILD}/members/{OBSERVER}", None),
    ],
)
async def test_the_default_bot_manages_nothing_but_threads(client: Client, call: tuple[str, Any]) -> None:
    """The default bot may manage no channels, webhooks, overwrites, roles or members: each call is 50013."""
    reply = await client.api(call[0].format(GENERAL), call[1])
    assert (reply.status, reply.code) == (403, 50013)


async def test_an_administrator_bot_manages_channels_roles_and_webhooks(client: Client) -> None:
    """A bot with ADMINISTRATOR can make, edit and delete channels and webhooks.

    It can also set permissions and assign roles.
    """
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    made = await client.api(f"POST /guilds/{GUILD}/channels", {"name": "war-room", "topic": "t"})
    assert (made.status, made.body["name"]) == (201, "war-room")
    path = f"/channels/{made.body['id']}"
    assert (await client.api(f"PATCH {path}", {"name": "room"})).body["name"] == "room"
    overwrite = {"type": 1, "allow": "1024", "deny": "0"}
    assert (await client.api(f"PUT {path}/permissions/{OBSERVER}", overwrite)).status == 204
    assert (await client.api(f"DELETE {path}/permissions/{OBSERVER}")).status == 204
    assert (await client.api(f"DELETE {path}/permissions/{OBSERVER}")).code == 10009
    role = f"/guilds/{GUILD}/members/{OBSERVER}/roles/1100000000000000202"
    assert (await client.api(f"PUT {role}")).status == 204
    member = (await client.api(f"GET /guilds/{GUILD}/members/{OBSERVER}")).body
    assert member["roles"] == ["1100000000000000202"]
    assert (await client.api(f"DELETE {role}")).status == 204
    webhook = f"/webhooks/{(await client.api(f'POST {path}/webhooks', {'name': 'w'})).body['id']}"
    assert (await client.api(f"PATCH {webhook}", {"name": "hook"})).body["name"] == "hook"
    assert (await client.api(f"DELETE {webhook}")).status == 204
    assert (await client.api(f"GET {webhook}")).code == 10015
    assert (await client.api(f"DELETE {path}")).status == 200


async def test_the_guild_and_its_people(client: Client) -> None:
    """Guild, channels, roles, members and search answer in Discord's shapes."""
    guild = (await client.api(f"GET /guilds/{GUILD}", with_counts="true")).body
    assert (guild["name"], guild["approximate_member_count"]) == ("Parky", 6)
    assert len((await client.api(f"GET /guilds/{GUILD}/channels")).body) == 6
    assert len((await client.api(f"GET /guilds/{GUILD}/roles")).body) == 5
    assert len((await client.api(f"GET /guilds/{GUILD}/members", limit="100")).body) == 6
    found = (await client.api(f"GET /guilds/{GUILD}/members/search", query="prim")).body
    assert [member["user"]["id"] for member in found] == [PRIMARY]
    assert len((await client.api("GET /users/@me/guilds")).body) == 1


async def test_the_application_and_the_gateway_address(client: Client) -> None:
    """The bot learns who it is, who owns it and where the gateway is."""
    application = (await client.api("GET /applications/@me")).body
    assert application["owner"]["username"] == "admin"
    assert (await client.api("GET /oauth2/applications/@me")).body == application
    assert (await client.api("GET /users/@me")).body["id"] == application["id"]
    gateway = (await client.api("GET /gateway/bot")).body
    assert gateway["url"] == client.sandbox.gateway
    assert gateway["session_start_limit"]["remaining"] == 1000


async def test_webhooks_speak_under_their_own_name(client: Client) -> None:
    """Create, execute with wait and in a thread, edit, delete; a wrong token is 50027."""
    await client.human("PATCH channel", channel="general", role="incident-bot", allow=str(1 << 29))
    webhook = (await client.api(f"POST /channels/{GENERAL}/webhooks", {"name": "deploys"})).body
    assert len((await client.api(f"GET /channels/{GENERAL}/webhooks")).body) == 1
    path = f"/webhooks/{webhook['id']}/{webhook['token']}"
    assert (await client.api(f"POST {path}", {"content": "quiet"})).status == 204
    made = (await client.api(f"POST {path}", {"content": "@here", "username": "CI"}, wait="true")).body
    assert (made["author"]["username"], made["mention_everyone"]) == ("CI", True)
    thread = (await client.api(f"POST /channels/{GENERAL}/threads", {"name": "t", "type": 11})).body
    inside = (await client.api(f"POST {path}", {"content": "x"}, wait="1", thread_id=thread["id"])).body
    assert inside["channel_id"] == thread["id"]
    edited = (await client.api(f"PATCH {path}/messages/{made['id']}", {"content": "y"})).body
    assert edited["content"] == "y"
    assert (await client.api(f"DELETE {path}/messages/{made['id']}")).status == 204
    assert (await client.api(f"POST /webhooks/{webhook['id']}/wrong", {"content": "x"})).code == 50027
    assert (await client.api(f"DELETE {path}")).status == 204
    assert (await client.api(f"POST {path}", {"content": "x"})).code == 10015


async def test_sixth_message_in_five_seconds_is_limited(client: Client) -> None:
    """Per channel: headers count down, then 429 with everything a client looks for."""
    client.sandbox.core.limiter.enabled = True
    verb = f"POST /channels/{ALERTS}/messages"
    replies = [await client.api(verb, {"content": str(n)}) for n in range(6)]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies[:5]] == ["4", "3", "2", "1", "0"]
    limited = replies[5]
    assert limited.status == 429
    assert limited.headers["Content-Type"] == "application/json"
    assert (limited.headers["Via"], limited.headers["X-RateLimit-Scope"]) == ("1.1 google", "user")
    assert 0 < limited.body["retry_after"] <= 5
    assert int(limited.headers["Retry-After"]) >= limited.body["retry_after"]
    assert limited.body["global"] is False
    other = await client.api(f"POST /channels/{GENERAL}/messages", {"content": "x"})
    assert other.status == 200
    assert other.headers["X-RateLimit-Bucket"] == limited.headers["X-RateLimit-Bucket"]


async def test_windows_pass_faster_when_asked_to(client: Client) -> None:
    """A fifth of the wait at five times the speed, in headers and body alike; as many requests as before."""
    client.sandbox.core.limiter.enabled = True
    client.sandbox.core.limiter.speed = 5.0
    verb = f"POST /channels/{ALERTS}/messages"
    replies = [await client.api(verb, {"content": str(n)}) for n in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert 0 < replies[-1].body["retry_after"] <= 1
    assert float(replies[0].headers["X-RateLimit-Reset-After"]) <= 1


async def test_fifty_first_request_in_a_second_is_limited_globally(client: Client) -> None:
    """The global limit says so in body and headers; interaction callbacks do not count."""
    client.sandbox.core.limiter.enabled = True
    recent = client.sandbox.core.limiter._recent
    recent.extend([time.monotonic() + 10] * 50)
    reply = await client.api("GET /users/@me")
    assert (reply.status, reply.body["global"]) == (429, True)
    assert (reply.headers["X-RateLimit-Global"], reply.headers["X-RateLimit-Scope"]) == ("true", "global")
    callback = await client.api("POST /interactions/1/x/callback", {"type": 4})
    assert callback.code == 10062
