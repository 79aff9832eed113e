"""Other web pages in the same browser can neither drive nor read the local Discord."""

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, Client

# All that a browser tells about a page of another site, of another port, of a sandboxed frame or file, and
# of a name that merely leads to this machine.
EVIL = "https://evil.example"
FOREIGN = ({"Origin": EVIL}, {"Origin": "http://localhost:1"}, {"Origin": "null"})
REBOUND = ({"Host": "evil.example"}, {"Host": "evil.example:80", "Origin": "http://evil.example:80"})
WAYS = (
    ("GET", "/_human/state"),
    ("POST", "/_human/say"),
    ("POST", "/_human/nothing"),
    ("GET", "/_page/main.js"),
    ("GET", "/"),
    ("GET", "/api/v10/gateway"),
    ("GET", "/attachments/1/2/x.png"),
)


@pytest.mark.parametrize("headers", [*FOREIGN, *REBOUND])
async def test_foreign_pages_are_refused_everywhere(client: Client, headers: dict[str, str]) -> None:
    """403 on every path, and nothing happens; a form's text/plain, which needs no leave, is no way round."""
    origin = client.sandbox.core.origin
    said = '{"user": "primary", "channel": "p0-alerts", "content": "by another site"}'
    for method, path in WAYS:
        sent = {"Content-Type": "text/plain", **headers}
        async with client.http.request(method, origin + path, data=said, headers=sent) as response:
            assert response.status == 403
    assert client.sandbox.core.world.messages[ALERTS] == {}


@pytest.mark.parametrize("path", ["/_page/ws", "/gateway"])
@pytest.mark.parametrize("headers", [*FOREIGN, *REBOUND])
async def test_foreign_pages_open_no_sockets(client: Client, path: str, headers: dict[str, str]) -> None:
    """WebSockets know no same-origin policy: whose page opens them has to be looked at."""
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await client.http.ws_connect(client.sandbox.core.origin + path, headers=headers)


async def test_the_page_and_programs_are_not(client: Client) -> None:
    """The page's own origin, by any name of loopback, and programs, which have none, are let in."""
    origin = client.sandbox.core.origin
    port = origin.rpartition(":")[2]
    for headers in (
        {},
        {"Origin": origin},
        {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
        {"Host": f"[::1]:{port}"},
    ):
        async with client.http.get(f"{origin}/_human/state", headers=headers) as response:
            assert response.status == 200
