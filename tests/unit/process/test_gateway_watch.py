"""The watches of the gateway say that it is away or back, or that a session owes events and sends none."""

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from bot.client import IncidentBot
from bot.process.gateway import GuardedSocket
from bot.process.keeper import AwayWatch, DeafWatch, ShardKeeper
from bot.ui.discord_api.circuit import Circuit, ExpectedEvents

SHARD = 0


@dataclass(slots=True)
class FakeKeeper:
    """As much of a keeper as the watch asks."""

    is_connected: bool = True


async def looks(states: list[bool], *, patience_s: float, circuit: Circuit | None = None) -> list[str]:
    """What is logged while the gateway is in these states, one after the other."""
    keeper = FakeKeeper()
    watch = AwayWatch(cast("ShardKeeper", keeper), circuit or Circuit(), patience_s=patience_s)
    with capture_logs() as logged:
        for keeper.is_connected in states:
            await watch.look()
    return [entry["event"] for entry in logged]


async def test_away_and_back() -> None:
    """The log says once that the gateway is away, and once that it is back."""
    assert await looks([True, False, True, True], patience_s=0.0) == ["gateway.away", "gateway.back"]


async def test_short_reconnect_is_nobodys_business() -> None:
    """A gateway that is soon back is not logged as away, since Discord asks to reconnect every few hours."""
    assert await looks([True, False, False, True], patience_s=60.0) == []


async def test_silence_is_evidence_against_rest_too() -> None:
    """The circuit of REST requests is told while the gateway is away, and told again when it is back.

    In the meantime, fewer failures of REST count as an outage.
    """
    circuit = Circuit()
    await looks([True, False], patience_s=0.0, circuit=circuit)
    assert circuit.silence
    await looks([True], patience_s=0.0, circuit=circuit)
    assert not circuit.silence


@dataclass(slots=True)
class Time:
    """Seconds that are moved by hand."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class FakeLink:
    """A gateway connection that notes whom it was asked for."""

    asked: list[int] = field(default_factory=list)
    _keep_alive: Any = None

    async def request_chunks(self, guild_id: int, **_given: object) -> None:
        self.asked.append(guild_id)


class FakeSocket(GuardedSocket):
    """The same as one that can be given up."""

    def __init__(self) -> None:
        self._keep_alive = None

    async def request_chunks(self, *_given: Any, **_named: Any) -> None:
        """Take it."""


@dataclass(slots=True)
class FakeThing:
    """A server or a user."""

    id: int
    shard_id: int = SHARD


@dataclass(slots=True)
class FakeClient:
    """As much of a client as the watch asks."""

    expected_events: ExpectedEvents
    links: dict[int, FakeLink | FakeSocket]
    listening: dict[int, float] = field(default_factory=lambda: {SHARD: 0.0})
    user: FakeThing = field(default_factory=lambda: FakeThing(7))
    guilds: list[FakeThing] = field(default_factory=lambda: [FakeThing(1), FakeThing(2), FakeThing(3, 1)])
    spawned: list[str] = field(default_factory=list)

    def spawn(self, work: Any, *, name: str) -> None:
        work.close()
        self.spawned.append(name)


class Scene:
    """A watch over one shard, and a clock."""

    def __init__(self) -> None:
        self.time, self.link = Time(), FakeLink()
        self.expected_events = ExpectedEvents(self.time)
        self.client = FakeClient(self.expected_events, {SHARD: self.link})
        self.watch = DeafWatch(cast("IncidentBot", self.client), clock=self.time)

    async def after(self, seconds: float) -> list[str]:
        """What a look so much later logs."""
        self.time.now += seconds
        with capture_logs() as logged:
            await self.watch.look()
        return [entry["event"] for entry in logged]


@pytest.fixture
def scene() -> Scene:
    """A session on which something has just been heard."""
    scene = Scene()
    scene.expected_events.heard(SHARD)
    return scene


async def test_a_post_that_does_not_come_back(scene: Scene) -> None:
    """A session that has not sent the event of a post for a minute is logged as deaf, and not before.

    The first deaf session is not yet a trouble, because a new session may help.
    """
    scene.time.now += 1
    scene.expected_events.expect(SHARD, began_s=scene.time.now)
    assert await scene.after(59) == []
    assert await scene.after(1) == ["gateway.deaf"]
    assert scene.watch.trouble is None, "a new session may help"


async def test_the_event_may_come_before_the_answer(scene: Scene) -> None:
    """No event is expected for a post whose event arrived before its answer."""
    began_s = scene.time.now
    scene.time.now += 0.1
    scene.expected_events.heard(SHARD)
    scene.expected_events.expect(SHARD, began_s=began_s)
    assert scene.expected_events.missing_for_s(SHARD) == 0


async def test_any_event_is_a_sign_of_life(scene: Scene) -> None:
    """A single one may get lost."""
    scene.expected_events.expect(SHARD, began_s=scene.time.now + 1)
    scene.time.now += 30
    scene.expected_events.heard(SHARD)
    assert await scene.after(45) == []


async def test_a_quiet_session_is_asked(scene: Scene) -> None:
    """A session without an event for a minute is asked for a member, in its shard's servers by turns.

    A session that does not answer within the next minute is logged as deaf.
    """
    assert await scene.after(30) == []
    assert scene.link.asked == []
    assert await scene.after(30) == []
    scene.expected_events.heard(SHARD)
    assert await scene.after(60) == []
    assert scene.link.asked == [1, 2]
    assert await scene.after(60) == ["gateway.deaf"]


async def test_deaf_again_is_an_alarm(scene: Scene) -> None:
    """A new session that hears nothing either: an error, and not ready until it is over."""
    scene.client.links.clear()
    for expected in ("gateway.deaf", "gateway.still_deaf"):
        scene.watch._anew_s.update({} if expected == "gateway.deaf" else {SHARD: scene.time.now})
        scene.expected_events.heard(SHARD)
        scene.expected_events.expect(SHARD, began_s=scene.time.now + 1)
        assert await scene.after(62) == [expected]
    assert scene.watch.trouble == "acknowledges heartbeats but sends no events on shard 0"
    scene.expected_events.heard(SHARD)
    scene.time.now += 301
    assert scene.watch.trouble is None


async def test_deaf_for_as_long_as_it_lasts(scene: Scene) -> None:
    """Found anew every two minutes while no new session helps, and not ready all that time."""
    scene.client.links[SHARD] = FakeSocket()
    found, ready = [], []
    for _ in range(100):
        found += [event for event in await scene.after(15) if event.startswith("gateway.")]
        ready.append(scene.watch.trouble is None)
    assert len(found) >= 5
    assert set(found[1:]) == {"gateway.still_deaf"}
    assert True not in ready[ready.index(False) :]
    assert len(scene.client.spawned) >= 3, "another one is begun five minutes later"


async def test_a_shard_of_another_process_owes_nothing(scene: Scene) -> None:
    """No event is expected on a shard that another process listens to."""
    scene.client.listening.clear()
    scene.expected_events.expect(SHARD, began_s=scene.time.now + 1)
    assert await scene.after(600) == []


async def test_without_heartbeats_it_is_another_matter(scene: Scene) -> None:
    """A dead connection is ended by discord.py, and resumed: nothing of what was missed is lost then."""
    scene.link._keep_alive = SimpleNamespace(_last_ack=time.perf_counter() - 61)
    scene.expected_events.expect(SHARD, began_s=scene.time.now + 1)
    assert await scene.after(62) == []
    scene.link._keep_alive = SimpleNamespace(_last_ack=time.perf_counter())
    assert await scene.after(1) == ["gateway.deaf"]
