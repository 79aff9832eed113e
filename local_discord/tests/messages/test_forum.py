"""Forum posts, by the bot and by webhooks."""

from typing import Any

import pytest

from local_discord.tests.client import GENERAL, PRIMARY, Client
from local_discord.world.world import Webhook

GUILD = "1100000000000000001"
TAGS = [{"name": "SEV1", "emoji_name": "🔥"}, {"name": "SEV2"}]


@pytest.fixture
async def forum(client: Client) -> dict[str, Any]:
    """A forum of postmortems; the bot is an administrator."""
    await client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    body = {"name": "postmortems", "type": 15, "available_tags": TAGS, "default_auto_archive_duration": 4320}
    made: dict[str, Any] = (await client.api(f"POST /guilds/{GUILD}/channels", body)).body
    return made


async def test_a_post_is_a_thread_with_its_first_message(client: Client, forum: dict[str, Any]) -> None:
    """A forum post and its first message have one id; tags and the forum's defaults apply to the post.

    The forum itself takes no messages, and the post can be pinned.
    """
    tag = forum["available_tags"][0]["id"]
    body = {"name": "Outage", "message": {"content": "What happened"}, "applied_tags": [tag]}
    post = (await client.api(f"POST /channels/{forum['id']}/threads", body)).body
    assert post["message"]["id"] == post["id"]
    assert (post["applied_tags"], post["thread_metadata"]["auto_archive_duration"]) == ([tag], 4320)
    assert (await client.post(post["id"], content="more"))["channel_id"] == post["id"]
    direct = await client.api(f"POST /channels/{forum['id']}/messages", {"content": "x"})
    assert direct.code == 40058
    pinned = await client.api(f"PATCH /channels/{post['id']}", {"flags": 2, "applied_tags": []})
    assert (pinned.body["flags"], pinned.body["applied_tags"]) == (2, [])


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "x"}, ("message",)),
        ({"message": {"content": "x"}}, ("name",)),
        ({"name": "x", "message": {"content": "x"}, "applied_tags": ["1"]}, ("applied_tags", "0")),
    ],
)
async def test_wrong_posts_are_refused(
    client: Client, forum: dict[str, Any], body: dict[str, Any], path: tuple[str, ...]
) -> None:
    """A post needs a name, a message, and tags that exist."""
    assert (await client.api(f"POST /channels/{forum['id']}/threads", body)).errors(*path)


async def test_tags_may_be_required_and_differ(client: Client, forum: dict[str, Any]) -> None:
    """40067 without one where the forum wants one; 40061 for two of one name."""
    twice = await client.api(f"PATCH /channels/{forum['id']}", {"available_tags": [TAGS[1], TAGS[1]]})
    assert twice.code == 40061
    assert (await client.api(f"PATCH /channels/{forum['id']}", {"flags": 16})).body["flags"] == 16
    body = {"name": "x", "message": {"content": "x"}}
    assert (await client.api(f"POST /channels/{forum['id']}/threads", body)).code == 40067


async def test_webhooks_post_with_a_name(client: Client, forum: dict[str, Any]) -> None:
    """220001 without thread_name, 220002 with both, 220003 outside of forums."""
    made = (await client.api(f"POST /channels/{forum['id']}/webhooks", {"name": "deploys"})).body
    path = f"POST /webhooks/{made['id']}/{made['token']}"
    assert (await client.api(path, {"content": "x"})).code == 220001
    said = (await client.api(path, {"content": "x", "thread_name": "Deploy"}, wait="true")).body
    assert said["id"] == said["channel_id"]
    both = {"content": "x", "thread_name": "Deploy"}
    assert (await client.api(path, both, thread_id=said["channel_id"])).code == 220002
    inside = await client.api(path, {"content": "y"}, thread_id=said["channel_id"], wait="true")
    assert inside.body["channel_id"] == said["channel_id"]
    elsewhere = (await client.api(f"POST /channels/{GENERAL}/webhooks", {"name": "w"})).body
    other = f"POST /webhooks/{elsewhere['id']}/{elsewhere['token']}"
    assert (await client.api(other, both)).code == 220003
    assert (await client.api(f"DELETE /channels/{forum['id']}")).status == 200
    assert (await client.api(path, {"content": "x"})).code == 10015


async def test_webhooks_can_be_changed_and_moved(client: Client, forum: dict[str, Any]) -> None:
    """Name and channel by the bot, the name alone by the token; names like Discord's own are refused."""
    made = (await client.api(f"POST /channels/{GENERAL}/webhooks", {"name": "w"})).body
    assert (await client.api(f"PATCH /webhooks/{made['id']}", {"channel_id": forum["id"]})).body[
        "channel_id"
    ] == forum["id"]
    path = f"/webhooks/{made['id']}/{made['token']}"
    assert (await client.api(f"PATCH {path}", {"name": "renamed"})).body["name"] == "renamed"
    refused = await client.api(f"PATCH {path}", {"name": "Discord bot"})
    assert refused.errors("name") == ["USERNAME_INVALID_CONTAINS"]
    assert (await client.api(f"GET {path}")).body["name"] == "renamed"


async def test_others_webhooks_only_show_components(client: Client) -> None:
    """A person's webhook drops components; with_components it shows links, never buttons to press."""
    core = client.sandbox.core
    hook = Webhook(core.ids.next(), "token", "w", GENERAL, PRIMARY)
    core.world.webhooks[hook.id] = hook
    press = {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}
    link = {"type": 1, "components": [{"type": 2, "style": 5, "label": "x", "url": "https://example.com"}]}
    path, body = f"POST /webhooks/{hook.id}/token", {"content": "x", "components": [press, link]}
    assert (await client.api(path, body, wait="true")).body["components"] == []
    shown = (await client.api(path, body, wait="true", with_components="true")).body["components"]
    assert [row["components"][0]["style"] for row in shown] == [5]
    listed = len((await client.api(f"GET /channels/{GENERAL}/messages")).body)
    assert (await client.api(path, body, wait="maybe")).errors("wait")
    assert len((await client.api(f"GET /channels/{GENERAL}/messages")).body) == listed


async def test_pinned_posts_stay_until_they_are_archived(client: Client, forum: dict[str, Any]) -> None:
    """A pinned post is not archived for being idle. Archiving by hand removes the pin for good."""
    body = {"name": "x", "message": {"content": "x"}, "auto_archive_duration": 60}
    posts = [(await client.api(f"POST /channels/{forum['id']}/threads", body)).body["id"] for _ in range(2)]
    await client.api(f"PATCH /channels/{posts[0]}", {"flags": 2})
    await client.human("POST clock", advance_s=7200)
    shown = [(await client.api(f"GET /channels/{post}")).body for post in posts]
    assert [one["thread_metadata"]["archived"] for one in shown] == [False, True]
    archived = (await client.api(f"PATCH /channels/{posts[0]}", {"archived": True})).body
    assert (archived["flags"], archived["thread_metadata"]["archived"]) == (0, True)
    assert (await client.api(f"PATCH /channels/{posts[0]}", {"archived": False})).body["flags"] == 0
