"""What a session is told when the bot gains or loses sight of channels and threads.

Source: Discord's docs, Topics > Threads > Details about Thread Access and Syncing.
"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_discord.messages.threads import start_thread
from local_discord.server import LocalDiscord
from local_discord.tests.client import GENERAL, PRIMARY, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import GUILDS, MEMBERS, MESSAGES, dial
from local_discord.world.membership import add_member

VIEW, MANAGE_THREADS, PRIVATE = 1 << 10, 1 << 34, 1 << 36
ROLE = {"channel": "general", "role": "incident-bot"}
BOT = "1100000000000000002"
GUILD = "1100000000000000001"
HIDDEN = [{"id": GUILD, "type": 0, "allow": "0", "deny": str(VIEW)}]


@pytest.fixture
async def socket(client: Client, connect: Connect) -> Socket:
    """A session with the intent for guilds and messages only, past its greeting."""
    opened = await connect()
    await opened.identify(client.sandbox.address.token, GUILDS | MESSAGES)
    await opened.event("GUILD_CREATE")
    return opened


async def names(client: Client, socket: Socket) -> list[str]:
    """The events up to now but for messages: up to one that is said last."""
    await client.post(content="the end")
    found: list[str] = []
    while (frame := await socket.frame())["d"].get("content") != "the end":
        found += [frame["t"]] if frame["t"] != "MESSAGE_CREATE" else []
    return found


async def thread_in_general(client: Client, **body: Any) -> dict[str, Any]:
    made = await client.api(f"POST /channels/{GENERAL}/threads", {"name": "t", "type": 11, **body})
    assert made.status == 201, made.body
    thread: dict[str, Any] = made.body
    return thread


async def test_a_changed_role_is_told(client: Client, socket: Socket) -> None:
    """GUILD_ROLE_UPDATE, when a person changes it as when the bot does."""
    await client.human("PATCH role", role="on-call", permissions="1024", mentionable=True)
    role = (await socket.event("GUILD_ROLE_UPDATE"))["d"]["role"]
    assert (role["name"], role["permissions"], role["mentionable"]) == ("on-call", "1024", True)


async def test_losing_a_channel_is_told_by_what_took_it(client: Client, socket: Socket) -> None:
    """CHANNEL_UPDATE comes obfuscated once the channel cannot be viewed; nothing of its threads does."""
    thread = await thread_in_general(client)
    await socket.event("THREAD_MEMBERS_UPDATE")
    await client.human("PATCH channel", **ROLE, deny=str(VIEW))
    told = (await socket.event("CHANNEL_UPDATE"))["d"]
    assert (told["id"], told["name"], told["permission_overwrites"]) == (GENERAL, "___hidden___", HIDDEN)
    await client.human("PATCH channel", channel=thread["id"], locked=True)
    assert await names(client, socket) == []


async def test_gaining_a_channel_brings_its_threads(client: Client, socket: Socket) -> None:
    """CHANNEL_UPDATE, then THREAD_LIST_SYNC with the active threads and the bot's membership in them."""
    mine, archived = await thread_in_general(client), await thread_in_general(client)
    await client.human("PATCH channel", channel=archived["id"], archived=True)
    await client.human("PATCH channel", **ROLE, deny=str(VIEW))
    await names(client, socket)
    await client.human("PATCH channel", **ROLE, deny="0")
    assert (await socket.frame())["t"] == "CHANNEL_UPDATE"
    sync = await socket.frame()
    assert (sync["t"], sync["d"]["channel_ids"]) == ("THREAD_LIST_SYNC", [GENERAL])
    assert [one["id"] for one in sync["d"]["threads"]] == [mine["id"]]
    assert [(one["id"], one["user_id"]) for one in sync["d"]["members"]] == [(mine["id"], BOT)]
    await client.human("PATCH channel", **ROLE, allow="0")
    assert await names(client, socket) == ["CHANNEL_UPDATE"]


async def test_a_role_may_bring_a_channel(client: Client, socket: Socket) -> None:
    """A channel that comes into sight by a role is brought, then its threads are; a new channel's are not.

    The role gets the permission, or the bot gets the role.
    """
    await client.human("PATCH role", role="incident-bot", permissions="0")
    await client.human("PATCH channel", channel="general", role="@everyone", deny=str(VIEW))
    await client.human("PATCH channel", channel="p0-alerts", role="@everyone", allow=str(VIEW | 1 << 11))
    await names(client, socket)
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    assert await names(client, socket) == ["GUILD_ROLE_UPDATE", "CHANNEL_UPDATE", "THREAD_LIST_SYNC"]
    await client.api("POST /guilds/1100000000000000001/channels", {"name": "new"})
    assert await names(client, socket) == ["CHANNEL_CREATE"]
    told = ["GUILD_MEMBER_UPDATE", "CHANNEL_UPDATE"]
    await client.human("PATCH member", user="incident-bot", roles=[])
    assert await names(client, socket) == told
    await client.human("PATCH member", user="incident-bot", roles=["incident-bot"])
    assert await names(client, socket) == [*told, "THREAD_LIST_SYNC"]


async def test_what_was_hidden_before_a_restart_is_known(tmp_path: Path) -> None:
    """Loaded from a file, the sandbox knows what the bot could not view."""
    file = tmp_path / "state.json"
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        sandbox = await stack.enter_async_context(LocalDiscord(state=file))
        await Client(sandbox, http).human("PATCH channel", **ROLE, deny=str(VIEW))
        sandbox.save()
        reborn = await stack.enter_async_context(LocalDiscord(state=file))
        socket = Socket(await dial(stack, reborn))
        await socket.identify(reborn.address.token, GUILDS)
        await Client(reborn, http).human("PATCH channel", **ROLE, deny="0")
        assert (await socket.event("THREAD_LIST_SYNC"))["d"]["channel_ids"] == [GENERAL]


async def test_leaving_a_private_thread_is_told(client: Client, socket: Socket) -> None:
    """THREAD_MEMBERS_UPDATE to oneself, though the thread can no longer be viewed."""
    await client.human("PATCH channel", **ROLE, allow=str(PRIVATE), deny=str(MANAGE_THREADS))
    thread = await thread_in_general(client, type=12)
    assert await names(client, socket) == ["CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_MEMBERS_UPDATE"]
    assert (await client.api(f"DELETE /channels/{thread['id']}/thread-members/@me")).status == 204
    told = (await socket.event("THREAD_MEMBERS_UPDATE"))["d"]
    assert (told["id"], told["removed_member_ids"], told["member_count"]) == (thread["id"], [BOT], 0)
    assert (await client.api(f"GET /channels/{thread['id']}")).code == 50001


async def test_unarchiving_tells_the_membership_too(client: Client, socket: Socket) -> None:
    """THREAD_UPDATE, then THREAD_MEMBER_UPDATE, by PATCH as by a message; not where the bot is no member."""
    thread = await thread_in_general(client)
    path = f"/channels/{thread['id']}"
    await names(client, socket)
    await client.api(f"PATCH {path}", {"archived": True})
    assert await names(client, socket) == ["THREAD_UPDATE"]
    await client.api(f"PATCH {path}", {"archived": False})
    assert (await socket.frame())["t"] == "THREAD_UPDATE"
    told = await socket.frame()
    assert (told["t"], told["d"]["id"], told["d"]["user_id"]) == ("THREAD_MEMBER_UPDATE", thread["id"], BOT)
    assert told["d"]["guild_id"] == "1100000000000000001"
    await client.api(f"DELETE {path}/thread-members/@me")
    await client.api(f"PATCH {path}", {"archived": True})
    await names(client, socket)
    await client.human("POST say", user="primary", channel=thread["id"], content="again")
    assert (await socket.frame())["t"] == "THREAD_UPDATE"
    assert (await socket.frame())["t"] == "MESSAGE_CREATE"


async def test_whoever_is_added_is_told_of_the_thread(client: Client, socket: Socket) -> None:
    """THREAD_CREATE with the membership and without newly_created: by joining, and by being added."""
    thread = await thread_in_general(client)
    assert await names(client, socket) == ["THREAD_CREATE", "THREAD_MEMBERS_UPDATE"]
    await client.api(f"DELETE /channels/{thread['id']}/thread-members/@me")
    await names(client, socket)
    await client.api(f"PUT /channels/{thread['id']}/thread-members/@me")
    made = await socket.event("THREAD_CREATE")
    assert "newly_created" not in made["d"]
    assert made["d"]["member"]["user_id"] == BOT
    assert (await socket.frame())["t"] == "THREAD_MEMBERS_UPDATE"
    await client.human("PATCH channel", **ROLE, deny=str(MANAGE_THREADS))
    core = client.sandbox.core
    private = start_thread(core, core.world.channels[GENERAL], PRIMARY, {"name": "p", "type": 12}, None)
    assert await names(client, socket) == ["CHANNEL_UPDATE"]
    add_member(core, private, BOT)
    assert (await socket.frame())["d"]["id"] == private.id
    assert (await socket.frame())["d"]["added_members"][0]["user_id"] == BOT


async def test_members_are_counted_up_to_fifty(client: Client, socket: Socket) -> None:
    """An event of a thread's members counts at most fifty of them, as the thread itself does."""
    thread = await thread_in_general(client)
    core = client.sandbox.core
    state = core.world.channels[thread["id"]].thread
    assert state
    state.members |= {str(number): core.clock.iso() for number in range(60)}
    await names(client, socket)
    await client.api(f"DELETE /channels/{thread['id']}/thread-members/@me")
    assert (await socket.event("THREAD_MEMBERS_UPDATE"))["d"]["member_count"] == 50


async def test_no_privileged_intent_is_allowed_out_of_the_box() -> None:
    """A new sandbox allows no privileged intent: IDENTIFY is closed with 4014, the member list is 50001."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(LocalDiscord())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for intent in (MEMBERS, 1 << 8, 1 << 15):
            socket = Socket(await dial(stack, sandbox))
            await socket.frame()
            body = {"token": sandbox.address.token, "properties": {}, "intents": GUILDS | intent}
            await socket.send(2, body)
            assert await socket.closed() == 4014
        listed = await Client(sandbox, http).api("GET /guilds/1100000000000000001/members")
        assert listed.code == 50001
