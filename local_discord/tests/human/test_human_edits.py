"""People rewrite what they wrote, and nothing else."""

from local_discord.tests.client import Client
from local_discord.tests.conftest import Connect

INTENTS = 1 | 1 << 9


async def test_a_person_rewrites_their_own_message(client: Client, connect: Connect) -> None:
    """The bot hears of it, without the words unless it may read them."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, INTENTS)
    said = (await client.human("POST say", user="observer", channel="general", content="14:10")).body
    edited = (await client.human("PATCH message", user="observer", message=said["id"], content="14:12")).body
    assert edited["content"] == "14:12"
    assert edited["edited_timestamp"] is not None
    heard = (await socket.event("MESSAGE_UPDATE"))["d"]
    assert (heard["id"], heard["content"]) == (said["id"], "")
    assert heard["edited_timestamp"] == edited["edited_timestamp"]


async def test_nobody_rewrites_what_another_wrote(client: Client) -> None:
    """An administrator cannot edit the message of another person: the request is refused with 50005."""
    said = (await client.human("POST say", user="observer", channel="general", content="14:10")).body
    refused = await client.human("PATCH message", user="admin", message=said["id"], content="x")
    assert (refused.status, refused.code) == (403, 50005)
    shown = (await client.human("GET messages/general")).body
    assert shown[-1]["content"] == "14:10"
