"""Faults of requests: which calls they hit, and what the client meets."""

import asyncio
from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, Client

SEND = "POST /channels/*/messages"
VERB = f"POST /channels/{ALERTS}/messages"
BODY = {"content": "x"}


async def fault(client: Client, **spec: Any) -> dict[str, Any]:
    reply = await client.human("POST fault", **{"route": SEND, **spec})
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


async def statuses(client: Client, count: int) -> list[int]:
    return [(await client.api(VERB, BODY)).status for _ in range(count)]


async def posted(client: Client) -> int:
    return len((await client.human("GET messages/p0-alerts")).body)


async def test_the_nth_call(client: Client) -> None:
    """The third call fails, the others do not; other routes are not counted."""
    await fault(client, nth=3, status=500)
    await client.api("GET /users/@me")
    assert await statuses(client, 4) == [200, 200, 500, 200]


async def test_a_probability_with_a_seed_repeats(client: Client) -> None:
    """The same seed hits the same calls; another one others; about as many as it says."""

    async def run(seed: int) -> list[int]:
        made = await fault(client, probability=0.3, seed=seed, times=None, status=503)
        found = await statuses(client, 40)
        await client.human(f"DELETE fault/{made['id']}")
        return found

    first, again, other = await run(7), await run(7), await run(8)
    assert first == again != other
    assert 5 <= first.count(503) <= 20


async def test_faults_are_listed_with_their_hits_and_lifted_singly(client: Client) -> None:
    """GET shows what was asked for, how often it was seen and hit, and what is left."""
    broken = await fault(client, times=2, nth=2, status=503)
    slow = await fault(client, route="GET /users/@me", times=None, delay_s=0.001)
    await statuses(client, 2)
    listed = (await client.human("GET fault")).body
    assert (listed["gateway_down"], listed["frozen"], listed["silent"]) == (False, False, 0)
    assert [one["id"] for one in listed["faults"]] == [broken["id"], slow["id"]]
    assert listed["faults"][0] | {"id": 0} == {
        "id": 0,
        "route": SEND,
        "times": 2,
        "nth": 2,
        "status": 503,
        "seen": 2,
        "hits": 1,
        "left": 1,
    }
    assert (await client.human("DELETE fault", id=broken["id"])).status == 200
    assert [one["id"] for one in (await client.human("GET fault")).body["faults"]] == [slow["id"]]
    assert (await client.human(f"DELETE fault/{broken['id']}")).status == 400
    assert (await client.human("DELETE fault", id="99")).status == 400
    assert await statuses(client, 1) == [200]


async def test_a_black_hole_never_answers(client: Client) -> None:
    """The client gives up; nothing was posted, or it was when the hole comes after the effect."""
    for after, count in ((False, 0), (True, 1)):
        await fault(client, black_hole=True, after=after)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.api(VERB, BODY), 0.1)
        assert await posted(client) == count
    log = {"for": "log", "kind": "rest", "method": "POST"}
    assert (await client.human("POST wait", **log)).body["log"]["status"] is None


async def test_a_truncated_body_ends_half_way(client: Client) -> None:
    """The length promises more than comes; the message exists."""
    await fault(client, body="truncated")
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.api(VERB, BODY)
    assert await posted(client) == 1


@pytest.mark.parametrize("status", [403, 503, 520])
async def test_cloudflares_page(client: Client, status: int) -> None:
    """A fault can answer with Cloudflare's HTML page, which has its headers and none of Discord's."""
    await fault(client, body="html", status=status)
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    async with client.http.post(url, json=BODY, headers=client.headers) as response:
        assert (response.status, response.content_type) == (status, "text/html")
        assert (response.headers["Server"], response.headers["CF-RAY"][-4:]) == ("cloudflare", "-NRT")
        assert not {"Via", "X-RateLimit-Bucket"} & set(response.headers)
        assert f"Error code {status}" in await response.text()
    assert await posted(client) == 0


@pytest.mark.parametrize(
    ("scope", "message", "bucket", "is_global"),
    [
        ("user", "You are being rate limited.", True, False),
        ("shared", "The resource is being rate limited.", True, False),
        ("global", "You are being rate limited.", False, True),
    ],
)
async def test_three_kinds_of_429(
    client: Client, scope: str, message: str, *, bucket: bool, is_global: bool
) -> None:
    """Headers and body as documented: only the global one has no bucket."""
    await fault(client, status=429, retry_after=64.57, scope=scope)
    reply = await client.api(VERB, BODY)
    assert (reply.status, reply.headers["Content-Type"]) == (429, "application/json")
    assert reply.body == {"message": message, "retry_after": 64.57, "global": is_global}
    assert (reply.headers["Retry-After"], reply.headers["X-RateLimit-Scope"]) == ("65", scope)
    assert ("X-RateLimit-Global" in reply.headers) is is_global
    assert ("X-RateLimit-Bucket" in reply.headers) is bucket
    if bucket:
        assert reply.headers["X-RateLimit-Remaining"] == "0"
        assert reply.headers["X-RateLimit-Reset-After"] == "64.570"
    assert "Via" in reply.headers


async def test_headers_can_be_added(client: Client) -> None:
    """The answer of a fault has the headers that the fault names, beside its usual body."""
    await fault(client, status=503, headers={"X-Anything": "1", "Retry-After": "9"})
    reply = await client.api(VERB, BODY)
    assert (reply.headers["X-Anything"], reply.headers["Retry-After"]) == ("1", "9")
    assert reply.body == {"message": "503: Service Unavailable", "code": 0}


@pytest.mark.parametrize(
    "bad",
    [
        {"status": 503, "times": 0},
        {"status": 503, "nth": 0},
        {"status": 503, "probability": 0},
        {"status": 503, "probability": 1.5},
        {"status": 503, "probability": "x"},
        {"status": "503"},
        {"status": 99},
        {"status": 429, "scope": "x"},
        {"status": 503, "reset": "x"},
        {"delay_s": -1},
        {"delay_s": True},
    ],
)
async def test_senseless_faults_are_refused(client: Client, bad: dict[str, object]) -> None:
    """A fault whose values make no sense is refused with status 400 and a reason, and none is in force."""
    reply = await client.human("POST fault", route=SEND, **bad)
    assert (reply.status, bool(reply.body["error"])) == (400, True)
    assert (await client.human("GET fault")).body["faults"] == []
