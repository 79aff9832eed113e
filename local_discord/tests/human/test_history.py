"""A past for the local Discord: messages, threads and their ends, each at its time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from local_discord.tests.client import ALERTS, PRIMARY, Client
from local_discord.world.snowflake import created_at, snowflake_of

THEN = datetime(2026, 1, 5, 3, 4, 5, tzinfo=UTC)
ALERTED = snowflake_of(THEN)
HINTED = snowflake_of(THEN + timedelta(minutes=2))
BOT = "1100000000000000002"

ALERT: dict[str, Any] = {
    "id": ALERTED,
    "user": BOT,
    "channel": "p0-alerts",
    "message": {"content": "@here payments fail", "allowed_mentions": {"parse": ["everyone"]}},
    "thread": {"name": "INC-1", "auto_archive_duration": 10080},
    "reactions": {"👀": [BOT, "primary"]},
    "edited_at": (THEN + timedelta(hours=1)).isoformat(),
}
HINT = {"id": HINTED, "user": "primary", "channel": ALERTED, "message": {"content": "looking"}}
END = {"channel": ALERTED, "archived_at": (THEN + timedelta(days=1)).isoformat()}


async def test_past_is_where_and_when_it_was(client: Client) -> None:
    """A post of the bot with its thread, reactions, edit and end: each is of its time, and is read."""
    now = (await client.human("POST say", user="admin", channel="p0-alerts", content="news")).body
    told = await client.human("POST history", entries=[ALERT, HINT, END])
    assert [place["message_id"] for place in told.body] == [ALERTED, HINTED, ALERTED]
    shown = (await client.human("GET messages/p0-alerts")).body
    assert [message["id"] for message in shown] == [ALERTED, now["id"]]
    assert datetime.fromisoformat(shown[0]["timestamp"]) - THEN < timedelta(milliseconds=50)
    assert shown[0]["edited_timestamp"] == "2026-01-05T04:04:05.000000+00:00"
    assert [(one["emoji"]["name"], one["count"]) for one in shown[0]["reactions"]] == [("👀", 2)]
    thread = shown[0]["thread"]
    assert thread["thread_metadata"]["archived"]
    assert thread["thread_metadata"]["archive_timestamp"].startswith("2026-01-06T03:04:05")
    assert (await client.human(f"GET messages/{ALERTED}")).body[-1]["content"] == "looking"
    world = client.sandbox.core.world
    assert world.read[PRIMARY][ALERTED] == int(HINTED)
    assert world.channels[ALERTS].last_message_id == now["id"]


async def test_bot_edits_what_it_wrote_in_the_past(client: Client) -> None:
    """The bot may edit its posts from the past; a thread idle for a week has been archived meanwhile."""
    await client.human("POST history", entries=[ALERT, HINT])
    post = f"PATCH /channels/{ALERTS}/messages/{ALERTED}"
    assert (await client.api(post, {"content": "resolved"})).status == 200
    assert (await client.api(f"PUT /channels/{ALERTED}/messages/{HINTED}/reactions/👀/@me")).code == 50083


async def test_monitor_posted_in_the_past(client: Client) -> None:
    """A monitor's post in the past is made by the webhook of its name, which later posts use as well."""
    entry = {"id": ALERTED, "webhook": "Sentry", "channel": "p1-ops", "message": {"content": "disk full"}}
    await client.human("POST history", entries=[entry])
    (old,) = (await client.human("GET messages/p1-ops")).body
    new = (await client.human("POST webhook", channel="p1-ops", name="Sentry", content="again")).body
    assert (old["id"], old["author"]["username"], old["author"]["bot"]) == (ALERTED, "Sentry", True)
    assert (old["webhook_id"], old["author"]["id"]) == (new["webhook_id"], new["author"]["id"])


async def test_past_does_not_reach_into_the_future(client: Client) -> None:
    """An entry of the past with an id from the future, or with the id of a known message, is refused."""
    ahead = snowflake_of(datetime.now(UTC) + timedelta(minutes=5))
    assert (
        await client.human("POST history", entries=[{**HINT, "channel": "general", "id": ahead}])
    ).status == 400
    twice = [{**HINT, "channel": "general"}] * 2
    assert (await client.human("POST history", entries=twice)).status == 400
    assert len((await client.human("GET messages/general")).body) == 1


async def test_next_message_is_dated_back_once(client: Client) -> None:
    """After a backdate the bot's next message has the given time, and the message after that the present."""
    await client.human("POST backdate", channel="p3-insights", at=THEN.isoformat())
    post = "POST /channels/1100000000000000304/messages"
    first = (await client.api(post, {"content": "last week"})).body
    second = (await client.api(post, {"content": "now"})).body
    assert created_at(first["id"]) == THEN
    assert first["timestamp"].startswith("2026-01-05T03:04:05")
    assert datetime.now(UTC) - created_at(second["id"]) < timedelta(minutes=1)


async def test_nonce_of_a_message_that_is_dated_back_holds_from_now(client: Client) -> None:
    """A bot that has lost the answer and sends it again makes no second one."""
    await client.human("POST backdate", channel="p3-insights", at=THEN.isoformat())
    post, body = "POST /channels/1100000000000000304/messages", {"nonce": "digest", "enforce_nonce": True}
    ids = [(await client.api(post, {"content": "last week", **body})).body["id"] for _ in range(2)]
    assert created_at(ids[0]) == THEN
    assert ids[0] == ids[1]


async def test_people_change_their_names(client: Client) -> None:
    """A new user name replaces the old one, and one that is taken is refused."""
    await client.human("PATCH member", user="primary", username="sato", global_name="佐藤")
    said = (await client.human("POST say", user="sato", channel="general", content="hello")).body
    assert (said["author"]["username"], said["author"]["global_name"]) == ("sato", "佐藤")
    assert (await client.human("PATCH member", user="secondary", username="sato")).status == 400
    members = (await client.human("GET state")).body["members"]
    assert {"sato": "佐藤", "secondary": "secondary"}.items() <= {
        one["name"]: one["shown_name"] for one in members
    }.items()
