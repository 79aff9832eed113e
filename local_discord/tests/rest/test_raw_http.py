"""Bytes that are hardly HTTP: Discord's own 400, never a failure, never a hung request."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest

from local_discord.rest import bodies
from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, Client
from local_discord.tests.rest.raw import Line, Told

SEND = f"POST /api/v10/channels/{ALERTS}/messages"
JSON = {"Content-Type": "application/json"}
PARTS = {"Content-Type": "multipart/form-data; boundary=a"}
FILE = b'--a\r\nContent-Disposition: form-data; name="files[0]"; filename='


@pytest.fixture
async def line(sandbox: LocalDiscord) -> AsyncIterator[Line]:
    """A connection."""
    opened = await Line.open(sandbox)
    yield opened
    await opened.close()


def is_refused(told: Told, status: int = 400) -> bool:
    """The general error, as JSON, from Discord and not from a proxy."""
    found = (told.status, told.body["code"], told.headers["content-type"], told.headers["via"])
    return found == (status, 0, "application/json", "1.1 google")


@pytest.mark.parametrize(
    "body",
    [
        b"--a\r\nx",
        b"--a\r\n: bad\r\n\r\n{}\r\n--a--",
        b"--a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n{}\r\n--a--",
        b"--a\r\n" + b"X: y\r\n" * 500 + b"\r\n{}\r\n--a--",
        FILE + b'"x\x00y"\r\n\r\n{}\r\n--a--',
        FILE + b'"x"\r\nContent-Type: te\x01xt\r\n\r\n{}\r\n--a--',
        FILE + b'"x"\r\n\r\nno end',
    ],
    ids=["cut", "no-name", "long-header", "many-headers", "nul", "control", "no-end"],
)
async def test_broken_multipart_is_a_bad_request(line: Line, body: bytes) -> None:
    """A broken multipart body is answered with Discord's general 400 error."""
    assert is_refused(await line.ask(SEND, PARTS, body))


async def test_callbacks_are_read_with_the_same_care(line: Line) -> None:
    """The callback's route reads a body before it knows who asks."""
    assert is_refused(await line.ask("POST /api/v10/interactions/1/x/callback", PARTS, b"--a\r\nx"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
async def test_wrong_content_encodings_are_bad_requests(line: Line, encoding: str) -> None:
    """A body that is not what its encoding says, or an encoding that is none."""
    assert is_refused(await line.ask(SEND, {**JSON, "Content-Encoding": encoding}, b'{"content": "x"}'))


async def test_a_compressed_body_is_read(line: Line) -> None:
    """A gzip body is read, and the connection serves further requests, even after a refused body."""
    packed = gzip.compress(b'{"content": "packed"}')
    told = await line.ask(SEND, {**JSON, "Content-Encoding": "gzip"}, packed)
    assert told.body["content"] == "packed"
    assert (await line.ask(SEND, JSON, b"{")).body["code"] == 50109
    assert (await line.ask("GET /api/v10/gateway")).status == 200


async def test_a_connection_ends_with_a_body_that_was_none(line: Line) -> None:
    """The client is told so: what follows on it could not be told from the rest of that body."""
    assert (await line.ask(SEND, PARTS, b"--a\r\nx")).headers["connection"] == "close"


async def test_names_that_are_no_text_become_text(client: Client, line: Line) -> None:
    """Bytes that are no UTF-8 in a filename are replaced."""
    told = await line.ask(SEND, PARTS, FILE + b'"\xff.txt"\r\n\r\nx\r\n--a--\r\n')
    (attachment,) = told.body["attachments"]
    assert attachment["filename"] == "\N{REPLACEMENT CHARACTER}.txt"
    async with client.http.get(attachment["url"]) as response:
        assert await response.read() == b"x"


async def test_half_a_body_times_out(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose body does not come to its end in time is answered with 408."""
    monkeypatch.setattr(bodies, "_WITHIN_S", 0.05)
    await line.send(SEND, JSON, b'{"content"', lacking=5)
    assert is_refused(await line.told(), 408)


async def test_a_client_that_leaves_half_way_has_no_effect(sandbox: LocalDiscord, line: Line) -> None:
    """A request that is cut off is logged without an answer, and counts as no failure."""
    await line.send(SEND, JSON, b'{"content"', lacking=5)
    await line.close()
    found = await sandbox.core.hub.until(lambda: sandbox.core.log.since(0) or None, 5)
    assert found
    assert found[-1]["status"] is None
    assert not sandbox.core.world.messages[ALERTS]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /api/v10/" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET /api/v10/gateway HTTP/1.1\r\nX: y\x01\r\n\r\n",
        b"GET /api/v10/gateway HTTP/1.1\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
        b"garbage\r\n\r\n",
    ],
    ids=["long-url", "control", "long-header", "garbage"],
)
async def test_what_is_no_http_is_refused_in_json(line: Line, data: bytes) -> None:
    """Discord does not say how; in JSON, so that every client can read it."""
    await line.write(data)
    assert is_refused(await line.told())


@pytest.mark.parametrize("path", ["/api/v9/gateway", "/api/gateway", "/api/v99/users/@me", "/api"])
async def test_other_versions_are_refused(line: Line, path: str) -> None:
    """50041, for the versions that Discord still has too: only v10 is spoken here."""
    told = await line.ask(f"GET {path}")
    assert (told.status, told.body["code"], told.headers["via"]) == (400, 50041, "1.1 google")


async def test_the_root_of_the_api_is_an_unknown_route(line: Line) -> None:
    """The root of the API answers 404 in JSON, as an unknown route does."""
    assert is_refused(await line.ask("GET /api/v10"), 404)


@pytest.mark.parametrize("wanted", ["100-continue", "the unexpected"])
async def test_expectations_hinder_nobody(line: Line, wanted: str) -> None:
    """The one that exists is met, others are passed over."""
    await line.send("GET /api/v10/gateway", {"Expect": wanted})
    told = [await line.told()]
    if wanted == "100-continue":
        assert told.pop().status == 100
        told.append(await line.told())
    assert told[0].status == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "gzip"),
        ("deflate", "deflate"),
        ("br", None),
        ("identity", None),
        ("gzip;q=0", None),
    ],
)
async def test_answers_are_compressed_for_who_takes_that(
    sandbox: LocalDiscord, accepted: str, encoding: str | None
) -> None:
    """A long body, as the client asked; a short one is sent as it is. Source: RFC 9110, 12.5.3."""
    headers = {"Authorization": f"Bot {sandbox.address.token}", "Accept-Encoding": accepted}
    async with aiohttp.ClientSession(auto_decompress=False, headers=headers) as http:
        async with http.get(f"{sandbox.api_base}/gateway") as short:
            assert "Content-Encoding" not in short.headers
        async with http.get(f"{sandbox.api_base}/guilds/{sandbox.address.guild_id}") as reply:
            assert reply.headers.get("Content-Encoding") == encoding
            body = await reply.read()
    unpack = gzip.decompress if encoding == "gzip" else zlib.decompress
    assert json.loads(unpack(body) if encoding else body)["name"] == "Parky"
