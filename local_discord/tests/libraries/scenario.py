"""One story that every Discord library must be able to live through against the sandbox.

Each library implements `Actor`; `play` drives it from both sides: the bot's, and the people's.
"""

import asyncio
from typing import Any, Protocol

from local_discord.tests.client import ALERTS, DEADLINE_S, OBSERVER, PRIMARY, Client

PERSON = {"user": "primary", "channel": "p0-alerts"}
FILE = ("log.txt", "障害 at 21:00\n".encode())


class Actor(Protocol):
    """A bot made with some library.

    It registers ``/triage`` (answers "triage" with the buttons ``ack`` and ``impact``) and ``/slow`` (defers,
    only for who asked, then says "later"). ``ack`` edits the message to "acked by NAME" without buttons;
    ``impact`` opens a modal with the text field ``what``, and its submission is answered with "impact: WHAT",
    only for who sent it.

    Attributes:
        heard: ("ready",), ("resumed",), ("message", id) and ("reaction", emoji, user id), in order.
    """

    heard: asyncio.Queue[tuple[str, ...]]

    async def register(self) -> None:
        """Overwrite the guild's commands with its own two."""

    async def alert(self, channel_id: str) -> tuple[str, bool]:
        """Post "@here" that pings, with the embed "SEV1"; returns the id and whether it pinged."""

    async def start_thread(self, channel_id: str, message_id: str, name: str) -> str:
        """Start a thread on the message; returns its id."""

    async def reactors(self, channel_id: str, message_id: str, emoji: str) -> list[str]:
        """The names of who reacted."""

    async def direct(self, user_id: str, text: str) -> str:
        """Send a DM; returns the channel's id."""

    async def upload(self, channel_id: str, name: str, data: bytes) -> bytes:
        """Post a file; returns what the address in the answer serves."""


async def play(actor: Actor, client: Client) -> None:
    """The whole story; the actor is connected."""
    await actor.register()
    await _answer_a_command(client)
    await _defer(client)
    await _raise_an_alarm(actor, client)
    await _write_to_one(actor, client)
    await _survive_a_drop(actor, client)


async def expect(actor: Actor, *wanted: str) -> None:
    """Wait for that event; what comes before it is skipped."""
    async with asyncio.timeout(DEADLINE_S * 2):
        while await actor.heard.get() != wanted:
            pass


async def outcome(client: Client, verb: str, **body: Any) -> dict[str, Any]:
    """A person does something; what it came to."""
    opened = await client.human(verb, **body)
    assert opened.status == 200, opened.body
    url = f"{client.sandbox.human}/interaction/{opened.body['interaction']}?wait=5&until=done"
    async with client.http.get(url) as response:
        told: dict[str, Any] = await response.json()
    assert told["state"] == "responded", told
    return told


async def _answer_a_command(client: Client) -> None:
    opened = await outcome(client, "POST command", name="triage", **PERSON)
    message = opened["messages"][0]
    assert message["content"] == "triage"
    click = {"user": "primary", "message": message["id"]}
    asked = await outcome(client, "POST click", custom_id="impact", **click)
    assert asked["modal"]["title"] == "Impact"
    fields = {"what": "checkout is down"}
    told = await outcome(client, "POST modal", user="primary", interaction=asked["id"], fields=fields)
    said = told["messages"][0]
    assert (said["content"], said["only_for"]) == ("impact: checkout is down", "primary")
    acked = await outcome(client, "POST click", custom_id="ack", **click)
    edited = acked["messages"][0]
    assert (edited["id"], edited["content"]) == (message["id"], "acked by primary")
    assert edited["components"] == []


async def _defer(client: Client) -> None:
    later = await outcome(client, "POST command", name="slow", **PERSON)
    assert later["response_type"] == 5
    assert (later["messages"][0]["content"], later["messages"][0]["only_for"]) == ("later", "primary")


async def _raise_an_alarm(actor: Actor, client: Client) -> None:
    message_id, pinged = await actor.alert(ALERTS)
    assert pinged
    posted = (await client.api(f"GET /channels/{ALERTS}/messages/{message_id}")).body
    assert (posted["content"], posted["embeds"][0]["title"]) == ("@here", "SEV1")
    await expect(actor, "message", message_id)
    thread_id = await actor.start_thread(ALERTS, message_id, "SEV1 api.")
    thread = (await client.api(f"GET /channels/{thread_id}")).body
    assert (thread["id"], thread["name"], thread["parent_id"]) == (message_id, "SEV1 api.", ALERTS)
    for name, user_id in (("observer", OBSERVER), ("primary", PRIMARY)):
        await client.human("PUT reaction", user=name, message=message_id, emoji="👀")
        await expect(actor, "reaction", "👀", user_id)
    # Get Reactions lists by user id, as its `after` parameter needs: Resources > Message.
    assert sorted(await actor.reactors(ALERTS, message_id, "👀")) == ["observer", "primary"]


async def _write_to_one(actor: Actor, client: Client) -> None:
    dm_id = await actor.direct(PRIMARY, "you are on call")
    told = (await client.human("GET dms/primary")).body
    assert (told[-1]["content"], told[-1]["channel_id"]) == ("you are on call", dm_id)
    name, data = FILE
    assert await actor.upload(dm_id, name, data) == data
    file = (await client.human("GET dms/primary")).body[-1]["attachments"][0]
    assert (file["filename"], file["size"]) == (name, len(data))


async def _survive_a_drop(actor: Actor, client: Client) -> None:
    """What is said while the socket is gone comes after it, once, before RESUMED."""
    while not actor.heard.empty():
        actor.heard.get_nowait()
    await client.human("POST fault", gateway="drop")
    said = [(await client.post(content=text))["id"] for text in ("one", "two")]
    async with asyncio.timeout(DEADLINE_S * 2):
        heard = [await actor.heard.get() for _ in range(3)]
    assert heard == [("message", said[0]), ("message", said[1]), ("resumed",)]
