"""IDENTIFY, field by field. Source: Discord's docs, Events > Gateway Events > Identify, Update Presence."""

import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.conftest import Connect


@pytest.fixture
def token(sandbox: LocalDiscord) -> str:
    return sandbox.address.token


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"intents": True}, 4002),
        ({"intents": -1}, 4013),
        ({"intents": 1, "shard": [0]}, 4010),
        ({"intents": 1, "shard": ["0", "1"]}, 4010),
        ({"intents": 1, "shard": [-1, 2]}, 4010),
        ({"intents": 1, "shard": {}}, 4010),
        ({"intents": 1, "token": None}, 4004),
        ({"intents": 1, "properties": None}, 4002),
        ({"intents": 1, "properties": "x"}, 4002),
        ({"intents": 1, "compress": "yes"}, 4002),
        ({"intents": 1, "large_threshold": 49}, 4002),
        ({"intents": 1, "large_threshold": 251}, 4002),
        ({"intents": 1, "large_threshold": True}, 4002),
        ({"intents": 1, "presence": "x"}, 4002),
        ({"intents": 1, "presence": {"status": "busy"}}, 4002),
        ({"intents": 1, "presence": {"status": []}}, 4002),
        ({"intents": 1, "presence": {"activities": {}}}, 4002),
        ({"intents": 1, "presence": {"activities": [{"name": 5, "type": 0}]}}, 4002),
        ({"intents": 1, "presence": {"since": "x"}}, 4002),
        ({"intents": 1, "presence": {"afk": 1}}, 4002),
    ],
)
async def test_identify_is_read_strictly(
    connect: Connect, token: str, extra: dict[str, object], code: int
) -> None:
    """Each wrong field of IDENTIFY closes the connection with the close code for that field."""
    socket = await connect()
    await socket.frame()
    await socket.send(2, {"token": token, "properties": {}, **extra})
    assert await socket.closed() == code


@pytest.mark.parametrize(
    "extra",
    [
        {"large_threshold": 250, "compress": False, "properties": {"os": "linux"}},
        {"presence": None},
        # What discord.py sends for a presence that says nothing.
        {"presence": {"status": None, "game": None, "since": 0, "afk": False}},
        {"presence": {"status": "dnd", "activities": [{"name": "SEV1", "type": 3}], "since": 1.0}},
    ],
)
async def test_what_is_right_is_taken(connect: Connect, token: str, extra: dict[str, object]) -> None:
    """Every field may be there, and of a presence some may not."""
    assert (await (await connect()).identify(token, 1, **extra))["v"] == 10


async def test_later_presences_are_checked_too(connect: Connect, token: str) -> None:
    """Opcode 3 leads to nothing, unless it is none: 4002."""
    socket = await connect()
    await socket.identify(token, 1)
    await socket.send(3, {"status": "idle", "activities": [], "since": None, "afk": True})
    await socket.send(3, {"status": "busy"})
    assert await socket.closed() == 4002
