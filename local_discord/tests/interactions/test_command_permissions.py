"""Who may use which command: set by people, kept by the server, unseen by other members."""

from typing import Any

import aiohttp
import pytest

from local_discord.tests.client import ALERTS, OBSERVER, PRIMARY, Client, Reply
from local_discord.world.seed import ADMIN_ID, user_token

GUILD, APPLICATION = "1100000000000000001", "1100000000000000002"
RESPONDER = "1100000000000000202"
ALL_CHANNELS = str(int(GUILD) - 1)
BASE = f"/applications/{APPLICATION}/guilds/{GUILD}/commands"


async def permit(client: Client, target: str, *permissions: dict[str, Any], by: str = ADMIN_ID) -> Reply:
    """A person sets the permissions of a command, or with the application's id of all."""
    url = f"{client.sandbox.api_base}{BASE}/{target}/permissions"
    headers = {"Authorization": f"Bearer {user_token(by)}"}
    body = {"permissions": list(permissions)}
    async with client.http.put(url, json=body, headers=headers) as response:
        return Reply(response.status, await response.json(content_type=None), dict(response.headers))


@pytest.fixture
async def command(client: Client) -> str:
    """The id of /triage, which by default only administrators see."""
    made = {"name": "triage", "description": "d", "default_member_permissions": "0"}
    listed: list[dict[str, Any]] = (await client.register(made)).body
    return str(listed[0]["id"])


async def tries(client: Client, user: str) -> int:
    """The status of *user*'s attempt."""
    return (await client.human("POST command", user=user, channel="p0-alerts", name="triage")).status


async def test_roles_people_and_channels_decide(client: Client, command: str) -> None:
    """A person before their roles, those before everyone; the channel must allow it too."""
    assert [await tries(client, who) for who in ("primary", "observer", "admin")] == [400, 400, 200]
    role = {"id": RESPONDER, "type": 1, "permission": True}
    assert (await permit(client, command, role)).body["permissions"] == [role]
    assert [await tries(client, who) for who in ("primary", "observer")] == [200, 400]
    person = {"id": PRIMARY, "type": 2, "permission": False}
    await permit(client, command, role, person, {"id": GUILD, "type": 1, "permission": True})
    assert [await tries(client, who) for who in ("primary", "observer")] == [400, 200]
    nowhere = {"id": ALL_CHANNELS, "type": 3, "permission": False}
    await permit(client, command, role, nowhere)
    assert await tries(client, "primary") == 400
    await permit(client, command, role, nowhere, {"id": ALERTS, "type": 3, "permission": True})
    assert await tries(client, "primary") == 200


async def test_the_application_s_permissions_are_the_fallback(client: Client, command: str) -> None:
    """The permissions for all commands apply to a command that has no permissions of its own."""
    await permit(client, APPLICATION, {"id": OBSERVER, "type": 2, "permission": True})
    assert await tries(client, "observer") == 200
    listed = (await client.api(f"GET {BASE}/permissions")).body
    assert [one["id"] for one in listed] == [APPLICATION]
    assert (await client.api(f"GET {BASE}/{command}/permissions")).code == 10066


async def test_only_people_who_may_set_them(client: Client, command: str) -> None:
    """20001 for the bot, 50013 for members, 401 without a token, 10063 for no command, 50035 for nonsense."""
    reply = await client.api(f"PUT {BASE}/{command}/permissions", {"permissions": []})
    assert (reply.status, reply.code) == (403, 20001)
    assert (await permit(client, command, by=OBSERVER)).code == 50013
    assert (await permit(client, command, by="1")).status == 401
    assert (await permit(client, "1")).code == 10063
    wrong = await permit(client, command, {"id": "x", "type": 9, "permission": "yes"})
    assert set(wrong.body["errors"]["permissions"]["0"]) == {"id", "type", "permission"}


async def test_a_person_is_no_bot(client: Client, command: str) -> None:
    """A person's token opens nothing but what is for people."""
    headers = {"Authorization": f"Bearer {user_token(ADMIN_ID)}"}
    url = f"{client.sandbox.api_base}{BASE}/{command}"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert response.status == 401
