"""The audit log: who did what, why, and who may read it."""

from typing import Any

import pytest

from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, Client
from local_discord.tests.conftest import Connect

GUILD = "1100000000000000001"
BOT = "1100000000000000002"
MODERATION = 1 << 2


async def with_reason(client: Client, verb: str, body: Any, reason: str) -> None:
    """A request that gives a reason for the audit log."""
    client.headers["X-Audit-Log-Reason"] = reason
    reply = await client.api(verb, body)
    del client.headers["X-Audit-Log-Reason"]
    assert reply.status < 300, reply.body


@pytest.fixture
async def admin(client: Client) -> Client:
    """A client whose bot is an administrator."""
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    return client


async def test_reasons_reach_the_log_decoded(admin: Client) -> None:
    """X-Audit-Log-Reason is URL-encoded UTF-8; the entry has it decoded, with what changed."""
    path = f"PATCH /channels/{GENERAL}"
    await with_reason(admin, path, {"topic": "P0"}, "%E9%9A%9C%E5%AE%B3%20%231")
    log = (await admin.api(f"GET /guilds/{GUILD}/audit-logs", limit="1")).body
    entry = log["audit_log_entries"][0]
    assert (entry["reason"], entry["action_type"]) == ("障害 #1", 11)
    assert (entry["target_id"], entry["user_id"]) == (GENERAL, BOT)
    assert entry["changes"] == [{"key": "topic", "new_value": "P0"}]
    assert [user["id"] for user in log["users"]] == [BOT]


async def test_a_reason_has_512_characters_at_most(admin: Client) -> None:
    """A longer one is refused, and nothing happens."""
    admin.headers["X-Audit-Log-Reason"] = "x" * 513
    reply = await admin.api(f"PATCH /channels/{GENERAL}", {"topic": "P0"})
    assert reply.errors("reason") == ["BASE_TYPE_MAX_LENGTH"]
    assert (await admin.api(f"GET /channels/{GENERAL}")).status == 400
    del admin.headers["X-Audit-Log-Reason"]
    assert (await admin.api(f"GET /channels/{GENERAL}")).body["topic"] is None


async def test_entries_can_be_picked(admin: Client) -> None:
    """Audit entries can be picked by action, user and id: newest first, or oldest first after an id."""
    role = f"/guilds/{GUILD}/members/{OBSERVER}/roles/1100000000000000202"
    await with_reason(admin, f"PUT {role}", None, "one")
    await with_reason(admin, f"DELETE {role}", None, "two")
    said = await admin.human("POST say", user="primary", channel="p0-alerts", content="x")
    assert (await admin.api(f"DELETE /channels/{ALERTS}/messages/{said.body['id']}")).status == 204
    path = f"GET /guilds/{GUILD}/audit-logs"
    roles = (await admin.api(path, action_type="25")).body["audit_log_entries"]
    assert [entry["reason"] for entry in roles] == ["two", "one"]
    assert roles[0]["changes"][0]["key"] == "$remove"
    later = (await admin.api(path, after=roles[1]["id"])).body["audit_log_entries"]
    assert [entry["action_type"] for entry in later] == [25, 72]
    assert later[1]["options"] == {"channel_id": ALERTS, "count": "1"}
    assert (await admin.api(path, before=roles[1]["id"])).body["audit_log_entries"] == []
    assert (await admin.api(path, user_id=OBSERVER)).body["audit_log_entries"] == []


async def test_only_who_may_view_it_reads_it(client: Client) -> None:
    """The audit log is refused to the default bot, which lacks VIEW_AUDIT_LOG."""
    reply = await client.api(f"GET /guilds/{GUILD}/audit-logs")
    assert (reply.status, reply.code) == (403, 50013)


async def test_entries_come_by_the_gateway(admin: Client, connect: Connect) -> None:
    """A session with the intent for moderation receives new entries as GUILD_AUDIT_LOG_ENTRY_CREATE."""
    socket = await connect()
    await socket.identify(admin.sandbox.address.token, MODERATION)
    await with_reason(admin, f"PATCH /channels/{GENERAL}", {"topic": "P0"}, "why")
    entry = (await socket.event("GUILD_AUDIT_LOG_ENTRY_CREATE"))["d"]
    assert (entry["reason"], entry["guild_id"]) == ("why", GUILD)
