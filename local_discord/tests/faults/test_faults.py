"""Injected faults, the log, and waiting."""

import asyncio
from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, Client

SEND = "POST /channels/*/messages"


async def fault(client: Client, **spec: Any) -> None:
    reply = await client.human("POST fault", **{"route": SEND, **spec})
    assert reply.status == 200, reply.body


async def count(client: Client) -> int:
    return len((await client.human("GET messages/p0-alerts")).body)


async def test_a_status_hits_as_often_as_told(client: Client) -> None:
    """Three times 503, then it works; nothing was posted meanwhile."""
    await fault(client, status=503, times=3)
    verb = f"POST /channels/{ALERTS}/messages"
    statuses = [(await client.api(verb, {"content": "x"})).status for _ in range(4)]
    assert statuses == [503, 503, 503, 200]
    assert await count(client) == 1


async def test_a_documented_refusal_can_be_asked_for(client: Client) -> None:
    """A fault can be a refusal that Discord documents, such as AutoMod's with status 400 and code 200000."""
    await fault(client, status=400, code=200000, message="Message was blocked by automatic moderation")
    reply = await client.api(f"POST /channels/{ALERTS}/messages", {"content": "@here"})
    assert (reply.status, reply.code) == (400, 200000)


@pytest.mark.parametrize(("when", "posted"), [("before", 0), ("after", 1)])
async def test_a_reset_before_or_after_the_effect(client: Client, when: str, posted: int) -> None:
    """The client loses the connection; the message exists only after."""
    await fault(client, reset=when)
    with pytest.raises(aiohttp.ClientError):
        await client.api(f"POST /channels/{ALERTS}/messages", {"content": "x"})
    assert await count(client) == posted


async def test_malformed_json_comes_after_the_effect(client: Client) -> None:
    """A 200 whose body ends half-way, although the message exists."""
    await fault(client, body="malformed")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        await client.api(f"POST /channels/{ALERTS}/messages", {"content": "x"})
    assert await count(client) == 1


async def test_html_comes_without_via(client: Client) -> None:
    """A page of the proxy in front of Discord: no JSON, no Via."""
    await fault(client, body="html", status=429)
    url = f"{client.sandbox.api_base}/channels/{ALERTS}/messages"
    async with client.http.post(url, json={"content": "x"}, headers=client.headers) as response:
        assert (response.status, response.content_type) == (429, "text/html")
        assert "Via" not in response.headers


async def test_a_rate_limit_of_any_length(client: Client) -> None:
    """A fault can be a 429 with any `retry_after`, global or not."""
    await fault(client, status=429, retry_after=65.5)
    await fault(client, status=429, retry_after=2, **{"global": True})
    verb = f"POST /channels/{ALERTS}/messages"
    first, second = [await client.api(verb, {"content": "x"}) for _ in range(2)]
    assert (first.body["retry_after"], first.body["global"]) == (65.5, False)
    assert (second.body["global"], second.headers["X-RateLimit-Global"]) == (True, "true")
    assert first.headers["Via"] == "1.1 google"


async def test_a_swallowed_request_has_no_effect(client: Client) -> None:
    """A client that gives up while the answer is delayed finds nothing posted."""
    await fault(client, delay_s=0.2)
    waiting = asyncio.ensure_future(client.api(f"POST /channels/{ALERTS}/messages", {"content": "x"}))
    await client.human("POST wait", **{"for": "log", "kind": "fault"})
    waiting.cancel()
    seen = await client.human("POST wait", **{"for": "log", "kind": "rest"})
    assert seen.body["log"]["status"] is None
    assert await count(client) == 0


async def test_faults_are_lifted_and_refused(client: Client) -> None:
    """DELETE lifts all; senseless ones are 400 with a reason."""
    await fault(client, status=503, times=None)
    await client.human("DELETE fault")
    assert (await client.api(f"POST /channels/{ALERTS}/messages", {"content": "x"})).status == 200
    for bad in (
        {"route": "x"},
        {"route": SEND},
        {"route": SEND, "boom": 1},
        {"gateway": "x"},
        {"route": SEND, "body": "x"},
    ):
        reply = await client.human("POST fault", **bad)
        assert reply.status == 400
        assert reply.body["error"]


async def test_the_log_has_everything_but_the_token(client: Client) -> None:
    """Requests and answers in order; `since` continues; the token is nowhere."""
    made = await client.post(content="x")
    log = (await client.human("GET log")).body
    entry = log["entries"][-1]
    assert (entry["method"], entry["path"]) == ("POST", f"/channels/{ALERTS}/messages")
    assert (entry["body"], entry["response"]["id"]) == ({"content": "x"}, made["id"])
    assert client.sandbox.address.token not in str(log)
    async with client.http.get(f"{client.sandbox.human}/log?since={log['next']}") as response:
        assert (await response.json())["entries"] == []


async def test_waiting_for_a_message(client: Client) -> None:
    """Waiting for a message ends when the words appear, in an embed too, or says that time ran out."""
    wanted = {"for": "message", "channel": "p0-alerts", "contains": "SEV1"}
    waiting = asyncio.ensure_future(client.human("POST wait", **wanted))
    made = await client.post(embeds=[{"title": "SEV1 api"}])
    assert (await waiting).body["message"]["id"] == made["id"]
    late = await client.human("POST wait", **wanted, after=made["id"], timeout_s=0.01)
    assert late.body == {"timeout": True}
    dm = await client.human("POST wait", **{"for": "message", "channel": "dm:primary", "timeout_s": 0.01})
    assert dm.body == {"timeout": True}


async def test_the_human_side_explains_its_refusals(client: Client) -> None:
    """Unknown names are 404 and list what there is; bad JSON is 400; an unknown call lists the calls."""
    reply = await client.human("POST say", user="nobody", channel="general", content="x")
    assert (reply.status, "primary" in reply.body["error"]) == (404, True)
    assert (await client.human("POST say", user="primary", channel="nowhere", content="x")).status == 404
    assert (await client.human("POST say", user="primary")).status == 400
    assert "POST say" in (await client.human("POST nothing")).body["error"]
    async with client.http.post(f"{client.sandbox.human}/say", data=b"{") as response:
        assert response.status == 400
    async with client.http.post(f"{client.sandbox.human}/say", data=b"[]") as response:
        assert response.status == 400
    assert (await client.human("GET interaction/1")).status == 404
