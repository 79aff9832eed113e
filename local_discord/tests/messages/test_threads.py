"""Threads and reactions."""

from typing import Any
from urllib.parse import quote

import pytest

from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, PRIMARY, Client
from local_discord.world.permissions import P

EYES = quote("👀")


async def start(client: Client, name: str = "SEV1") -> tuple[dict[str, Any], dict[str, Any]]:
    """A message and the thread on it."""
    message = await client.post(content="alert")
    path = f"POST /channels/{ALERTS}/messages/{message['id']}/threads"
    reply = await client.api(path, {"name": name})
    assert reply.status == 201, reply.body
    return message, reply.body


async def test_thread_takes_the_id_of_its_message(client: Client) -> None:
    """The thread has the message's id, the message shows the thread, a second one is 160004."""
    message, thread = await start(client)
    assert thread["id"] == message["id"]
    shown = (await client.api(f"GET /channels/{ALERTS}/messages/{message['id']}")).body
    assert shown["thread"]["id"] == thread["id"]
    assert shown["flags"] & (1 << 5)
    again = await client.api(f"POST /channels/{ALERTS}/messages/{message['id']}/threads", {"name": "x"})
    assert (again.status, again.code) == (400, 160004)


async def test_archived_threads_take_no_edits_and_no_reactions(client: Client) -> None:
    """In an archived thread edits and reactions are 50083; a new message unarchives the thread."""
    _, thread = await start(client)
    inside = await client.post(thread["id"], content="start 21:00 JST")
    await client.api(f"PATCH /channels/{thread['id']}", {"archived": True})
    path = f"/channels/{thread['id']}/messages/{inside['id']}"
    assert (await client.api(f"PATCH {path}", {"content": "x"})).code == 50083
    assert (await client.api(f"PUT {path}/reactions/{EYES}/@me")).code == 50083
    await client.post(thread["id"], content="back")
    shown = (await client.api(f"GET /channels/{thread['id']}")).body
    assert shown["thread_metadata"]["archived"] is False


async def test_locked_archived_threads_refuse_messages(client: Client) -> None:
    """A message to a thread that is locked and archived is refused with code 160005."""
    _, thread = await start(client)
    await client.human("PATCH channel", channel=thread["id"], archived=True, locked=True)
    reply = await client.api(f"POST /channels/{thread['id']}/messages", {"content": "x"})
    assert (reply.status, reply.code) == (400, 160005)


async def test_threads_without_a_message_and_the_lists(client: Client) -> None:
    """Active and archived lists show each thread once, under its state."""
    reply = await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 11})
    assert (reply.status, reply.body["type"]) == (201, 11)
    guild = client.sandbox.address.guild_id
    assert len((await client.api(f"GET /guilds/{guild}/threads/active")).body["threads"]) == 1
    await client.api(f"PATCH /channels/{reply.body['id']}", {"archived": True, "name": "done"})
    assert (await client.api(f"GET /guilds/{guild}/threads/active")).body["threads"] == []
    archived = (await client.api(f"GET /channels/{ALERTS}/threads/archived/public")).body
    assert [thread["name"] for thread in archived["threads"]] == ["done"]


async def test_thread_members_come_and_go(client: Client) -> None:
    """The starter is in; others are added, listed and removed; a stranger is 10007."""
    _, thread = await start(client)
    path = f"/channels/{thread['id']}/thread-members"
    assert (await client.api(f"PUT {path}/{PRIMARY}")).status == 204
    listed = (await client.api(f"GET {path}", with_member="true")).body
    assert PRIMARY in {member["user_id"] for member in listed}
    assert (await client.api(f"DELETE {path}/{PRIMARY}")).status == 204
    assert (await client.api(f"GET {path}/{PRIMARY}")).code == 10007
    assert (await client.api(f"GET {path}/@me")).status == 200


async def test_deleting_a_channel_deletes_its_threads(client: Client) -> None:
    """A deleted channel and its threads are unknown (10003) afterwards."""
    _, thread = await start(client)
    await client.human("DELETE channel", channel="p0-alerts")
    assert (await client.api(f"GET /channels/{ALERTS}")).code == 10003
    assert (await client.api(f"POST /channels/{thread['id']}/messages", {"content": "x"})).code == 10003


async def test_reactions_are_listed_in_pages(client: Client) -> None:
    """Users come by id, after `after`; `me` says whether the bot is among them."""
    await client.allow(P.MANAGE_MESSAGES)
    message = await client.post(content="alert")
    for user in ("primary", "observer", "secondary"):
        await client.human("PUT reaction", user=user, message=message["id"], emoji="👀")
    path = f"/channels/{ALERTS}/messages/{message['id']}/reactions/{EYES}"
    first = (await client.api(f"GET {path}", limit="2")).body
    rest = (await client.api(f"GET {path}", limit="2", after=first[-1]["id"])).body
    assert first[0]["id"] == PRIMARY
    assert [user["id"] for user in rest] == [OBSERVER]
    assert (await client.api(f"PUT {path}/@me")).status == 204
    shown = (await client.api(f"GET /channels/{ALERTS}/messages/{message['id']}")).body["reactions"][0]
    assert (shown["count"], shown["me"]) == (4, True)
    await client.human("DELETE reaction", user="primary", message=message["id"], emoji="👀")
    assert (await client.api(f"DELETE {path}/{OBSERVER}")).status == 204
    assert (await client.api(f"DELETE {path}/@me")).status == 204
    assert (await client.api(f"DELETE {path}")).status == 204
    assert (await client.api(f"GET {path}")).body == []


@pytest.mark.parametrize("emoji", ["eyes", "custom:123456789012345678", "text"])
async def test_unknown_emojis_are_refused(client: Client, emoji: str) -> None:
    """A reaction with a plain word or an unknown custom emoji is refused with 10014."""
    message = await client.post(content="alert")
    reply = await client.api(f"PUT /channels/{ALERTS}/messages/{message['id']}/reactions/{emoji}/@me")
    assert (reply.status, reply.code) == (400, 10014)


async def test_private_threads_are_for_their_members(client: Client) -> None:
    """The bot sees its own private thread; an outsider does not."""
    await client.human("PATCH channel", channel="general", role="incident-bot", allow=str(1 << 36))
    made = await client.api(f"POST /channels/{GENERAL}/threads", {"name": "p", "type": 12})
    said = await client.human("POST say", user="observer", channel=made.body["id"], content="x")
    assert said.body["code"] == 50001
    await client.api(f"PUT /channels/{made.body['id']}/thread-members/{OBSERVER}")
    said = await client.human("POST say", user="observer", channel=made.body["id"], content="x")
    assert said.status == 200


async def test_somebody_is_taken_out_of_a_private_thread(client: Client) -> None:
    """The creator of a private thread can remove a member without Manage Threads; a message in it says so.

    Removing a user who is not in the thread changes nothing; an unknown user or an archived thread is an
    error.
    """
    await client.human("PATCH channel", channel="general", role="incident-bot", allow=str(1 << 36))
    made = (await client.api(f"POST /channels/{GENERAL}/threads", {"name": "p", "type": 12})).body["id"]
    member = f"/channels/{made}/thread-members/{OBSERVER}"
    await client.api(f"PUT {member}")
    for _ in range(2):
        assert (await client.api(f"DELETE {member}")).status == 204
        assert (await client.api(f"GET {member}")).code == 10007
    told = (await client.api(f"GET /channels/{made}/messages")).body
    assert [message["type"] for message in told] == [2, 1], "RECIPIENT_REMOVE after RECIPIENT_ADD"
    said = await client.human("POST say", user="observer", channel=made, content="x")
    assert said.body["code"] == 50001
    stranger = f"/channels/{made}/thread-members/1100000000000000999"
    assert (await client.api(f"DELETE {stranger}")).code == 10013
    await client.api(f"PATCH /channels/{made}", {"archived": True})
    assert (await client.api(f"DELETE {member}")).code == 50083


async def test_somebody_leaves_a_private_thread(client: Client) -> None:
    """A person who has left a private thread is no member until added again, and cannot leave twice."""
    await client.human("PATCH channel", channel="general", role="incident-bot", allow=str(1 << 36))
    made = (await client.api(f"POST /channels/{GENERAL}/threads", {"name": "p", "type": 12})).body["id"]
    member = f"/channels/{made}/thread-members/{OBSERVER}"
    await client.api(f"PUT {member}")
    assert (await client.human("DELETE thread", user="observer", channel=made)).status == 200
    assert (await client.api(f"GET {member}")).code == 10007
    said = await client.human("POST say", user="observer", channel=made, content="x")
    assert said.body["code"] == 50001
    assert (await client.human("DELETE thread", user="observer", channel=made)).body["code"] == 10007
    await client.api(f"PUT {member}")
    assert (await client.api(f"GET {member}")).status == 200


async def test_a_mention_lets_somebody_into_a_private_thread(client: Client) -> None:
    """A mention that pings adds a person who sees the channel to a private thread; others do not."""
    made = (await client.api(f"POST /channels/{GENERAL}/threads", {"name": "p", "type": 12})).body["id"]
    state = client.sandbox.core.world.channels[made].thread
    assert state is not None
    held_back = {"content": f"<@{OBSERVER}>", "allowed_mentions": {"parse": []}}
    message = await client.post(made, **held_back)
    assert OBSERVER not in state.members
    await client.human("PATCH channel", channel=GENERAL, user=PRIMARY, deny=int(P.VIEW_CHANNEL))
    await client.post(made, content=f"<@{PRIMARY}> <@{OBSERVER}>")
    assert OBSERVER in state.members
    assert PRIMARY not in state.members
    await client.human("PATCH channel", channel=GENERAL, user=PRIMARY, allow=int(P.VIEW_CHANNEL))
    path = f"PATCH /channels/{made}/messages/{message['id']}"
    await client.api(path, {"content": f"<@{PRIMARY}>", "allowed_mentions": {"users": [PRIMARY]}})
    assert PRIMARY in state.members
