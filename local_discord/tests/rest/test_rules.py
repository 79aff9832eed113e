"""Permissions, limits and refusals as Discord has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_discord.rest.resources.messages import CHANNEL_WRITES
from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, OPS, PRIMARY, Client
from local_discord.world.permissions import P

GUILD = "1100000000000000001"
SEND, EVERYONE, EMBEDS = 1 << 11, 1 << 17, 1 << 14


@pytest.fixture
async def admin(client: Client) -> Client:
    """A client whose bot is an administrator."""
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    return client


async def test_who_cannot_send_cannot_mention_everyone(client: Client) -> None:
    """Implicit permissions: without SEND_MESSAGES the bits that need it do not count."""
    await client.register({"name": "triage", "description": "d"})
    await client.human("PATCH channel", channel="p0-alerts", role="incident-bot", deny=str(SEND))
    bits = int((await client.run())["app_permissions"])
    assert not bits & (SEND | EVERYONE | EMBEDS)
    thread = (await client.api(f"POST /channels/{OPS}/threads", {"name": "t", "type": 11})).body
    await client.human("PATCH channel", channel="p1-ops", role="incident-bot", deny=str(SEND))
    inside = await client.post(thread["id"], content="@here")
    assert inside["mention_everyone"] is True


async def test_a_timed_out_member_only_reads(admin: Client) -> None:
    """Timeouts take away everything but viewing, end with the clock, and last 28 days at most."""
    path = f"PATCH /guilds/{GUILD}/members/{OBSERVER}"
    until = datetime.now(UTC) + timedelta(minutes=10)
    body = {"communication_disabled_until": until.isoformat()}
    assert (await admin.api(path, body)).body["communication_disabled_until"]
    say = {"user": "observer", "channel": "p0-alerts", "content": "x"}
    assert (await admin.human("POST say", **say)).status == 403
    await admin.human("POST clock", advance_s=700)
    assert (await admin.human("POST say", **say)).status == 200
    late = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    assert (await admin.api(path, {"communication_disabled_until": late})).errors(
        "communication_disabled_until"
    )


async def test_slowmode_holds_people_back_not_bots(admin: Client) -> None:
    """20016 with how long to wait; who manages messages is free of it."""
    await admin.api(f"PATCH /channels/{GENERAL}", {"rate_limit_per_user": 60})
    say = {"user": "observer", "channel": "general", "content": "x"}
    assert (await admin.human("POST say", **say)).status == 200
    slowed = await admin.human("POST say", **say)
    assert (slowed.status, slowed.body["code"]) == (429, 20016)
    assert 0 < slowed.body["retry_after"] <= 60
    assert (await admin.human("POST say", **{**say, "user": "admin"})).status == 200
    assert [(await admin.post(GENERAL, content="x"))["content"] for _ in range(2)] == ["x", "x"]
    await admin.human("POST clock", advance_s=61)
    assert (await admin.human("POST say", **say)).status == 200


async def test_blocked_words_are_stopped(client: Client) -> None:
    """AutoMod's 200000, for people who do not manage the server. Bots and webhooks are exempt: its FAQ."""
    client.sandbox.core.world.blocked_words.append("Secret")
    said = {"channel": "p0-alerts", "content": "the secret"}
    reply = await client.human("POST say", user="primary", **said)
    assert (reply.status, reply.code) == (400, 200000)
    assert (await client.human("POST say", user="admin", **said)).status == 200
    assert (await client.human("POST webhook", name="monitor", **said)).status == 200
    assert (await client.post(content="the secret"))["content"] == "the secret"


async def test_direct_messages_need_a_common_server(client: Client) -> None:
    """50278 once the person has left; 50007 while they refuse messages."""
    dm = (await client.api("POST /users/@me/channels", {"recipient_id": PRIMARY})).body["id"]
    await client.human("PATCH member", user="primary", dms=False)
    assert (await client.api(f"POST /channels/{dm}/messages", {"content": "x"})).code == 50007
    await client.human("DELETE member", user="primary")
    assert (await client.api(f"POST /channels/{dm}/messages", {"content": "x"})).code == 50278


async def test_replies_need_the_history(client: Client) -> None:
    """A reply without READ_MESSAGE_HISTORY is refused with 160002, and a system message takes no reply."""
    await client.allow(P.PIN_MESSAGES)
    made = await client.post(content="x")
    await client.api(f"PUT /channels/{ALERTS}/messages/pins/{made['id']}")
    told = (await client.api(f"GET /channels/{ALERTS}/messages")).body[0]
    verb = f"POST /channels/{ALERTS}/messages"
    answer = await client.api(verb, {"content": "x", "message_reference": {"message_id": told["id"]}})
    assert answer.errors("message_reference") == ["REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE"]
    await client.human("PATCH channel", channel="p0-alerts", role="@everyone", deny=str(1 << 16))
    await client.human("PATCH channel", channel="p0-alerts", role="incident-bot", deny=str(1 << 16))
    reply = await client.api(verb, {"content": "x", "message_reference": {"message_id": made["id"]}})
    assert reply.code == 160002


async def test_forwards_carry_a_snapshot(client: Client) -> None:
    """A forward shows what the message said, not a reply to it; it cannot be edited."""
    made = await client.post(content="P0: API down")
    reference: dict[str, Any] = {"type": 1, "channel_id": ALERTS, "message_id": made["id"]}
    sent = await client.post(OPS, message_reference=reference)
    assert (sent["type"], sent["content"]) == (0, "")
    assert sent["message_snapshots"][0]["message"]["content"] == "P0: API down"
    assert "referenced_message" not in sent
    path = f"/channels/{OPS}/messages"
    assert (await client.api(f"PATCH {path}/{sent['id']}", {"content": "y"})).code == 50021
    again = {**reference, "channel_id": OPS, "message_id": sent["id"]}
    twice = await client.post(message_reference=again)
    assert twice["message_snapshots"] == sent["message_snapshots"]
    missing = {"message_reference": {"type": 1, "message_id": made["id"]}}
    assert (await client.api(f"POST {path}", missing)).errors("message_reference", "channel_id")


async def test_a_guild_has_so_many_active_threads(client: Client) -> None:
    """160006 when the cap is reached; archiving one makes room."""
    client.sandbox.core.world.active_thread_cap = 1
    verb, body = f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11}
    first = (await client.api(verb, body)).body["id"]
    assert (await client.api(verb, body)).code == 160006
    assert (await client.api(f"PATCH /channels/{first}", {"archived": True})).status == 200
    assert (await client.api(verb, body)).status == 201


async def test_a_channel_takes_so_much_from_all_together(client: Client) -> None:
    """A channel's limit for all authors gives 20028, with the scope "shared"."""
    core = client.sandbox.core
    core.limiter.enabled = True
    for _ in range(CHANNEL_WRITES.requests):
        core.limiter.take(CHANNEL_WRITES, ALERTS, counts_globally=False)
    reply = await client.api(f"POST /channels/{ALERTS}/messages", {"content": "x"})
    assert (reply.status, reply.code) == (429, 20028)
    assert reply.headers["X-RateLimit-Scope"] == "shared"


async def test_renaming_is_limited_for_everybody(admin: Client) -> None:
    """Twice in ten minutes; then 429 with the scope shared and the resource's own message."""
    admin.sandbox.core.limiter.enabled = True
    for name in ("a", "b"):
        assert (await admin.api(f"PATCH /channels/{GENERAL}", {"name": name})).status == 200
    reply = await admin.api(f"PATCH /channels/{GENERAL}", {"name": "c"})
    assert (reply.status, reply.body["message"]) == (429, "The resource is being rate limited.")
    assert reply.headers["X-RateLimit-Scope"] == "shared"
    assert int(reply.headers["Retry-After"]) >= reply.body["retry_after"] > 500
    await admin.human("POST clock", advance_s=601)
    assert (await admin.api(f"PATCH /channels/{GENERAL}", {"name": "c"})).status == 200


async def test_only_new_names_of_a_thread_count(client: Client) -> None:
    """Two new names for a thread are accepted, and the third within ten minutes is 429.

    A name that Discord refuses, and the name that the thread has, do not count.
    """
    made = await client.api(f"POST /channels/{ALERTS}/threads", {"name": "a", "type": 11})
    path = f"PATCH /channels/{made.body['id']}"
    client.sandbox.core.limiter.enabled = True
    for _ in range(2):
        assert (await client.api(path, {"name": "x" * 101})).code == 50035
        assert (await client.api(path, {"name": "b", "auto_archive_duration": 7})).code == 50035
        assert (await client.api(path, {"name": "a"})).body["name"] == "a"
    for name in ("b", "c"):
        assert (await client.api(path, {"name": name})).body["name"] == name
    limited = await client.api(path, {"name": "d"})
    assert (limited.status, limited.headers["X-RateLimit-Scope"]) == (429, "shared")
    assert 500 < limited.body["retry_after"] <= 600
    assert (await client.api(path, {"name": "x" * 101})).code == 50035
    assert (await client.api(path, {"name": "c", "locked": True})).status == 200
    assert (await client.api(f"GET /channels/{made.body['id']}")).body["name"] == "c"


async def test_too_many_invalid_requests_ban_the_address(client: Client) -> None:
    """Cloudflare's page instead of JSON, for everything; 404 does not count, and ten minutes end it."""
    core = client.sandbox.core
    core.limiter.enabled, core.world.invalid_cap = True, 3
    for _ in range(5):
        assert (await client.api("GET /channels/1")).status == 404
    for _ in range(3):
        assert (await client.api(f"DELETE /channels/{GENERAL}")).status == 403
    url = f"{client.sandbox.api_base}/users/@me"
    async with client.http.get(url, headers=client.headers) as response:
        assert (response.status, "error code: 1015" in await response.text()) == (429, True)
        assert "Via" not in response.headers
    await client.human("POST clock", advance_s=601)
    assert (await client.api("GET /users/@me")).status == 200
    core.log._latest.clear()  # a page of Cloudflare's is in no description


async def test_locked_threads_keep_their_messages(client: Client) -> None:
    """The bot edits its message in a locked thread only with MANAGE_THREADS; without, the edit is 160005."""
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})).body["id"]
    made = await client.post(thread, content="x")
    await client.human("PATCH channel", channel=thread, locked=True)
    path = f"PATCH /channels/{thread}/messages/{made['id']}"
    assert (await client.api(path, {"content": "y"})).status == 200
    await client.human("PATCH channel", channel="p0-alerts", role="incident-bot", deny=str(1 << 34))
    assert (await client.api(path, {"content": "z"})).code == 160005


async def test_threads_tell_of_guests_and_new_names(client: Client) -> None:
    """A thread has RECIPIENT_ADD, RECIPIENT_REMOVE and CHANNEL_NAME_CHANGE messages."""
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})).body["id"]
    await client.api(f"PUT /channels/{thread}/thread-members/{PRIMARY}")
    await client.api(f"PATCH /channels/{thread}", {"name": "renamed"})
    await client.api(f"DELETE /channels/{thread}/thread-members/{PRIMARY}")
    told = (await client.api(f"GET /channels/{thread}/messages")).body
    assert [message["type"] for message in told] == [2, 4, 1]
    assert told[2]["mentions"][0]["id"] == PRIMARY
    assert told[1]["content"] == "renamed"
