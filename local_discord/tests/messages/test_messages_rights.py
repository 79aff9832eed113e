"""What messages may show and who may change them: embeds, files, history, bulk deletion, pages."""

import json
from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, GENERAL, Client, Reply
from local_discord.world.permissions import P

GUILD = "1100000000000000001"
SEND, EMBED, ATTACH, HISTORY = 1 << 11, 1 << 14, 1 << 15, 1 << 16
EMBEDS: list[dict[str, Any]] = [{"title": "SEV1"}]
ROLE = {"channel": "general", "role": "incident-bot"}


async def upload(client: Client, verb: str, payload: dict[str, Any]) -> Reply:
    """A request with one file, ``files[0]``."""
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps(payload))
    form.add_field("files[0]", b"x", filename="a.txt")
    method, path = verb.split(" ")
    url = client.sandbox.api_base + path
    async with client.http.request(method, url, data=form, headers=client.headers) as response:
        return Reply(response.status, await response.json(content_type=None), dict(response.headers))


async def test_edits_show_no_more_than_messages_may(client: Client) -> None:
    """An embed or a file that comes with an edit needs what it needs in a new message."""
    made = await client.post(GENERAL, content="x")
    await client.human("PATCH channel", **ROLE, deny=str(EMBED | ATTACH))
    verb = f"PATCH /channels/{GENERAL}/messages/{made['id']}"
    assert (await client.api(verb, {"embeds": EMBEDS})).code == 50013
    assert (await upload(client, verb, {})).code == 50013
    assert (await client.api(verb, {"content": "y", "embeds": []})).body["content"] == "y"


@pytest.mark.parametrize("is_file", [False, True])
async def test_posts_show_no_more_than_messages_may(client: Client, is_file: bool) -> None:
    """A post without EMBED_LINKS or ATTACH_FILES is refused as a message is, and no thread is left."""
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 10 | 1 << 4 | SEND))
    made = await client.api(f"POST /guilds/{GUILD}/channels", {"name": "postmortems", "type": 15})
    await client.human("PATCH channel", **ROLE | {"channel": made.body["id"]}, deny=str(EMBED | ATTACH))
    verb = f"POST /channels/{made.body['id']}/threads"
    message = {"content": "x"} if is_file else {"embeds": EMBEDS}
    body = {"name": "x", "message": message}
    refused = await upload(client, verb, body) if is_file else await client.api(verb, body)
    assert refused.code == 50013
    assert (await client.api(f"GET /guilds/{GUILD}/threads/active")).body["threads"] == []


async def test_posts_count_as_writing_in_the_forum(client: Client) -> None:
    """Forum posts beyond what a channel takes from all users together are refused with 20028."""
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    made = await client.api(f"POST /guilds/{GUILD}/channels", {"name": "postmortems", "type": 15})
    await client.human("PATCH limits", enabled=True)
    body = {"name": "x", "message": {"content": "x"}}
    for _ in range(61):
        await client.human("POST clock", advance_s=0.15)  # past the bot's own limits, within the channel's
        client.sandbox.core.limiter._windows = {
            key: window
            for key, window in client.sandbox.core.limiter._windows.items()
            if key[0] == "channel-writes"
        }
        reply = await client.api(f"POST /channels/{made.body['id']}/threads", body)
    assert (reply.status, reply.code, reply.headers["X-RateLimit-Scope"]) == (429, 20028, "shared")


async def test_ones_own_messages_need_no_history(client: Client) -> None:
    """Editing and deleting them work without READ_MESSAGE_HISTORY; reading them does not."""
    made = await client.post(GENERAL, content="x")
    await client.human("PATCH channel", **ROLE, deny=str(HISTORY))
    path = f"/channels/{GENERAL}/messages/{made['id']}"
    assert (await client.api(f"GET {path}")).code == 50013
    assert (await client.api(f"PATCH {path}", {"content": "y"})).body["content"] == "y"
    assert (await client.api(f"DELETE {path}")).status == 204


async def test_described_files_must_come_along(client: Client) -> None:
    """An attachment without its upload is refused; an edit may also list what the message has."""
    verb = f"POST /channels/{ALERTS}/messages"
    lost = await client.api(verb, {"content": "x", "attachments": [{"id": "3", "filename": "x"}]})
    assert lost.errors("attachments", "0", "id") == ["ATTACHMENT_NOT_FOUND"]
    made = (await upload(client, verb, {"attachments": [{"id": "0", "description": "d"}]})).body
    kept = {"attachments": [{"id": made["attachments"][0]["id"]}]}
    path = f"PATCH /channels/{ALERTS}/messages/{made['id']}"
    assert len((await client.api(path, kept)).body["attachments"]) == 1
    assert (await client.api(path, {"attachments": [{"id": "7"}]})).errors("attachments", "0", "id")


@pytest.mark.parametrize("names", [("before", "after"), ("around", "before"), ("around", "after")])
async def test_a_page_begins_at_one_place(client: Client, names: tuple[str, str]) -> None:
    """Asking for messages with more than one of before, after and around is refused as mutually exclusive."""
    reply = await client.api(f"GET /channels/{ALERTS}/messages", **dict.fromkeys(names, "1"))
    assert (reply.code, reply.errors(names[1])) == (50035, ["MUTUALLY_EXCLUSIVE"])


async def test_bulk_deletion_passes_over_what_is_not_the_channels(client: Client) -> None:
    """Ephemeral messages stay, and a thread counts the others down."""
    await client.allow(P.MANAGE_MESSAGES)
    await client.register({"name": "triage", "description": "d"})
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})).body["id"]
    ids = [(await client.post(thread, content=str(number)))["id"] for number in range(3)]
    call = {"user": "primary", "channel": thread, "name": "triage"}
    opened = client.payload(await client.human("POST command", **call))
    secret = (await client.respond(opened, 4, content="x", flags=64)).body["resource"]["message"]["id"]
    body = {"messages": [*ids[:2], secret]}
    assert (await client.api(f"POST /channels/{thread}/messages/bulk-delete", body)).status == 204
    shown = (await client.api(f"GET /channels/{thread}")).body
    assert (shown["message_count"], shown["total_message_sent"]) == (1, 3)
    seen = (await client.human(f"GET messages/{thread}?user=primary")).body
    assert [one["id"] for one in seen] == [ids[2], secret]
