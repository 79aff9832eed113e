"""Rules that a bot meets late, on the real Discord: each test names the document that it follows."""

from typing import Any
from urllib.parse import quote

import pytest

from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, PRIMARY, Client
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.test_gateway import GUILDS, MESSAGES, REACTIONS
from local_discord.world.permissions import P


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


EYES = quote("👀")


async def test_super_reactions_are_listed_apart(client: Client) -> None:
    """Resources > Message > Get Reactions, Reaction Types; discord-api-docs #6056, #6375, #6873."""
    message = await client.post(content="alert")
    path = f"/channels/{ALERTS}/messages/{message['id']}"
    await client.human("PUT reaction", user="primary", message=message["id"], emoji="👀", burst=True)
    await client.human("PUT reaction", user="observer", message=message["id"], emoji="👀")
    normal = (await client.api(f"GET {path}/reactions/{EYES}")).body
    burst = (await client.api(f"GET {path}/reactions/{EYES}", type="1")).body
    assert ([user["id"] for user in normal], [user["id"] for user in burst]) == ([OBSERVER], [PRIMARY])
    (shown,) = (await client.api(f"GET {path}")).body["reactions"]
    assert (shown["count"], shown["count_details"]) == (2, {"burst": 1, "normal": 1})
    assert shown["burst_colors"]
    await client.human("DELETE reaction", user="primary", message=message["id"], emoji="👀", burst=True)
    (shown,) = (await client.api(f"GET {path}")).body["reactions"]
    assert (shown["count_details"], shown["burst_colors"]) == ({"burst": 0, "normal": 1}, [])


async def test_a_super_reaction_says_so_in_its_events(connect: Connect, client: Client) -> None:
    """Events > Gateway Events > Message Reaction Add and Remove: burst, type, and the colours when added."""
    gateway = await connect()
    await gateway.identify(client.sandbox.address.token, GUILDS | REACTIONS)
    message = await client.post(content="alert")
    for method, burst in (("PUT", True), ("PUT", False), ("DELETE", True)):
        await client.human(
            f"{method} reaction", user="primary", message=message["id"], emoji="👀", burst=burst
        )
    names = ["MESSAGE_REACTION_ADD", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"]
    told = [(await gateway.event(name))["d"] for name in names]
    assert [(one["burst"], one["type"], "burst_colors" in one) for one in told] == [
        (True, 1, True),
        (False, 0, False),
        (True, 1, False),
    ]


async def test_a_variation_selector_makes_no_other_emoji(client: Client) -> None:
    """✏ and ✏️ are one emoji (Unicode UTS #51, emoji variation sequences)."""
    message = await client.post(content="alert")
    path = f"/channels/{ALERTS}/messages/{message['id']}"
    await client.human("PUT reaction", user="primary", message=message["id"], emoji="✏️")
    await client.human("PUT reaction", user="observer", message=message["id"], emoji="✏")
    (shown,) = (await client.api(f"GET {path}")).body["reactions"]
    assert shown["count"] == 2
    for emoji in ("✏️", "✏"):
        assert len((await client.api(f"GET {path}/reactions/{quote(emoji)}")).body) == 2


@pytest.mark.parametrize("emoji", ["👀👀", "👀 ", "あ", "1", "👀x", "\u200d", "\ufe0f", "🇯🇵🇯🇵", "、"])
async def test_what_is_not_one_emoji_is_refused(client: Client, emoji: str) -> None:
    """Opcodes and Status Codes: 10014; UTS #51 for what one emoji is."""
    message = await client.post(content="alert")
    path = f"/channels/{ALERTS}/messages/{message['id']}/reactions/{quote(emoji)}/@me"
    reply = await client.api(f"PUT {path}")
    assert (reply.status, reply.code) == (400, 10014)


@pytest.mark.parametrize(
    "emoji", ["👀", "✏️", "ℹ️", "1️⃣", "🇯🇵", "👍🏽", "👩‍💻", "🏴\U000e0067\U000e007f", "‼️", "↕️", "❤️‍🔥"]
)
async def test_what_is_one_emoji_passes(client: Client, emoji: str) -> None:
    """A reaction takes emojis of UTS #51 with presentation, keycap, flag, skin tone, joiner and tags."""
    message = await client.post(content="alert")
    path = f"/channels/{ALERTS}/messages/{message['id']}/reactions/{quote(emoji)}/@me"
    assert (await client.api(f"PUT {path}")).status == 204


async def test_who_cannot_see_the_channel_is_not_let_into_its_threads(client: Client) -> None:
    """Topics > Permissions > Inherited Permissions (Threads): VIEW_CHANNEL on the parent is needed, even by
    who is added; that it is refused with 50001 is unproven.
    """
    made = await client.api(f"POST /channels/{ALERTS}/threads", {"name": "t", "type": 12})
    path = f"/channels/{made.body['id']}/thread-members/{OBSERVER}"
    await client.human("PATCH channel", channel=ALERTS, user="observer", deny=int(P.VIEW_CHANNEL))
    reply = await client.api(f"PUT {path}")
    assert (reply.status, reply.code) == (403, 50001)
    assert (await client.api(f"GET {path}")).status == 404
    await client.human("PATCH channel", channel=ALERTS, user="observer", deny=0)
    assert (await client.api(f"PUT {path}")).status == 204


async def test_private_threads_exist_in_text_channels_only(client: Client) -> None:
    """Resources > Channel > Channel Types: PRIVATE_THREAD is a temporary sub-channel within GUILD_TEXT."""
    await client.allow(P.MANAGE_CHANNELS)
    guild = client.sandbox.address.guild_id
    news = (await client.api(f"POST /guilds/{guild}/channels", {"name": "news", "type": 5})).body["id"]
    reply = await client.api(f"POST /channels/{news}/threads", {"name": "t", "type": 12})
    assert (reply.status, reply.code) == (400, 50035)


async def test_a_preview_is_no_edit(connect: Connect, client: Client) -> None:
    """Resources > Message > Embed Types; discord.py #273, discord-api-docs #5406: after MESSAGE_CREATE comes
    a MESSAGE_UPDATE with the embed, whose edited_timestamp stays null.
    """
    gateway = await connect()
    await gateway.identify(client.sandbox.address.token, GUILDS | MESSAGES)
    written = {"type": "rich", "title": "t"}
    message = await client.post(content="see https://status.example.org/1", embeds=[written])
    assert [embed["type"] for embed in message["embeds"]] == ["rich", "link"]
    created = (await gateway.event("MESSAGE_CREATE"))["d"]
    updated = (await gateway.event("MESSAGE_UPDATE"))["d"]
    assert [embed["type"] for embed in created["embeds"]] == ["rich"]
    assert [embed["type"] for embed in updated["embeds"]] == ["rich", "link"]
    assert updated["edited_timestamp"] is None
    path = f"/channels/{ALERTS}/messages/{message['id']}"
    await client.api(f"PATCH {path}", {"content": "none"})
    assert [embed["type"] for embed in (await client.api(f"GET {path}")).body["embeds"]] == ["rich"]


@pytest.mark.parametrize(
    "content",
    [
        "<https://status.example.org/1>",
        "`https://status.example.org/1`",
        "https://discord.com/channels/1/2/3",
        "status.example.org",
    ],
)
async def test_what_grows_no_preview(client: Client, content: str) -> None:
    """Angle brackets and code ask for none; links to places in Discord have none."""
    assert (await client.post(content=content))["embeds"] == []


BUTTON = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "go"}]}]


async def test_a_click_wakes_a_sleeping_thread_or_is_never_told(client: Client) -> None:
    """discord-api-docs #5946, #8474: the client unarchives first; who may not do that gets an error."""
    thread = await started(client)
    message = await client.post(thread, content="card", components=BUTTON)
    click = {"message": message["id"], "custom_id": "go"}
    await client.human("PATCH channel", channel=ALERTS, user="observer", deny=int(P.SEND_MESSAGES_IN_THREADS))
    await client.human("PATCH channel", channel=thread, archived=True)
    refused = await client.human("POST click", user="observer", **click)
    assert (refused.status, refused.code) == (403, 50013)
    assert (await client.api(f"GET /channels/{thread}")).body["thread_metadata"]["archived"]
    assert (await client.human("POST click", user="primary", **click)).status == 200
    assert not (await client.api(f"GET /channels/{thread}")).body["thread_metadata"]["archived"]


async def test_buttons_are_dead_in_a_locked_thread(client: Client) -> None:
    """discord-api-docs #7900: but for who manages threads, whose client can unlock it."""
    thread = await started(client)
    message = await client.post(thread, content="card", components=BUTTON)
    click = {"message": message["id"], "custom_id": "go"}
    await client.human("PATCH channel", channel=thread, locked=True)
    refused = await client.human("POST click", user="primary", **click)
    assert (refused.status, refused.code) == (400, 160005)
    assert (await client.human("POST click", user="admin", **click)).status == 200


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("a\x00b\x1bc\td", "abc\td"),
        ("  a \u200b b  ", "a \u200b b"),
    ],
)
async def test_a_text_comes_back_cleaned(client: Client, sent: str, kept: str) -> None:
    """Create Message ("may strip certain characters"); discord-api-docs #1189, #1193. Line breaks and control
    characters: unproven.
    """
    assert (await client.post(content=sent))["content"] == kept


async def test_mentions_are_looked_for_in_the_cleaned_text(client: Client) -> None:
    """discord-api-docs #1189: an override within @everyone does not keep it from ringing."""
    assert (await client.post(content="@every\u202eone"))["mention_everyone"]


@pytest.mark.parametrize("content", ["\u200b", " \u200b\n\ufeff ", "\u202e", "\r\n"])
async def test_a_message_that_shows_nothing_is_empty(client: Client, content: str) -> None:
    """Opcodes and Status Codes: 50006; that signs without width count as nothing is unproven."""
    reply = await client.api(f"POST /channels/{ALERTS}/messages", {"content": content})
    assert (reply.status, reply.code) == (400, 50006)


async def test_a_threads_name_is_one_line_that_is_not_blank(client: Client) -> None:
    """Start Thread: 1 to 100 characters; blanks around it do not count. Line breaks: unproven."""
    message = await client.post(content="alert")
    path = f"POST /channels/{ALERTS}/messages/{message['id']}/threads"
    for blank in (" ", "\n", "\u202e "):
        assert (await client.api(path, {"name": blank})).errors("name") == ["BASE_TYPE_BAD_LENGTH"]
    thread = (await client.api(path, {"name": " SEV1\nAPI \r\n"})).body
    assert thread["name"] == "SEV1 API"
    renamed = await client.api(f"PATCH /channels/{thread['id']}", {"name": "SEV1\u202e\nacked"})
    assert renamed.body["name"] == "SEV1 acked"
    assert (await client.api(f"PATCH /channels/{thread['id']}", {"name": " "})).code == 50035
