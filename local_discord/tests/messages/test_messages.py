"""Messages: limits, nonces, mentions, history, edits, pins, files."""

from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, PRIMARY, Client, Reply
from local_discord.world.permissions import P


async def send(client: Client, channel: str = ALERTS, **body: Any) -> Reply:
    return await client.api(f"POST /channels/{channel}/messages", body)


def button(number: int, **fields: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "x", "custom_id": f"b{number}", **fields}


def row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


EMBED_ERRORS = [
    ({"title": "x" * 257}, ("embeds", "0", "title")),
    ({"description": "x" * 4097}, ("embeds", "0", "description")),
    ({"fields": [{"name": "a", "value": "b"}] * 26}, ("embeds", "0", "fields")),
    ({"fields": [{"name": "x" * 257, "value": "b"}]}, ("embeds", "0", "fields", "0", "name")),
    ({"fields": [{"name": "a", "value": "x" * 1025}]}, ("embeds", "0", "fields", "0", "value")),
    ({"fields": [{"name": "", "value": "b"}]}, ("embeds", "0", "fields", "0", "name")),
    ({"footer": {"text": "x" * 2049}}, ("embeds", "0", "footer", "text")),
    ({"author": {"name": "x" * 257}}, ("embeds", "0", "author", "name")),
]


@pytest.mark.parametrize(("embed", "path"), EMBED_ERRORS)
async def test_embed_limits_are_nested_form_errors(
    client: Client, embed: dict[str, Any], path: tuple[str, ...]
) -> None:
    """An embed over one of the limits is refused with 50035 at the field that is over the limit."""
    reply = await send(client, embeds=[{"description": "d", **embed}])
    assert (reply.status, reply.code) == (400, 50035)
    assert reply.errors(*path)[0].startswith("BASE_TYPE_")


async def test_embeds_hold_6000_characters_together(client: Client) -> None:
    """6,000 characters over all embeds pass, one more does not."""
    embeds = [{"description": "x" * 4000}, {"description": "x" * 2000}]
    assert (await send(client, embeds=embeds)).status == 200
    embeds[1]["title"] = "x"
    assert (await send(client, embeds=embeds)).errors("embeds") == ["MAX_EMBED_SIZE_EXCEEDED"]


COMPONENT_ERRORS = [
    ([row(button(n)) for n in range(6)], ("components",)),
    ([row(*(button(n) for n in range(6)))], ("components", "0", "components")),
    ([row(button(1), button(1))], ("components",)),
    ([row(button(1, label="x" * 81))], ("components", "0", "components", "0", "label")),
    ([row(button(1, custom_id="x" * 101))], ("components", "0", "components", "0", "custom_id")),
    ([row(button(1, custom_id=None))], ("components", "0", "components", "0", "custom_id")),
    ([button(1)], ("components", "0", "type")),
    ([{"type": 10, "content": "x"}], ("components", "0", "type")),
    (
        [
            row(
                {
                    "type": 3,
                    "custom_id": "s",
                    "options": [{"label": str(n), "value": str(n)} for n in range(26)],
                }
            )
        ],
        ("components", "0", "components", "0", "options"),
    ),
]


@pytest.mark.parametrize(("components", "path"), COMPONENT_ERRORS)
async def test_component_rules(client: Client, components: list[Any], path: tuple[str, ...]) -> None:
    """Rows, widths, ids, labels and options outside the rules are 50035."""
    reply = await send(client, content="x", components=components)
    assert reply.code == 50035
    assert reply.errors(*path)


async def test_content_limit_counts_2000_characters(client: Client) -> None:
    """Content of 2,000 characters passes, and 2,001 are refused as BASE_TYPE_MAX_LENGTH."""
    assert (await send(client, content="x" * 2000)).status == 200
    assert (await send(client, content="x" * 2001)).errors("content") == ["BASE_TYPE_MAX_LENGTH"]


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": "  \n"}, {"embeds": [{}]}])
async def test_empty_messages_are_refused(client: Client, body: dict[str, Any]) -> None:
    """A message with nothing to show is refused with code 50006."""
    reply = await send(client, **body)
    assert (reply.status, reply.code) == (400, 50006)


async def test_components_v2_exclude_content_and_embeds(client: Client) -> None:
    """With IS_COMPONENTS_V2 `content` and `embeds` are refused; texts and buttons in a container are not."""
    container = {"type": 17, "components": [{"type": 10, "content": "P0"}, row(button(1))]}
    refused: dict[str, Any] = {"content": "x", "embeds": [{"description": "x"}]}
    for field, value in refused.items():
        reply = await send(client, flags=1 << 15, components=[container], **{field: value})
        assert reply.errors(field) == ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]
    made = await client.post(flags=1 << 15, components=[container])
    assert made["components"][0]["components"][0]["content"] == "P0"
    assert made["flags"] == 1 << 15


async def test_components_v2_hold_40_components_and_4000_characters(client: Client) -> None:
    """40 components with 4,000 characters of text pass; one component or character more is refused."""
    texts = [{"type": 10, "content": "x" * 100}] * 38 + [{"type": 10, "content": "x" * 200}]

    async def reply(*components: dict[str, Any]) -> Reply:
        return await send(client, flags=1 << 15, components=[{"type": 17, "components": components}])

    assert (await reply(*texts)).status == 200
    too_many = await reply(*texts, {"type": 14})
    assert too_many.errors("components") == ["COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"]
    too_long = await reply(*texts[:38], {"type": 10, "content": "x" * 201})
    assert too_long.errors("components") == ["COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"]


async def test_enforced_nonce_returns_the_first_message(client: Client) -> None:
    """The same nonce of one author makes one message, in any channel, for a few minutes."""
    body: dict[str, Any] = {"content": "alert", "nonce": "step-1", "enforce_nonce": True}
    first = await client.post(**body)
    assert (await client.post(**body))["id"] == first["id"]
    elsewhere = await client.post(GENERAL, **body)
    assert (elsewhere["id"], elsewhere["channel_id"]) == (first["id"], ALERTS)
    client.sandbox.core.clock.advance(600)
    assert (await client.post(**body))["id"] != first["id"]


async def test_nonce_is_not_enforced_unasked(client: Client) -> None:
    """Without enforce_nonce the same nonce makes a second message; a nonce of 26 characters is refused."""
    first, second = [await client.post(content="a", nonce="n") for _ in range(2)]
    assert first["id"] != second["id"]
    reply = await send(client, content="a", nonce="x" * 26)
    assert reply.errors("nonce") == ["BASE_TYPE_MAX_LENGTH"]


async def test_mentions_parse_unless_allowed_mentions_say_otherwise(client: Client) -> None:
    """Mentions ping without allowed_mentions; an empty parse pings no one, and listed users alone ping."""
    text = f"@here <@{PRIMARY}> `@everyone`"
    made = await client.post(content=text)
    assert made["mention_everyone"] is True
    assert [user["id"] for user in made["mentions"]] == [PRIMARY]
    quiet = await client.post(content=text, allowed_mentions={"parse": []})
    assert (quiet["mention_everyone"], quiet["mentions"]) == (False, [])
    one = await client.post(content=f"<@{PRIMARY}> <@{OBSERVER}>", allowed_mentions={"users": [OBSERVER]})
    assert [user["id"] for user in one["mentions"]] == [OBSERVER]


async def test_here_pings_only_with_the_permission(client: Client) -> None:
    """An @here of the bot pings; without MENTION_EVERYONE it keeps its text and pings nobody."""
    assert (await client.post(content="@here"))["mention_everyone"] is True
    await client.human("PATCH channel", channel="p0-alerts", role="incident-bot", deny=str(1 << 17))
    made = await client.post(content="@here")
    assert (made["content"], made["mention_everyone"]) == ("@here", False)


async def test_role_mentions_need_permission_or_a_mentionable_role(client: Client) -> None:
    """A role that is not mentionable is pinged only by who has MENTION_EVERYONE."""
    role = "1100000000000000201"
    assert (await client.post(content=f"<@&{role}>"))["mention_roles"] == [role]
    await client.human("PATCH channel", channel="p0-alerts", role="incident-bot", deny=str(1 << 17))
    assert (await client.post(content=f"<@&{role}>"))["mention_roles"] == []
    await client.human("PATCH role", role="on-call", mentionable=True)
    assert (await client.post(content=f"<@&{role}>"))["mention_roles"] == [role]


async def test_parse_and_ids_of_one_kind_exclude_each_other(client: Client) -> None:
    """allowed_mentions that both parse users and list ids of users are refused as mutually exclusive."""
    reply = await send(client, content="x", allowed_mentions={"parse": ["users"], "users": [PRIMARY]})
    assert reply.errors("allowed_mentions") == ["MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"]


async def test_history_pages_by_before_after_and_around(client: Client) -> None:
    """A page of the history always begins with the newest message, and `limit` is 100 at most.

    With `after`, the page holds the oldest messages that follow.
    """
    ids = [(await client.post(content=str(n)))["id"] for n in range(6)]

    async def page(**params: str) -> list[str]:
        reply = await client.api(f"GET /channels/{ALERTS}/messages", **params)
        return [message["id"] for message in reply.body]

    assert await page() == ids[::-1]
    assert await page(limit="2") == [ids[5], ids[4]]
    assert await page(before=ids[3], limit="2") == [ids[2], ids[1]]
    assert await page(after=ids[1], limit="2") == [ids[3], ids[2]]
    assert await page(around=ids[3], limit="3") == [ids[4], ids[3], ids[2]]
    reply = await client.api(f"GET /channels/{ALERTS}/messages", limit="101")
    assert reply.errors("limit") == ["NUMBER_TYPE_MAX"]


async def test_others_messages_are_not_edited(client: Client) -> None:
    """Editing another user's message is refused with 50005, and deleting it takes MANAGE_MESSAGES."""
    said = (await client.human("POST say", user="observer", channel="general", content="hello")).body
    path = f"/channels/{GENERAL}/messages/{said['id']}"
    assert (await client.api(f"PATCH {path}", {"content": "x"})).code == 50005
    assert (await client.api(f"DELETE {path}")).code == 50013
    await client.allow(P.MANAGE_MESSAGES)
    assert (await client.api(f"DELETE {path}")).status == 204
    assert (await client.api(f"GET {path}")).code == 10008


async def test_edit_replaces_what_it_names(client: Client) -> None:
    """An edit changes only the fields in its body; an edit that would empty the message is 50006."""
    made = await client.post(content="a", embeds=[{"title": "t"}])
    path = f"/channels/{ALERTS}/messages/{made['id']}"
    edited = (await client.api(f"PATCH {path}", {"content": "b"})).body
    assert (edited["content"], edited["embeds"][0]["title"]) == ("b", "t")
    assert edited["edited_timestamp"]
    assert (await client.api(f"PATCH {path}", {"content": None, "embeds": []})).code == 50006


async def test_edits_of_old_messages_are_capped(client: Client) -> None:
    """Past an hour, and past the cap, an edit is a 429 with code 30046."""
    client.sandbox.core.world.old_edit_cap = 1
    made = await client.post(content="a")
    path = f"PATCH /channels/{ALERTS}/messages/{made['id']}"
    client.sandbox.core.clock.advance(3601)
    assert (await client.api(path, {"content": "b"})).status == 200
    reply = await client.api(path, {"content": "c"})
    assert (reply.status, reply.code) == (429, 30046)


async def test_pins_old_and_new_routes(client: Client) -> None:
    """A pin shows on both routes and leaves a system message."""
    await client.allow(P.PIN_MESSAGES)
    made = await client.post(content="a")
    assert (await client.api(f"PUT /channels/{ALERTS}/messages/pins/{made['id']}")).status == 204
    new = (await client.api(f"GET /channels/{ALERTS}/messages/pins")).body
    old = (await client.api(f"GET /channels/{ALERTS}/pins")).body
    assert [item["message"]["id"] for item in new["items"]] == [made["id"]] == [old[0]["id"]]
    newest = (await client.api(f"GET /channels/{ALERTS}/messages", limit="1")).body[0]
    assert newest["type"] == 6
    assert (await client.api(f"DELETE /channels/{ALERTS}/pins/{made['id']}")).status == 204
    assert (await client.api(f"GET /channels/{ALERTS}/pins")).body == []


async def test_bulk_delete_takes_2_to_100(client: Client) -> None:
    """One message is 50016; two go."""
    await client.allow(P.MANAGE_MESSAGES)
    ids = [(await client.post(content=str(n)))["id"] for n in range(3)]
    path = f"POST /channels/{ALERTS}/messages/bulk-delete"
    assert (await client.api(path, {"messages": ids[:1]})).code == 50016
    assert (await client.api(path, {"messages": ids[:2]})).status == 204
    assert len((await client.api(f"GET /channels/{ALERTS}/messages")).body) == 1


async def test_replies_carry_what_they_answer(client: Client) -> None:
    """A reply pings its author unless told otherwise; a reply to nothing is refused."""
    said = (await client.human("POST say", user="primary", channel="p0-alerts", content="?")).body
    reference = {"message_id": said["id"]}
    made = await client.post(content="!", message_reference=reference)
    assert (made["type"], made["referenced_message"]["id"]) == (19, said["id"])
    assert [user["id"] for user in made["mentions"]] == [PRIMARY]
    quiet = await client.post(
        content="!", message_reference=reference, allowed_mentions={"parse": [], "replied_user": False}
    )
    assert quiet["mentions"] == []
    lost = await send(client, content="!", message_reference={"message_id": "1"})
    assert lost.errors("message_reference") == ["REPLIES_UNKNOWN_MESSAGE"]


async def test_files_come_back_from_the_cdn_path(client: Client) -> None:
    """A multipart upload is listed as an attachment, and its URL serves the bytes."""
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "c", "attachments": [{"id": 0, "description": "d"}]}')
    form.add_field("files[0]", b"# Postmortem", filename="pm.md", content_type="text/markdown")
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    async with client.http.post(url, data=form, headers=client.headers) as response:
        attachment = (await response.json(content_type=None))["attachments"][0]
    assert (attachment["filename"], attachment["description"], attachment["size"]) == ("pm.md", "d", 12)
    async with client.http.get(attachment["url"]) as response:
        assert await response.read() == b"# Postmortem"


async def test_content_of_others_needs_the_privileged_intent(client: Client) -> None:
    """Without MESSAGE_CONTENT a person's text is empty over REST, too, unless it mentions the bot."""
    application = client.sandbox.address.application_id
    said = (await client.human("POST say", user="observer", channel="general", content="secret")).body
    path = f"GET /channels/{GENERAL}/messages/{said['id']}"
    assert (await client.api(path)).body["content"] == ""
    text = f"<@{application}> help"
    asked = (await client.human("POST say", user="observer", channel="general", content=text)).body
    assert (await client.api(f"GET /channels/{GENERAL}/messages/{asked['id']}")).body["content"] == text
    await client.human("PATCH application", message_content=True)
    assert (await client.api(path)).body["content"] == "secret"


async def test_dm_is_refused_when_turned_off(client: Client) -> None:
    """Opening a DM always works; sending is 50007 for who takes none."""
    opened = await client.api("POST /users/@me/channels", {"recipient_id": PRIMARY})
    channel = opened.body["id"]
    assert (await send(client, channel, content="hi")).status == 200
    await client.human("PATCH member", user="primary", dms=False)
    reply = await send(client, channel, content="hi")
    assert (reply.status, reply.code) == (403, 50007)
    assert len((await client.human("GET dms/primary")).body) == 1
