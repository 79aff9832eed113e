"""Changing the world from the human side, and what the bot notices of it."""

from typing import Any

import pytest

from local_discord.tests.client import ALERTS, OBSERVER, PRIMARY, Client
from local_discord.tests.conftest import Connect
from local_discord.world.permissions import P

GUILD = "1100000000000000001"
EVERYTHING = 1 | 1 << 1 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14


async def test_people_join_and_leave(client: Client, connect: Connect) -> None:
    """GUILD_MEMBER_ADD and _REMOVE; who left is 10007, and may come back."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, EVERYTHING)
    made = await client.human("POST member", user="newcomer", roles=["responder"])
    assert (await socket.event("GUILD_MEMBER_ADD"))["d"]["user"]["id"] == made.body["id"]
    assert (await client.human("DELETE member", user="newcomer")).status == 200
    assert (await socket.event("GUILD_MEMBER_REMOVE"))["d"]["user"]["username"] == "newcomer"
    assert (await client.api(f"GET /guilds/{GUILD}/members/{made.body['id']}")).code == 10007
    assert (await client.human("DELETE member", user="newcomer")).status == 400
    again = await client.human("POST member", user="newcomer")
    assert again.body["id"] == made.body["id"]


async def test_channels_are_made(client: Client, connect: Connect) -> None:
    """CHANNEL_CREATE; the bot may post there. A name that is taken is refused."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, EVERYTHING)
    made = await client.human("POST channel", channel="deploys")
    assert (await socket.event("CHANNEL_CREATE"))["d"]["name"] == "deploys"
    listed = (await client.api(f"GET /guilds/{GUILD}/channels")).body
    assert max(listed, key=lambda one: one["position"])["id"] == made.body["id"]
    assert (await client.api(f"POST /channels/{made.body['id']}/messages", {"content": "x"})).status == 200
    assert (await client.human("POST channel", channel="deploys")).status == 400


async def test_idle_threads_are_archived_when_the_clock_moves(client: Client) -> None:
    """A thread of 60 minutes is archived after an hour of silence, not before."""
    body = {"name": "t", "type": 11, "auto_archive_duration": 60}
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", body)).body
    for seconds, archived in ((1800, False), (3600, True)):
        await client.human("POST clock", advance_s=seconds)
        shown = (await client.api(f"GET /channels/{thread['id']}")).body
        assert shown["thread_metadata"]["archived"] is archived


async def test_dms_both_ways(client: Client, connect: Connect) -> None:
    """A person writes to the bot, the bot reads it without any intent for content, reacts and types."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, EVERYTHING)
    said = (await client.human("POST say", user="primary", channel="dm:primary", content="help")).body
    heard = (await socket.event("MESSAGE_CREATE"))["d"]
    assert (heard["content"], heard["channel_type"]) == ("help", 1)
    assert "guild_id" not in heard
    path = f"/channels/{said['channel_id']}"
    assert (await client.api(f"POST {path}/typing")).status == 204
    assert (await socket.event("TYPING_START"))["d"]["channel_id"] == said["channel_id"]
    await client.human("PUT reaction", user="primary", message=said["id"], emoji="👀")
    assert "member" not in (await socket.event("MESSAGE_REACTION_ADD"))["d"]
    assert (await client.api(f"DELETE {path}/messages/{said['id']}")).code == 50003
    assert (await client.api(f"PATCH {path}", {"name": "x"})).code == 50003
    assert (await client.api(f"GET {path}")).body["recipients"][0]["id"] == PRIMARY
    names = [channel.get("name") for channel in (await client.human("GET state")).body["channels"]]
    assert "dm:primary" in names
    assert (await client.api("POST /users/@me/channels", {"recipient_id": "1"})).code == 50033
    assert (await client.api("POST /users/@me/channels", {})).errors("recipient_id")


async def test_reactions_can_be_cleared(client: Client, connect: Connect) -> None:
    """All of one emoji, or all; each has its event."""
    await client.allow(P.MANAGE_MESSAGES)
    socket = await connect()
    await socket.identify(client.sandbox.address.token, EVERYTHING)
    made = await client.post(content="x")
    for emoji in ("👀", "✅"):
        await client.human("PUT reaction", user="primary", message=made["id"], emoji=emoji)
    path = f"DELETE /channels/{ALERTS}/messages/{made['id']}/reactions"
    assert (await client.api(f"{path}/%F0%9F%91%80")).status == 204
    assert (await socket.event("MESSAGE_REACTION_REMOVE_EMOJI"))["d"]["emoji"]["name"] == "👀"
    assert (await client.api(path)).status == 204
    assert await socket.event("MESSAGE_REACTION_REMOVE_ALL")


async def test_rate_limits_can_be_switched(client: Client) -> None:
    """PATCH limits turns them on and off; off, nothing is counted, and no header makes a client wait."""
    await client.human("PATCH limits", enabled=True)
    verb = f"POST /channels/{ALERTS}/messages"
    statuses = [(await client.api(verb, {"content": "x"})).status for _ in range(6)]
    assert statuses[-1] == 429
    await client.human("PATCH limits", enabled=False)
    for _ in range(60):
        reply = await client.api(verb, {"content": "x"})
        assert (reply.status, reply.headers["X-RateLimit-Remaining"]) == (200, "4")
    await client.human("PATCH limits", enabled=True)
    assert (await client.api("GET /users/@me")).status == 200


async def test_a_bug_of_the_sandbox_is_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside is answered with a 500, and shows in the state."""
    core = client.sandbox.core
    monkeypatch.setattr(core.limiter, "take", None)
    reply = await client.api("GET /users/@me")
    assert (reply.status, reply.body) == (500, {"message": "500: Internal Server Error", "code": 0})
    assert (await client.human("GET state")).body["internal_errors"] == 1
    core.world.internal_errors.clear()
    core.log._latest.clear()


async def test_threads_by_hand(client: Client) -> None:
    """Join, leave, rename, lists by member; wrong durations and thread calls on a channel are refused."""
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})).body
    path = f"/channels/{thread['id']}"
    assert (await client.api(f"DELETE {path}/thread-members/@me")).status == 204
    assert (await client.api(f"PUT {path}/thread-members/@me")).status == 204
    renamed = await client.api(f"PATCH {path}", {"name": "renamed", "auto_archive_duration": 60})
    assert renamed.body["name"] == "renamed"
    assert (await client.api(f"PATCH {path}", {"auto_archive_duration": 61})).errors("auto_archive_duration")
    assert (await client.api(f"PATCH {path}", {"archived": True})).status == 200
    assert (await client.api(f"PATCH {path}", {"name": "late"})).code == 50083
    assert (await client.api(f"PUT {path}/thread-members/{OBSERVER}")).code == 50083
    private = await client.api(f"GET /channels/{ALERTS}/users/@me/threads/archived/private")
    assert private.body["threads"] == []
    assert (await client.api(f"PUT /channels/{ALERTS}/thread-members/@me")).code == 50024
    assert (await client.api(f"DELETE {path}")).status == 200
    assert (await client.human("PATCH channel", channel="general", archived=True)).status == 400


async def test_replies_deletions_and_nicknames(client: Client) -> None:
    """A person replies to an alert, the alert is deleted, and the bot renames itself."""
    made = await client.post(content="alert")
    reply = await client.human(
        "POST say", user="primary", channel="p0-alerts", content="on it", reply_to=made["id"]
    )
    assert reply.body["message_reference"]["message_id"] == made["id"]
    await client.human("DELETE message", message=made["id"])
    assert (await client.api(f"GET /channels/{ALERTS}/messages/{made['id']}")).code == 10008
    shown = await client.api(f"GET /channels/{ALERTS}/messages/{reply.body['id']}")
    assert shown.body["referenced_message"] is None
    nick: dict[str, Any] = {"nick": "Incidents"}
    assert (await client.api(f"PATCH /guilds/{GUILD}/members/@me", nick)).body["nick"] == "Incidents"


async def test_followups_are_messages_of_their_own(client: Client) -> None:
    """A followup is fetched, edited and deleted by its id through the interaction's token."""
    await client.register({"name": "triage", "description": "d"})
    interaction = await client.run()
    await client.respond(interaction, 4, content="x")
    base = f"/webhooks/{client.sandbox.address.application_id}/{interaction['token']}"
    made = (await client.api(f"POST {base}", {"content": "more", "flags": 64})).body
    path = f"{base}/messages/{made['id']}"
    assert (await client.api(f"GET {path}")).body["content"] == "more"
    assert (await client.api(f"PATCH {path}", {"content": "less"})).body["content"] == "less"
    assert (await client.api(f"DELETE {path}")).status == 204
    assert (await client.api(f"GET {path}")).code == 10008
    assert (await client.api(f"GET {base}/messages/1")).code == 10008


async def test_autocomplete_times_out_without_an_answer(client: Client) -> None:
    """Without an answer in time the person sees no choices, and a late answer is refused (10062)."""
    option = {"name": "q", "description": "d", "type": 3, "autocomplete": True}
    await client.register({"name": "find", "description": "d", "options": [option]})
    client.sandbox.core.hub.subscribe(lambda event: heard.append(event.data))
    heard: list[dict[str, Any]] = []
    call = {"user": "primary", "channel": "p0-alerts", "name": "find", "focused": "q", "options": {"q": "a"}}
    reply = await client.human("POST autocomplete", **call)
    assert reply.body["timeout"] is True
    assert heard[0]["data"]["options"] == [{"name": "q", "type": 3, "value": "a", "focused": True}]
    assert (await client.respond(heard[0], 8, choices=[])).code == 10062


async def test_new_dms_can_be_opened_too_fast(client: Client) -> None:
    """40003 after ten new ones within seconds; those that are there stay open, and time mends it.

    Source: Resources > User > Create DM, the warning; Topics > Opcodes and Status Codes, 40003.
    """
    people = [(await client.human("POST member", user=f"person{number}")).body["id"] for number in range(12)]
    opened = [await client.api("POST /users/@me/channels", {"recipient_id": who}) for who in people]
    assert [(one.status, one.code) for one in opened[10:]] == [(403, 40003)] * 2
    assert {one.status for one in opened[:10]} == {200}
    assert (await client.api("POST /users/@me/channels", {"recipient_id": people[0]})).status == 200
    await client.human("POST clock", advance_s=11)
    assert (await client.api("POST /users/@me/channels", {"recipient_id": people[11]})).status == 200


async def test_a_bot_in_quarantine_writes_to_those_it_knows(client: Client) -> None:
    """A bot in quarantine writes in the DMs that it has, and a new DM is refused with 20026.

    Source: discord-api-docs issue #2669.
    """
    known = await client.api("POST /users/@me/channels", {"recipient_id": PRIMARY})
    await client.human("PATCH application", quarantined=True)
    refused = await client.api("POST /users/@me/channels", {"recipient_id": OBSERVER})
    assert (refused.status, refused.code) == (403, 20026)
    assert (await client.api("POST /users/@me/channels", {"recipient_id": PRIMARY})).status == 200
    sent = await client.api(f"POST /channels/{known.body['id']}/messages", {"content": "x"})
    assert sent.status == 200


async def test_a_server_may_require_two_factor_authentication(client: Client, connect: Connect) -> None:
    """60003 for a starred permission while the application's owner has none, and the rest is well.

    Source: Topics > Permissions, below the table; for bots discord-api-docs issue #69.
    """
    socket = await connect()
    await socket.identify(client.sandbox.address.token, EVERYTHING)
    await client.human("PATCH guild", mfa_level=1)
    assert (await socket.event("GUILD_UPDATE"))["d"]["mfa_level"] == 1
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})).body["id"]
    for owner_mfa in (True, False):
        await client.human("PATCH application", owner_mfa=owner_mfa)
        reply = await client.api(f"PATCH /channels/{thread}", {"locked": owner_mfa})
        assert reply.status == 200 if owner_mfa else (reply.status, reply.code) == (403, 60003)
        assert (await client.api("GET /users/@me")).body["mfa_enabled"] is owner_mfa
        await client.post(content="x")
    assert (await client.human("PATCH guild", mfa_level=2)).status == 400


async def test_an_interactions_endpoint_takes_all_away(client: Client, connect: Connect) -> None:
    """While the application has an interactions endpoint, no interaction comes by the gateway.

    Source: Interactions > Receiving and Responding > Receiving an Interaction: the ways exclude each other.
    """
    socket = await connect()
    await socket.identify(client.sandbox.address.token, EVERYTHING)
    await client.api(
        f"POST /applications/{client.sandbox.address.application_id}/commands",
        {"name": "triage", "description": "d"},
    )
    url = "https://bot.example.com/interactions"
    await client.human("PATCH application", interactions_endpoint_url=url)
    assert (await client.api("GET /applications/@me")).body["interactions_endpoint_url"] == url
    await client.human("POST command", user="primary", channel="general", name="triage")
    await client.human("PATCH application", interactions_endpoint_url="")
    second = (await client.human("POST command", user="primary", channel="general", name="triage")).body
    assert (await socket.event("INTERACTION_CREATE"))["d"]["id"] == second["interaction"]


async def test_everyone_has_what_a_new_server_gives(client: Client) -> None:
    """@everyone has a new server's permissions, and the bot's role has those of README's invitation."""
    roles = {role["name"]: role for role in (await client.api(f"GET /guilds/{GUILD}/roles")).body}
    assert roles["@everyone"]["permissions"] == "2248473465835073"
    assert roles["incident-bot"]["permissions"] == "395137207360"
