"""Rules that a bot meets late, on the real Discord: each test names the document that it follows."""

from typing import Any

from bot.sandbox.permissions import P
from tests.sandbox.client import ALERTS, GENERAL, Client


async def started(client: Client, name: str = "SEV1") -> str:
    """A thread on a message of its own; its id."""
    message = await client.post(content="alert")
    path = f"POST /channels/{ALERTS}/messages/{message['id']}/threads"
    reply = await client.api(path, {"name": name})
    assert reply.status == 201, reply.body
    return str(reply.body["id"])


async def notes(client: Client, thread: str) -> list[dict[str, Any]]:
    """Discord's own notes in a thread, newest first."""
    found = (await client.api(f"GET /channels/{thread}/messages")).body
    return [message for message in found if message["type"] not in (0, 19)]


async def test_nobody_deletes_the_note_of_a_rename(client: Client) -> None:
    """Resources > Message > Message Types, column Deletable; discord-api-docs #5921, #6108: 50021, also in a
    bulk, also for the one who renamed it.
    """
    thread = await started(client)
    assert (await client.api(f"PATCH /channels/{thread}", {"name": "SEV1 acked"})).status == 200
    renamed, starter = await notes(client, thread)
    assert (renamed["type"], renamed["content"], starter["type"]) == (4, "SEV1 acked", 21)
    for note in (renamed, starter):
        reply = await client.api(f"DELETE /channels/{thread}/messages/{note['id']}")
        assert (reply.status, reply.code) == (403, 50021)
    assert (await client.human("DELETE message", message=renamed["id"])).code == 50021
    await client.allow(P.MANAGE_MESSAGES)
    ordinary = await client.post(thread, content="x")
    body = {"messages": [ordinary["id"], renamed["id"]]}
    assert (await client.api(f"POST /channels/{thread}/messages/bulk-delete", body)).code == 50021
    assert len(await notes(client, thread)) == 2


async def test_nobody_deletes_the_note_of_who_was_added(client: Client) -> None:
    """The same table: RECIPIENT_ADD and RECIPIENT_REMOVE."""
    thread = await started(client)
    for method in ("PUT", "DELETE"):
        await client.api(f"{method} /channels/{thread}/thread-members/1100000000000000101")
    removed, added, _starter = await notes(client, thread)
    assert (added["type"], removed["type"]) == (1, 2)
    for note in (added, removed):
        reply = await client.api(f"DELETE /channels/{thread}/messages/{note['id']}")
        assert (reply.status, reply.code) == (403, 50021)


async def test_a_nonce_does_not_make_again_what_was_deleted(client: Client) -> None:
    """Create Message, enforce_nonce; discord-api-docs #6647, discord.py #10116: 404 with 10008, meant so."""
    body: dict[str, Any] = {"content": "alert", "nonce": "step-1", "enforce_nonce": True}
    first = await client.post(**body)
    await client.api(f"DELETE /channels/{ALERTS}/messages/{first['id']}")
    for channel in (ALERTS, GENERAL):
        reply = await client.api(f"POST /channels/{channel}/messages", body)
        assert (reply.status, reply.code) == (404, 10008)
    client.sandbox.core.clock.advance(600)
    assert (await client.post(**body))["id"] != first["id"]
