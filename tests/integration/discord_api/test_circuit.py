"""An outage of Discord over real sockets: how soon it is noticed, and how little is asked then. Row 22."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.delivery.limits import ENOUGH
from bot.domain.errors import DiscordAway, UpstreamUnavailable
from bot.ui.discord_api.circuit import Circuit
from bot.ui.discord_api.notifier import DiscordNotifier
from tests.integration.discord_api.notifier_world import (
    ALERTS,
    GUILD,
    INCIDENT,
    POLICY,
    TEXTS,
    NotifierWorld,
    owed,
    running_world,
)

ALERT = owed(DeliveryKind.ALERT, to="channel:p0-alerts")
POSTS = f"POST /channels/{ALERTS}/messages"


@pytest_asyncio.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh local Discord."""
    async with running_world(monkeypatch) as made:
        yield made


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """The circuit's."""
    return Clock()


@pytest.fixture
def circuit(world: NotifierWorld, clock: Clock) -> Circuit:
    """In front of the world's notifier."""
    circuit = Circuit(clock)
    world.notifier = DiscordNotifier(
        world.client, texts=TEXTS, policy=POLICY, deadline_s=5.0, circuit=circuit
    )
    return circuit


def posts(world: NotifierWorld) -> int:
    """How many posts Discord was asked for."""
    return sum(path.endswith(f"/channels/{ALERTS}/messages") for path in world.requests("POST"))


async def fails(world: NotifierWorld, times: int) -> list[UpstreamUnavailable]:
    """Attempts that come to nothing."""
    request = await world.notifier.compose(ALERT, INCIDENT)
    found = []
    for _ in range(times):
        with pytest.raises(UpstreamUnavailable) as caught:
            await world.notifier.send(request, nonce="n1")
        found.append(caught.value)
    return found


async def test_further_attempts_ask_nothing(world: NotifierWorld, circuit: Circuit, clock: Clock) -> None:
    """After a few 503 answers Discord counts as away, and further attempts send only rare probes.

    The first probe that Discord answers ends the outage.
    """
    world.break_down({"status": 503, "times": None}, route=POSTS)
    said = await fails(world, 100)
    assert [isinstance(each, DiscordAway) for each in said].index(True) == ENOUGH - 1
    assert said[ENOUGH - 1].http_status == 503
    assert circuit.is_open
    assert posts(world) == ENOUGH
    for _ in range(600):
        clock.now_s += 1.0
        await fails(world, 2)
    assert posts(world) <= ENOUGH + 30
    world.sandbox.core.faults.active.clear()
    clock.now_s += 60.0
    assert (await world.notifier.send(await world.notifier.compose(ALERT, INCIDENT), nonce="n1")).message_id
    assert not circuit.is_open
    assert circuit.away_s == 0


@pytest.mark.usefixtures("circuit")
async def test_many_at_once_are_one_probe(world: NotifierWorld, clock: Clock) -> None:
    """The others wait for what becomes of it."""
    world.break_down({"status": 503, "times": ENOUGH}, route=POSTS)
    await fails(world, ENOUGH)
    clock.now_s += 60.0
    request = await world.notifier.compose(ALERT, INCIDENT)
    tried = [world.notifier.send(request, nonce=f"n{number}") for number in range(10)]
    results = await asyncio.gather(*tried, return_exceptions=True)
    assert sum(isinstance(result, DiscordAway) for result in results) == 9
    assert posts(world) == ENOUGH + 1


async def test_cloudflares_page_is_a_ban(world: NotifierWorld, circuit: Circuit) -> None:
    """The first one is enough: asking on makes it longer."""
    world.break_down({"status": 429, "body": "html", "times": None}, route=POSTS)
    said = await fails(world, 20)
    assert all(isinstance(each, DiscordAway) for each in said)
    assert posts(world) == 1
    assert circuit.is_open


@pytest.mark.usefixtures("circuit")
async def test_a_wait_for_everybody_holds_everybody_back(world: NotifierWorld) -> None:
    """The global rate limit, for longer than we wait for one answer."""
    world.break_down({"status": 429, "retry_after": 65, "scope": "global"}, route=POSTS)
    said = await fails(world, 3)
    assert all(isinstance(each, DiscordAway) for each in said)
    assert (said[0].retry_after_s or 0) > 60
    assert posts(world) == 1


async def test_a_limit_of_one_route_is_no_outage(world: NotifierWorld, circuit: Circuit) -> None:
    """A rate limit of one route delays only that route and does not open the circuit."""
    world.break_down({"status": 429, "retry_after": 65}, route=POSTS)
    [said] = await fails(world, 1)
    assert not isinstance(said, DiscordAway)
    assert not circuit.is_open
    page = owed(DeliveryKind.PAGE, to="person:primary")
    assert (await world.deliver(page)).message_id


async def test_reading_may_work_while_writing_does_not(world: NotifierWorld, circuit: Circuit) -> None:
    """Reading reactions still works while the circuit for posting is open."""
    posted = await world.deliver(ALERT)
    world.break_down({"status": 503, "times": None}, route="POST /channels/*/messages")
    await fails(world, ENOUGH)
    places = [(posted.channel_id, posted.message_id)]
    assert [person async for person, _ in world.notifier.acknowledgers(places, guild_id=GUILD)] == []
    assert circuit.is_open
