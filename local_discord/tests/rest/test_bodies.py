"""Bodies that no handler sees: content types, forms, JSON in the strict sense, size."""

from typing import Any

import aiohttp
import pytest
from yarl import URL

from local_discord.rest import bodies
from local_discord.tests.client import ALERTS, Client, Reply

JSON = "application/json"


async def post(client: Client, data: bytes, kind: str) -> Reply:
    """Send *data* as a message's body."""
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    headers = {**client.headers, "Content-Type": kind}
    async with client.http.post(url, data=data, headers=headers) as response:
        return Reply(response.status, await response.json(content_type=None), dict(response.headers))


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"content": NaN}',
        b'{"content": 1e999}',
        b'{"content": "\\ud800"}',
        b'{"content": "\xff"}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_json_is_50109(client: Client, data: bytes) -> None:
    """A body that is not strict JSON is 50109: also NaN, infinity, half a surrogate pair, endless nesting."""
    reply = await post(client, data, JSON)
    assert (reply.status, reply.code) == (400, 50109)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "nonsense"])
async def test_other_content_types_are_refused(client: Client, kind: str) -> None:
    """A body of another content type is refused with the error code CONTENT_TYPE_INVALID."""
    reply = await post(client, b'{"content": "x"}', kind)
    assert reply.errors() == ["CONTENT_TYPE_INVALID"]


async def test_forms_are_taken(client: Client) -> None:
    """URL-encoded forms and single parts of a multipart body are fields."""
    assert (await post(client, b"content=hello&tts=false", "application/x-www-form-urlencoded")).status == 200
    nested = b"payload_json=%7B%22content%22%3A%22x%22%7D"
    assert (await post(client, nested, "application/x-www-form-urlencoded")).body["content"] == "x"
    part = b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\nhi\r\n--x--\r\n'
    assert (await post(client, part, "multipart/form-data; boundary=x")).body["content"] == "hi"
    client.sandbox.core.log._latest.clear()  # the description knows only their JSON


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
async def test_broken_multipart_bodies_are_bad_requests(client: Client, kind: str) -> None:
    """No boundary, or not what was announced: the general error."""
    reply = await post(client, b"--y\r\nnonsense", kind)
    assert (reply.status, reply.code) == (400, 0)


async def test_bodies_have_a_size(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body larger than the limit is refused with status 413 and code 40005."""
    monkeypatch.setattr(bodies, "_MOST_BYTES", 10)
    part = b'--x\r\nContent-Disposition: form-data; name="files[0]"; filename="a"\r\n\r\n'
    reply = await post(client, part + b"x" * 100 + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")
    assert (reply.status, reply.code) == (413, 40005)


@pytest.mark.parametrize(
    ("verb", "status"), [("PUT /gateway", 405), ("GET /guilds/1/bans", 404), ("DELETE /users/@me", 405)]
)
async def test_other_methods_and_routes(client: Client, verb: str, status: int) -> None:
    """405 where the path exists, 404 where it does not."""
    reply = await client.api(verb)
    assert (reply.status, reply.code) == (status, 0)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"around": "x"}, {"before": "9" * 30}])
async def test_queries_are_validated(client: Client, query: dict[str, Any]) -> None:
    """A value that does not fit is 50035 under its own name."""
    reply = await client.api(f"GET /channels/{ALERTS}/messages", **query)
    assert reply.errors(next(iter(query)))


async def test_any_name_and_type_of_file_is_served(client: Client) -> None:
    """Names are quoted in the URL; a type that is none becomes bytes; wrong descriptions are refused."""
    form = aiohttp.FormData()
    form.add_field(
        "payload_json", '{"attachments": [{"id": "0", "filename": "図 1?#.png", "description": "d"}]}'
    )
    form.add_field("files[0]", b"x", filename="a.png", content_type="nonsense")
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    async with client.http.post(url, data=form, headers=client.headers) as response:
        made = (await response.json(content_type=None))["attachments"][0]
    assert (made["filename"], made["description"]) == ("図 1?#.png", "d")
    async with client.http.get(URL(made["url"], encoded=True)) as response:
        assert (await response.read(), response.content_type) == (b"x", "application/octet-stream")
    wrong = {"content": "x", "attachments": [{"filename": "a"}]}
    reply = await client.api(f"POST /channels/{ALERTS}/messages", wrong)
    assert reply.errors("attachments", "0", "id") == ["BASE_TYPE_REQUIRED"]
