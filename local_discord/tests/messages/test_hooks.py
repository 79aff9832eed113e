"""Webhooks by hand: what a monitor or another service posts."""

from http import HTTPStatus

from aiohttp import ClientSession

from local_discord.tests.client import ALERTS, Client
from local_discord.tests.conftest import Connect

INTENTS = 1 | 1 << 9 | 1 << 15


async def test_a_webhook_posts(client: Client, connect: Connect) -> None:
    """The bot hears a message of a webhook that is not its own; the next one comes from the same webhook."""
    client.sandbox.core.world.application.message_content = True
    socket = await connect()
    await socket.identify(client.sandbox.address.token, INTENTS)
    embed = {"title": "[FIRING] 5xx", "description": "error rate 12 %"}
    said = {"channel": "p0-alerts", "name": "Grafana", "content": "Alert", "embeds": [embed]}
    first = (await client.human("POST webhook", **said)).body
    heard = (await socket.event("MESSAGE_CREATE"))["d"]
    assert (heard["id"], heard["webhook_id"], heard["channel_id"]) == (
        first["id"],
        first["webhook_id"],
        ALERTS,
    )
    assert (heard["author"]["username"], heard["author"]["bot"]) == ("Grafana", True)
    assert heard["embeds"][0]["title"] == "[FIRING] 5xx"
    assert "member" not in heard
    assert heard.get("application_id") is None
    again = (await client.human("POST webhook", **said)).body
    assert again["webhook_id"] == first["webhook_id"]
    other = (await client.human("POST webhook", **{**said, "name": "Sentry"})).body
    assert other["webhook_id"] != first["webhook_id"]


async def test_address_alone_posts_nothing(client: Client) -> None:
    """Asking for a webhook's address posts nothing and gives the same webhook each time; a DM has none."""
    asked = {"channel": "p0-alerts", "name": "Grafana"}
    url = (await client.human("PUT webhook", **asked)).body["webhook_url"]
    assert (await client.human("GET messages/p0-alerts")).body == []
    async with client.http.post(f"{url}?wait=true", json={"content": "[FIRING:1] 5xx"}) as response:
        assert (await response.json())["content"] == "[FIRING:1] 5xx"
    assert (await client.human("PUT webhook", **asked)).body["webhook_url"] == url
    assert (await client.human("PUT webhook", channel="dm:primary", name="Grafana")).status == 400


async def test_its_address_is_given_to_whoever_made_it(client: Client) -> None:
    """A monitor posts there, with nothing but the address."""
    made = (await client.human("POST webhook", channel="p0-alerts", name="Grafana", content="a")).body
    async with (
        ClientSession() as monitor,
        monitor.post(
            f"{made['webhook_url']}?wait=true", json={"content": "[FIRING:1] HighErrorRate"}
        ) as answer,
    ):
        posted = await answer.json()
    assert answer.status == HTTPStatus.OK
    assert (posted["webhook_id"], posted["channel_id"]) == (made["webhook_id"], ALERTS)
    assert made["webhook_url"].startswith(client.sandbox.address.api_base)


async def test_in_a_thread_it_is_the_channels(client: Client) -> None:
    """A thread has no webhooks of its own: its channel's posts there."""
    thread = (await client.api(f"POST /channels/{ALERTS}/threads", {"name": "INC-1", "type": 11})).body
    outside = (await client.human("POST webhook", channel="p0-alerts", name="Grafana", content="a")).body
    inside = (await client.human("POST webhook", channel="INC-1", name="Grafana", content="b")).body
    assert inside["channel_id"] == thread["id"]
    assert inside["webhook_id"] == outside["webhook_id"]


async def test_what_no_webhook_can_do(client: Client) -> None:
    """No name, Discord's own name, nothing to say, or no place for one: refused, with the reason."""
    for body, status in (
        ({"channel": "p0-alerts", "content": "x"}, 400),
        ({"channel": "p0-alerts", "name": "discord", "content": "x"}, 400),
        ({"channel": "p0-alerts", "name": "Grafana"}, 400),
        ({"channel": "dm:primary", "name": "Grafana", "content": "x"}, 400),
        ({"channel": "nowhere", "name": "Grafana", "content": "x"}, 404),
    ):
        reply = await client.human("POST webhook", **body)
        assert (reply.status, bool(reply.body["error"])) == (status, True)
