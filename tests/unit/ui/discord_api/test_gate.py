"""The gate for all requests, with a clock and a timer that the test moves."""

import asyncio
from collections.abc import Callable

from bot.domain.jobs import BACKGROUND
from bot.ui.discord_api.gate import BACKGROUND_SHARE, BURST, PER_S, Gate

P0, DIGEST = 100, 0


class Time:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, Callable[[], None]]] = []

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Remember it."""
        self._timers.append((self.now + delay_s, call))

    async def pass_by(self, seconds: float) -> None:
        """Let time pass in small steps, with whatever falls due."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 0.005, end)
            due = [timer for timer in self._timers if timer[0] <= self.now]
            self._timers = [timer for timer in self._timers if timer[0] > self.now]
            for _, call in due:
                call()
            await asyncio.sleep(0)


class Crowd:
    """Requests at a gate, and which of them have passed."""

    def __init__(self) -> None:
        self.time = Time()
        self.gate = Gate(now=lambda: self.time.now, later=self.time.later)
        self.passed: list[tuple[int, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, urgency: int, count: int) -> None:
        """So many, at once."""
        self.tasks += [asyncio.create_task(self._pass(urgency)) for _ in range(count)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _pass(self, urgency: int) -> None:
        await self.gate.turn(urgency)
        self.passed.append((urgency, self.time.now))

    async def leave(self) -> None:
        """Cancel all waiting tasks."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_a_crowd_passes_at_the_rate_and_the_most_urgent_first() -> None:
    """A P0 that comes last goes before a hundred digests."""
    crowd = Crowd()
    await crowd.come(DIGEST, 100)
    await crowd.come(P0, 3)
    await crowd.time.pass_by(1.0)
    urgencies = [urgency for urgency, _ in crowd.passed]
    assert urgencies[: int(BURST)] == [DIGEST] * int(BURST), "they came first"
    assert urgencies[int(BURST) : int(BURST) + 3] == [P0] * 3
    assert PER_S <= len(crowd.passed) <= PER_S + BURST + 1
    await crowd.leave()


async def test_background_work_takes_only_its_share() -> None:
    """The rest is free for whatever comes."""
    crowd = Crowd()
    await crowd.come(BACKGROUND, 100)
    await crowd.time.pass_by(1.0)
    assert len(crowd.passed) <= PER_S * BACKGROUND_SHARE + 2
    await crowd.come(P0, 1)
    assert crowd.passed[-1][0] == P0, "at once"
    await crowd.leave()


async def test_several_processes_share_what_discord_allows() -> None:
    """Each of two processes lets through only half of the requests that Discord allows."""
    crowd = Crowd()
    crowd.gate.share(2)
    await crowd.come(DIGEST, 100)
    await crowd.time.pass_by(1.0)
    assert len(crowd.passed) <= (PER_S + BURST) / 2 + 1
    await crowd.leave()


async def test_whoever_leaves_holds_up_nobody() -> None:
    """A handler that was cancelled while it waited gives its turn away."""
    crowd = Crowd()
    await crowd.come(DIGEST, 50)
    await crowd.leave()
    before = len(crowd.passed)
    await crowd.come(P0, 1)
    await crowd.time.pass_by(0.1)
    assert len(crowd.passed) == before + 1


async def test_the_global_limit_pauses_everything() -> None:
    """When Discord's global limit is hit, even a P0 request waits for as long as Discord says."""
    crowd = Crowd()
    crowd.gate.pause(2.0)
    await crowd.come(P0, 1)
    await crowd.time.pass_by(1.9)
    assert crowd.passed == []
    await crowd.time.pass_by(0.2)
    assert len(crowd.passed) == 1


def refused(wait_s: float, bucket: str) -> dict[str, str]:
    """The headers of a 429."""
    return {
        "X-RateLimit-Limit": "5",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": str(wait_s),
        "X-RateLimit-Bucket": bucket,
    }


async def test_a_limit_within_the_limit_closes_no_route() -> None:
    """One message that may not be edited for fifty minutes, however often it is tried: the others may."""
    gate = Crowd().gate
    for _ in range(3):
        gate.begin("PATCH")
        gate.end("PATCH", status=429, headers=refused(3_000.0, "of one message"))
    assert gate.capacity_in_s("PATCH", DIGEST) == 0.0


async def test_a_short_one_that_repeats_is_the_routes() -> None:
    """Two short 429s with the same new bucket hold their route up: Discord has given it another bucket."""
    gate = Crowd().gate
    for _ in range(2):
        gate.begin("PATCH")
        gate.end("PATCH", status=429, headers=refused(4.0, "another"))
    assert 0.0 < gate.capacity_in_s("PATCH", DIGEST) <= 4.0
