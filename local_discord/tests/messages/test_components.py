"""Components V2, embeds with media, and selects of every kind."""

from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, Client, Reply

V2 = 1 << 15
PICTURE = {"url": "https://example.com/chart.png"}
TEXT = {"type": 10, "content": "P0"}
SAME = {"label": "a", "value": "a"}
LINK = {"type": 2, "style": 5, "label": "Runbook", "url": "https://example.com"}


async def send(client: Client, *components: dict[str, Any]) -> Reply:
    return await client.api(
        f"POST /channels/{ALERTS}/messages", {"flags": V2, "components": list(components)}
    )


async def test_every_v2_component_is_taken_and_completed(client: Client) -> None:
    """Section, thumbnail, gallery, separator, container: ids and defaults are filled in."""
    section = {"type": 9, "components": [TEXT], "accessory": {"type": 11, "media": PICTURE}}
    gallery = {"type": 12, "items": [{"media": PICTURE}]}
    row = {"type": 1, "components": [LINK]}
    container = {"type": 17, "accent_color": 255, "components": [section, gallery, {"type": 14}, row]}
    made = (await send(client, container, {"type": 9, "components": [TEXT], "accessory": LINK})).body
    inner = made["components"][0]["components"]
    assert inner[0]["accessory"]["media"]["url"] == PICTURE["url"]
    assert inner[1]["items"][0]["spoiler"] is False
    assert (inner[2]["spacing"], inner[2]["divider"]) == (1, True)
    assert inner[0]["id"] != inner[1]["id"]


@pytest.mark.parametrize(
    ("component", "path"),
    [
        ({"type": 17, "components": [{"type": 17, "components": [TEXT]}]}, ("0", "components", "0", "type")),
        ({"type": 9, "components": [TEXT]}, ("0", "accessory")),
        ({"type": 9, "components": [], "accessory": LINK}, ("0", "components")),
        ({"type": 12, "items": []}, ("0", "items")),
        ({"type": 10, "content": ""}, ("0", "content")),
        ({"type": 2, **LINK}, ("0", "type")),
        ({"type": 1, "components": [{**LINK, "custom_id": "x"}]}, ("0", "components", "0", "custom_id")),
        ({"type": 1, "components": [{**LINK, "style": 9}]}, ("0", "components", "0", "style")),
        ({"type": 1, "components": [{**LINK, "label": ""}]}, ("0", "components", "0", "label")),
        ({"type": 1, "components": [LINK, {"type": 5, "custom_id": "s"}]}, ("0", "components")),
        (
            {"type": 1, "components": [{"type": 5, "custom_id": "s", "min_values": 2}]},
            ("0", "components", "0", "min_values"),
        ),
        (
            {
                "type": 1,
                "components": [{"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}] * 2}],
            },
            ("0", "components", "0", "options"),
        ),
    ],
)
async def test_layout_rules(client: Client, component: dict[str, Any], path: tuple[str, ...]) -> None:
    """Wrongly nested and incomplete components are refused, with the path of the error."""
    assert (await send(client, component)).errors("components", *path)


async def upload(client: Client, payload: str, name: str, data: bytes) -> dict[str, Any]:
    """Send a message with one file."""
    form = aiohttp.FormData()
    form.add_field("payload_json", payload)
    form.add_field("files[0]", data, filename=name, content_type="image/png")
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    async with client.http.post(url, data=form, headers=client.headers) as response:
        body: dict[str, Any] = await response.json(content_type=None)
    return body


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x80\x00\x00\x01\xe0"


async def test_an_embed_shows_an_attached_chart(client: Client) -> None:
    """attachment:// becomes the file's URL, and the file is no longer listed by itself."""
    payload = '{"embeds": [{"title": "MTTA", "image": {"url": "attachment://chart.png"}}]}'
    made = await upload(client, payload, "chart.png", PNG)
    assert made["attachments"] == []
    async with client.http.get(made["embeds"][0]["image"]["url"]) as response:
        assert await response.read() == PNG


async def test_a_picture_has_its_size_and_a_file_component_its_url(client: Client) -> None:
    """PNG sizes are read; attachment:// works in components; an edit can drop the file."""
    made = await upload(client, '{"content": "x"}', "chart.png", PNG)
    assert (made["attachments"][0]["width"], made["attachments"][0]["height"]) == (640, 480)
    edited = await client.api(f"PATCH /channels/{ALERTS}/messages/{made['id']}", {"attachments": []})
    assert edited.body["attachments"] == []
    payload = f'{{"flags": {V2}, "components": [{{"type": 13, "file": {{"url": "attachment://a.png"}}}}]}}'
    shown = await upload(client, payload, "a.png", PNG)
    assert shown["components"][0]["file"]["attachment_id"] == shown["attachments"][0]["id"]


async def test_embeds_keep_links_colours_and_times(client: Client) -> None:
    """Valid values come back as Discord writes them; malformed ones are 50035."""
    embed = {
        "title": "t",
        "url": "https://example.com",
        "color": 0xFF0000,
        "timestamp": "2026-01-05T09:00:00Z",
        "footer": {"text": "f", "icon_url": PICTURE["url"]},
        "author": {"name": "a", "url": "https://example.com"},
    }
    made = (await client.post(embeds=[embed]))["embeds"][0]
    assert made["timestamp"] == "2026-01-05T09:00:00.000000+00:00"
    assert (made["color"], made["author"]["url"]) == (0xFF0000, "https://example.com")
    for key, wrong in (("url", "ftp://x"), ("color", 1 << 25), ("timestamp", "today"), ("color", "red")):
        reply = await client.api(f"POST /channels/{ALERTS}/messages", {"embeds": [{**embed, key: wrong}]})
        assert reply.errors("embeds", "0", key)


@pytest.mark.parametrize(
    ("kind", "name", "where"),
    [(8, "p1-ops", "channels"), (6, "on-call", "roles"), (7, "on-call", "roles"), (7, "primary", "users")],
)
async def test_selects_of_channels_roles_and_both(client: Client, kind: int, name: str, where: str) -> None:
    """A select's interaction has the chosen channel, role or user in `resolved`."""
    select = {"type": 1, "components": [{"type": kind, "custom_id": "s"}]}
    made = await client.post(content="x", components=[select])
    click = {"user": "primary", "message": made["id"], "custom_id": "s", "values": [name]}
    data = client.payload(await client.human("POST click", **click))["data"]
    assert data["values"][0] in data["resolved"][where]


@pytest.mark.parametrize("body", [{"embeds": "x"}, {"content": 5}, {"components": {}}, {"flags": "x"}])
async def test_wrong_types_are_form_errors(client: Client, body: dict[str, Any]) -> None:
    """A value of the wrong JSON type is 50035, never a crash."""
    reply = await client.api(f"POST /channels/{ALERTS}/messages", body)
    assert reply.code == 50035
