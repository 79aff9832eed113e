"""The gate against a Discord that counts: what is over its limits is refused there, and nothing here is."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import Crowded, UpstreamUnavailable
from bot.domain.jobs import urgency
from tests.integration.discord_api.notifier_world import INCIDENT, NotifierWorld, owed, running_world

P0, DIGEST = 100, 0


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord, with its limits."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


async def post(world: NotifierWorld, number: int, channel: str, *, grave: int) -> float:
    """One message, brought back as the queue would until there is room; when it was there."""
    asked = owed(DeliveryKind.ALERT, to=f"channel:{channel}")
    with urgency(grave):
        request = await world.notifier.compose(asked, INCIDENT)
        while True:
            try:
                world.notifier.require_capacity(request)
                await world.notifier.send(request, nonce=f"{channel}{number}")
            except Crowded as crowded:
                await asyncio.sleep(crowded.capacity_in.total_seconds())  # the queue's part
            else:
                return asyncio.get_running_loop().time()


def refusals(world: NotifierWorld) -> int:
    """How many requests Discord found too many."""
    log = world.sandbox.core.log.since(0)
    return sum(entry["kind"] == "rest" and entry["status"] == 429 for entry in log)


async def test_a_dozen_messages_at_once_to_one_channel_are_never_too_many(world: NotifierWorld) -> None:
    """Five at once is what Discord allows there; those with no room come again. Its window is a second."""
    world.sandbox.core.limiter.speed = 5.0
    async with asyncio.timeout(40):
        await asyncio.gather(*(post(world, n, "p0-alerts", grave=P0) for n in range(12)))
    assert refusals(world) == 0


async def test_a_hundred_requests_at_once_are_never_over_fifty_a_second(world: NotifierWorld) -> None:
    """A hundred reads asked for at once take at least 1.8 seconds, and Discord refuses none of them."""
    posted = await world.deliver(owed(DeliveryKind.ALERT, to="channel:p0-alerts"))
    channel = posted.channel_id

    async def look(number: int) -> None:
        with urgency(P0):
            await world.notifier.message(channel, posted.message_id + number, guild_id=1)

    started = asyncio.get_running_loop().time()
    results = await asyncio.gather(*(look(n) for n in range(100)), return_exceptions=True)
    took = asyncio.get_running_loop().time() - started
    assert not [error for error in results if isinstance(error, UpstreamUnavailable)]
    assert refusals(world) == 0
    assert took > 100 / 50 - 0.2


async def test_what_never_had_its_turn_is_no_failure_of_discord(world: NotifierWorld) -> None:
    """Behind a queue of our own there is no room now: nothing was sent, and the next one is let through."""
    posted = await world.deliver(owed(DeliveryKind.ALERT, to="channel:p0-alerts"))
    world.notifier = world.make(deadline_s=0.4)

    async def look(number: int) -> None:
        await world.notifier.message(posted.channel_id, posted.message_id + number, guild_id=1)

    results = await asyncio.gather(*map(look, range(100)), return_exceptions=True)
    late = [error for error in results if isinstance(error, UpstreamUnavailable)]
    assert {type(error) for error in late} == {Crowded}
    assert (await world.deliver(owed(DeliveryKind.ALERT, to="channel:p1-ops"), nonce="next")).message_id


@pytest.mark.quiet
async def test_a_p0_waits_for_no_digest(world: NotifierWorld) -> None:
    """A digest whose channel is limited for 65 s fails at once, and does not delay a P0 alert."""
    world.break_down({"status": 429, "retry_after": 65.0}, route="POST /channels/*/messages")
    loop = asyncio.get_running_loop()
    started = loop.time()
    with urgency(DIGEST), pytest.raises(UpstreamUnavailable) as error:
        await world.deliver(owed(DeliveryKind.ALERT, to="channel:p3-insights"), nonce="digest")
    assert error.value.retry_after_s is not None
    assert 65.0 <= error.value.retry_after_s < 66.0
    await post(world, 1, "p0-alerts", grave=P0)
    assert loop.time() - started < 5.0
