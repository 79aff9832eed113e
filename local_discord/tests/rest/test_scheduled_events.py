"""Scheduled events: the life of an external one, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from local_discord.tests.client import PRIMARY, Client
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import USUAL
from local_discord.world.permissions import P

SCHEDULED_EVENTS = 1 << 16
EVENTS = "/guilds/1100000000000000001/scheduled-events"


def body(client: Client, *, begins_in: float = 1, hours: float = 2, **other: Any) -> dict[str, Any]:
    """An event that begins in some hours and lasts some, with other fields if given."""
    start = client.sandbox.core.clock.now() + timedelta(hours=begins_in)
    made = {
        "name": "Maintenance",
        "privacy_level": 2,
        "entity_type": 3,
        "scheduled_start_time": start.isoformat(),
        "scheduled_end_time": (start + timedelta(hours=hours)).isoformat(),
        "entity_metadata": {"location": "api"},
    }
    return made | other


@pytest.fixture
async def creator(client: Client) -> Client:
    """A client whose bot may create events."""
    await client.allow(P.CREATE_EVENTS)
    return client


def pass_time(client: Client, **span: float) -> None:
    """Let the local Discord's clock go on."""
    client.sandbox.core.clock.advance(timedelta(**span).total_seconds())


async def listed(client: Client) -> list[tuple[str, int]]:
    """Name and status of each event of the list."""
    found = (await client.api(f"GET {EVENTS}")).body
    return [(one["name"], one["status"]) for one in found]


async def test_an_external_event_begins_and_ends_by_itself(creator: Client) -> None:
    """It is scheduled, active at its start, and gone from the list at its end."""
    made = (await creator.api(f"POST {EVENTS}", body(creator))).body
    assert (made["status"], made["creator_id"], made["entity_metadata"]) == (
        1,
        creator.sandbox.address.application_id,
        {"location": "api"},
    )
    pass_time(creator, hours=1, minutes=1)
    assert await listed(creator) == [("Maintenance", 2)]
    pass_time(creator, hours=2)
    assert await listed(creator) == []
    change = await creator.api(f"PATCH {EVENTS}/{made['id']}", {"name": "x"})
    assert change.code == 180000


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"begins_in": -1}, "scheduled_start_time"),
        ({"hours": -1}, "scheduled_end_time"),
        ({"scheduled_end_time": None}, "scheduled_end_time"),
        ({"entity_type": 2}, "entity_type"),
        ({"privacy_level": 1}, "privacy_level"),
        ({"channel_id": "1"}, "channel_id"),
        ({"name": "x" * 101}, "name"),
        ({"entity_metadata": None}, "entity_metadata"),
        ({"recurrence_rule": {}}, "recurrence_rule"),
    ],
)
async def test_wrong_events_are_refused(creator: Client, change: dict[str, Any], key: str) -> None:
    """A new event with a wrong field is refused with an error at that field."""
    assert (await creator.api(f"POST {EVENTS}", body(creator, **change))).errors(key)
    assert await listed(creator) == []


async def test_only_some_changes_of_status_are_allowed(creator: Client) -> None:
    """An event to come may begin or be called off; one under way may end, and its start stays."""
    path = f"{EVENTS}/{(await creator.api(f'POST {EVENTS}', body(creator))).body['id']}"
    assert (await creator.api(f"PATCH {path}", {"status": 3})).errors("status")
    assert (await creator.api(f"PATCH {path}", {"status": 2})).body["status"] == 2
    assert (await creator.api(f"PATCH {path}", {"status": 4})).errors("status")
    later = {"scheduled_start_time": body(creator)["scheduled_start_time"]}
    assert (await creator.api(f"PATCH {path}", later)).errors("scheduled_start_time")
    assert (await creator.api(f"PATCH {path}", {"status": 3})).body["status"] == 3
    assert (await creator.api(f"PATCH {path}", {"status": 3})).code == 180000


async def test_rights_and_limits(client: Client) -> None:
    """It takes Create Events, or Manage Events for those of others; the hundred and first is refused."""
    client.sandbox.core.world.roles[client.sandbox.address.guild_id].permissions = 0
    assert (await client.api(f"POST {EVENTS}", body(client))).code == 50013
    await client.allow(P.CREATE_EVENTS)
    made = (await client.api(f"POST {EVENTS}", body(client))).body
    client.sandbox.core.world.scheduled_events[made["id"]].creator_id = PRIMARY
    assert (await client.api(f"DELETE {EVENTS}/{made['id']}")).code == 50013
    for _ in range(99):
        assert (await client.api(f"POST {EVENTS}", body(client))).status == 200
    assert (await client.api(f"POST {EVENTS}", body(client))).code == 30038
    await client.allow(P.MANAGE_EVENTS)
    assert (await client.api(f"DELETE {EVENTS}/{made['id']}")).status == 204
    assert (await client.api(f"DELETE {EVENTS}/{made['id']}")).code == 10070


async def test_the_gateway_tells_of_them(creator: Client, connect: Connect) -> None:
    """A session with the intent hears of each change; one that begins later gets the list with the guild."""
    address = creator.sandbox.address
    socket = await connect()
    await socket.identify(address.token, USUAL | SCHEDULED_EVENTS)
    made = (await creator.api(f"POST {EVENTS}", body(creator))).body
    assert (await socket.event("GUILD_SCHEDULED_EVENT_CREATE"))["d"] == made
    pass_time(creator, hours=1, minutes=1)
    await listed(creator)
    assert (await socket.event("GUILD_SCHEDULED_EVENT_UPDATE"))["d"]["status"] == 2
    late = await connect()
    await late.identify(address.token, USUAL)
    guild = (await late.event("GUILD_CREATE"))["d"]
    assert [one["id"] for one in guild["guild_scheduled_events"]] == [made["id"]]
    await creator.api(f"DELETE {EVENTS}/{made['id']}")
    assert (await socket.event("GUILD_SCHEDULED_EVENT_DELETE"))["d"]["id"] == made["id"]
