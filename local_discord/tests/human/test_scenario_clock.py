"""Moving the clock: everything that Discord lets expire does, and nothing else."""

from typing import Any

import pytest

from local_discord.tests.client import ALERTS, Client
from local_discord.tests.conftest import Connect
from local_discord.tests.gateway.gateway_client import USUAL

COMMAND = {"name": "triage", "description": "d"}
VERB = f"POST /channels/{ALERTS}/messages"


@pytest.mark.parametrize(("seconds", "code"), [(2, None), (4, 10062)])
async def test_three_seconds_to_answer(client: Client, seconds: float, code: int | None) -> None:
    """An interaction that waits longer is unknown, and the person sees that it failed."""
    await client.register(COMMAND)
    interaction = await client.run()
    await client.human("POST clock", advance_s=seconds)
    reply = await client.respond(interaction, 4, content="x")
    assert (reply.status == 200) is (code is None)
    assert code is None or reply.code == code
    shown = (await client.human(f"GET interaction/{interaction['id']}")).body
    assert shown["state"] == ("responded" if code is None else "failed")


@pytest.mark.parametrize(("seconds", "works"), [(14 * 60, True), (15 * 60 + 1, False)])
async def test_fifteen_minutes_for_a_token(client: Client, seconds: float, *, works: bool) -> None:
    """Follow-ups work until then; afterwards the token is of no use."""
    await client.register(COMMAND)
    interaction = await client.run()
    await client.respond(interaction, 5)
    await client.human("POST clock", advance_s=seconds)
    application_id = client.sandbox.address.application_id
    reply = await client.api(f"POST /webhooks/{application_id}/{interaction['token']}", {"content": "x"})
    assert (reply.status == 200) is works
    assert works or reply.code == 50027


async def test_a_nonce_is_remembered_for_a_few_minutes(client: Client) -> None:
    """The same message again before, another one after."""
    body: dict[str, Any] = {"content": "x", "nonce": "n", "enforce_nonce": True}
    first = await client.post(**body)
    await client.human("POST clock", advance_s=120)
    assert (await client.post(**body))["id"] == first["id"]
    await client.human("POST clock", advance_s=600)
    assert (await client.post(**body))["id"] != first["id"]


async def test_ids_and_timestamps_carry_the_moved_time(client: Client) -> None:
    """A message of tomorrow has tomorrow's id."""
    before = await client.post(content="x")
    await client.human("POST clock", advance_s=86_400)
    after = await client.post(content="x")
    passed_s = ((int(after["id"]) >> 22) - (int(before["id"]) >> 22)) / 1000
    assert 86_400 <= passed_s < 86_410
    assert after["timestamp"] > before["timestamp"]


async def test_rate_limits_are_over_when_their_time_is(client: Client) -> None:
    """A bucket that is used up is free again; the global one too."""
    await client.human("PATCH limits", enabled=True)
    statuses = [(await client.api(VERB, {"content": "x"})).status for _ in range(6)]
    assert statuses[-1] == 429
    await client.human("POST clock", advance_s=60)
    reply = await client.api(VERB, {"content": "x"})
    assert reply.status == 200
    assert int(reply.headers["X-RateLimit-Remaining"]) == int(reply.headers["X-RateLimit-Limit"]) - 1
    await client.human("PATCH limits", enabled=False)


async def test_sockets_live_in_real_time(client: Client, connect: Connect) -> None:
    """A connected session does not expire, and its heartbeat is not missed."""
    socket = await connect()
    await socket.identify(client.sandbox.address.token, USUAL)
    await client.human("POST clock", advance_s=7 * 86_400)
    await client.post(content="x")
    assert (await socket.event("MESSAGE_CREATE"))["d"]["content"] == "x"


@pytest.mark.parametrize("bad", [{"advance_s": -1}, {"advance_s": "x"}, {"advance_s": "inf"}, {}])
async def test_senseless_times_are_refused(client: Client, bad: dict[str, object]) -> None:
    """Moving the clock by an invalid time is refused with 400, and the clock stays."""
    assert (await client.human("POST clock", **bad)).status == 400
    assert (await client.human("GET state")).body["clock_shift_s"] == 0
