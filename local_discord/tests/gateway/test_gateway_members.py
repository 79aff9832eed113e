"""What a session may ask for: members by id, by name, all of them; soundboard sounds."""

from typing import Any

import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.client import OBSERVER, PRIMARY, Client, Socket
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import GUILDS, MEMBERS, PRESENCES, USUAL
from local_discord.world.world import Member, User

GUILD = "1100000000000000001"
Chunks = list[dict[str, Any]]


async def ask(socket: Socket, **data: Any) -> dict[str, Any]:
    """One request, its first chunk."""
    await socket.send(8, {"guild_id": GUILD, **data})
    chunk: dict[str, Any] = (await socket.event("GUILD_MEMBERS_CHUNK"))["d"]
    return chunk


def names(chunk: dict[str, Any]) -> list[str]:
    return [member["user"]["username"] for member in chunk["members"]]


def crowd(sandbox: LocalDiscord, count: int) -> None:
    """That many more members."""
    for number in range(count):
        user = User(str(2_000_000_000_000_000_000 + number), f"crowd-{number:04}")
        sandbox.core.world.users[user.id] = user
        sandbox.core.world.members[user.id] = Member(user, [], sandbox.core.clock.iso())


async def test_by_id_and_by_name(sandbox: LocalDiscord, connect: Connect) -> None:
    """Unknown ids are listed; names and nicknames match by their beginning, in any case."""
    socket = await connect()
    await socket.identify(sandbox.address.token, USUAL)
    found = await ask(socket, user_ids=[PRIMARY, "1"], nonce="n" * 32)
    assert (names(found), found["not_found"], found["nonce"]) == (["primary"], ["1"], "n" * 32)
    assert names(await ask(socket, user_ids=OBSERVER)) == ["observer"]
    sandbox.core.world.members[OBSERVER].nick = "Second Pair of Eyes"
    assert names(await ask(socket, query="SEC", limit=10)) == ["secondary", "observer"]
    assert names(await ask(socket, query="sec", limit=1)) == ["secondary"]
    assert "nonce" not in await ask(socket, query="x", limit=1, nonce="n" * 33)


async def test_a_thousand_members_a_chunk(sandbox: LocalDiscord, connect: Connect) -> None:
    """All of them come in chunks; by name or id at most 100 come."""
    crowd(sandbox, 2_300)
    socket = await connect()
    await socket.identify(sandbox.address.token, USUAL)
    first = await ask(socket, query="", limit=0)
    rest = [(await socket.event("GUILD_MEMBERS_CHUNK"))["d"] for _ in range(2)]
    assert [len(chunk["members"]) for chunk in (first, *rest)] == [1000, 1000, 306]
    assert [chunk["chunk_index"] for chunk in (first, *rest)] == [0, 1, 2]
    assert {chunk["chunk_count"] for chunk in (first, *rest)} == {3}
    assert len((await ask(socket, query="crowd", limit=0))["members"]) == 100
    ids = [str(2_000_000_000_000_000_000 + number) for number in range(150)]
    assert len((await ask(socket, user_ids=ids))["members"]) == 100


async def test_presences_need_their_intent(client: Client, connect: Connect) -> None:
    """A session with GUILD_PRESENCES gets presences in member chunks and in GUILD_CREATE.

    A session without that intent gets no presences in a chunk.
    """
    token = client.sandbox.address.token
    await client.human("PATCH application", presences=True)
    plain, privileged = await connect(), await connect()
    await plain.identify(token, USUAL)
    await privileged.identify(token, USUAL | PRESENCES)
    guild = (await privileged.event("GUILD_CREATE"))["d"]
    assert len(guild["presences"]) == len(guild["members"]) == 6
    assert "presences" not in await ask(plain, user_ids=[PRIMARY], presences=True)
    chunk = await ask(privileged, user_ids=[PRIMARY], presences=True)
    assert chunk["presences"][0]["user"] == {"id": PRIMARY}


async def test_everybody_only_with_the_members_intent(sandbox: LocalDiscord, connect: Connect) -> None:
    """A session without the members intent that asks for all members gets only the bot itself."""
    socket = await connect()
    await socket.identify(sandbox.address.token, GUILDS)
    assert names(await ask(socket, query="", limit=0)) == ["incident-bot"]


async def test_all_members_once_in_thirty_seconds(client: Client, connect: Connect) -> None:
    """A second request for all members within 30 seconds gets RATE_LIMITED with the time to wait.

    A search by name is not counted.
    """
    await client.human("PATCH limits", gateway={"members_window_s": 30})
    socket = await connect()
    await socket.identify(client.sandbox.address.token, GUILDS | MEMBERS)
    await ask(socket, query="", limit=0)
    await ask(socket, query="p", limit=0)
    await socket.send(8, {"guild_id": GUILD, "query": "", "limit": 0, "nonce": "n"})
    limited = (await socket.event("RATE_LIMITED"))["d"]
    assert (limited["opcode"], limited["meta"]) == (8, {"guild_id": GUILD, "nonce": "n"})
    assert 29 < limited["retry_after"] <= 30
    await client.human("POST clock", advance_s=30)
    assert await ask(socket, query="", limit=0)


@pytest.mark.parametrize(
    "data",
    [
        {"query": ""},
        {"guild_id": GUILD},
        {"guild_id": GUILD, "query": 1},
        {"guild_id": GUILD, "query": "", "limit": -1},
        {"guild_id": [], "query": "", "limit": 0},
    ],
)
async def test_requests_without_what_they_need(
    sandbox: LocalDiscord, connect: Connect, data: dict[str, object]
) -> None:
    """A request for members that lacks a valid guild, query or limit closes the session with code 4002."""
    socket = await connect()
    await socket.identify(sandbox.address.token, GUILDS)
    await socket.send(8, data)
    assert await socket.closed() == 4002


async def test_other_guilds_are_not_answered_and_sounds_are_none(
    sandbox: LocalDiscord, connect: Connect
) -> None:
    """The next answer is the one to the next question."""
    socket = await connect()
    await socket.identify(sandbox.address.token, GUILDS)
    await socket.event("GUILD_CREATE")
    await socket.send(8, {"guild_id": "1", "query": "", "limit": 0})
    await socket.send(31, {"guild_ids": ["1", GUILD]})
    sounds = await socket.frame()
    assert (sounds["t"], sounds["d"]) == ("SOUNDBOARD_SOUNDS", {"guild_id": GUILD, "soundboard_sounds": []})
    await socket.send(31, {"guild_ids": "x"})
    assert await socket.closed() == 4002
