"""Test modals: the allowed components, what a person may submit, and files."""

from base64 import b64encode
from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import Client, Reply

OPTIONS = [{"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}]


def label(component: dict[str, Any]) -> dict[str, Any]:
    """*component* under a label."""
    return {"type": 18, "label": "Question", "component": component}


async def opened(client: Client, *components: dict[str, Any]) -> tuple[str, Reply]:
    """The bot answers a command with a modal; the interaction's id and the bot's reply."""
    await client.register({"name": "triage", "description": "d"})
    interaction = await client.run()
    reply = await client.respond(interaction, 9, custom_id="m", title="t", components=list(components))
    return interaction["id"], reply


async def submit(client: Client, interaction: str, **fields: Any) -> Reply:
    """The person submits the modal."""
    return await client.human("POST modal", user="primary", interaction=interaction, fields=fields)


async def test_groups_and_checkboxes_come_back(client: Client) -> None:
    """A radio group has one value or none, a checkbox group values, a checkbox true or false."""
    interaction, reply = await opened(
        client,
        {"type": 10, "content": "Some questions"},
        label({"type": 21, "custom_id": "radio", "options": OPTIONS}),
        label({"type": 22, "custom_id": "group", "options": OPTIONS}),
        label({"type": 23, "custom_id": "check", "default": True}),
        label({"type": 21, "custom_id": "maybe", "options": OPTIONS, "required": False}),
    )
    assert reply.status == 200
    data = client.payload(await submit(client, interaction, radio="no", group=["yes", "no"]))["data"]
    inner = [one["component"] for one in data["components"][1:]]
    assert [one.get("value", one.get("values")) for one in inner] == ["no", ["yes", "no"], True, None]
    assert [one["type"] for one in inner] == [21, 22, 23, 21]
    for wrong in ({"radio": "maybe", "group": ["yes"]}, {"group": ["yes"]}, {"radio": "yes", "group": []}):
        assert (await submit(client, interaction, **wrong)).status == 400


async def test_uploaded_files_are_resolved_and_served(client: Client) -> None:
    """File upload: ids in the values, attachments in `resolved`, the bytes at their URL."""
    interaction, _ = await opened(client, label({"type": 19, "custom_id": "shot", "max_values": 2}))
    file = {"filename": "bug.png", "content_type": "image/png", "data": b64encode(b"png").decode()}
    data = client.payload(await submit(client, interaction, shot=[file]))["data"]
    values = data["components"][0]["component"]["values"]
    attachment = data["resolved"]["attachments"][values[0]]
    assert (attachment["filename"], attachment["size"], attachment["ephemeral"]) == ("bug.png", 3, True)
    async with client.http.get(attachment["url"]) as response:
        assert (await response.read(), response.content_type) == (b"png", "image/png")
    assert (await submit(client, interaction, shot=[file] * 3)).status == 400
    assert (await submit(client, interaction, shot=[{"filename": "x", "data": "!"}])).status == 400


@pytest.mark.parametrize(
    ("component", "key"),
    [
        ({"type": 21, "custom_id": "x", "options": OPTIONS[:1]}, "options"),
        ({"type": 21, "custom_id": "x", "options": [OPTIONS[0]] * 2}, "options"),
        ({"type": 22, "custom_id": "x", "options": OPTIONS, "max_values": 11}, "max_values"),
        ({"type": 22, "custom_id": "x", "options": OPTIONS, "min_values": 0}, "min_values"),
        ({"type": 19, "custom_id": "x", "max_values": 11}, "max_values"),
        ({"type": 19, "custom_id": ""}, "custom_id"),
        ({"type": 23, "custom_id": "x", "default": "yes"}, "default"),
        ({"type": 4, "custom_id": "x", "style": 1, "min_length": 5, "max_length": 4}, "min_length"),
        ({"type": 5, "custom_id": "x", "disabled": True}, "disabled"),
        ({"type": 6, "custom_id": "x", "default_values": [{"id": "1", "type": "user"}]}, "default_values"),
        ({"type": 2, "custom_id": "x", "style": 1, "label": "x"}, "type"),
    ],
)
async def test_wrong_fields_are_refused(client: Client, component: dict[str, Any], key: str) -> None:
    """A modal's component with a wrong field is refused with 50035 at that field."""
    _, reply = await opened(client, label(component))
    assert reply.code == 50035
    assert key in reply.body["errors"]["data"]["components"]["0"]["component"]


async def test_files_come_with_responses_and_follow_ups(client: Client) -> None:
    """Multipart answers to an interaction; ephemeral messages have ephemeral attachments."""
    await client.register({"name": "triage", "description": "d"})
    interaction = await client.run()
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"type": 4, "data": {"content": "chart", "flags": 64}}')
    form.add_field("files[0]", b"png", filename="chart.png", content_type="image/png")
    path = f"/interactions/{interaction['id']}/{interaction['token']}/callback?with_response=true"
    async with client.http.post(client.sandbox.api_base + path, data=form) as response:
        message = (await response.json(content_type=None))["resource"]["message"]
    attachment = message["attachments"][0]
    assert attachment["ephemeral"] is True
    async with client.http.get(attachment["url"]) as response:
        assert await response.read() == b"png"


async def test_attachment_options_are_resolved(client: Client) -> None:
    """A command's attachment option carries the file's id."""
    option = {"name": "log", "description": "d", "type": 11}
    await client.register({"name": "triage", "description": "d", "options": [option]})
    file = {"filename": "a.log", "data": b64encode(b"x").decode()}
    data = (await client.run(log=file))["data"]
    assert data["resolved"]["attachments"][data["options"][0]["value"]]["filename"] == "a.log"
