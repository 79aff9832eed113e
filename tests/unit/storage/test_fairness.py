"""One queue for many guilds: what order and hands promise, and that a single guild loses nothing."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import JobName, urgency
from bot.storage.queue.fairness import (
    CROWDED,
    MOST,
    NEXT,
    FewInTurn,
    Handler,
    Turns,
    level_of,
    placed,
    top_of,
)
from tests.patience import PATIENCE_S

STORMY, QUIET = 1, 2


@pytest.mark.parametrize(
    ("before", "level"), [(0, 0), (1, 1), (2, 1), (3, 2), (6, 2), (7, 3), (510, 8), (MOST, 9), (10**6, 9)]
)
def test_the_more_a_guild_has_waiting_the_further_down_it_adds(before: int, level: int) -> None:
    """The more jobs a guild has waiting, the lower the level of its next job.

    Each level holds twice as many jobs as the level above it, and the last level takes all the rest.
    """
    assert level_of(before) == level


@given(priority=st.integers(0, 200), before=st.integers(0, 10_000))
def test_a_job_stays_in_its_severitys_band(priority: int, before: int) -> None:
    """However many jobs of its guild wait, a job stays in the band of its severity's priorities.

    So no P1 goes before any P0.
    """
    assert top_of(placed(priority, before=before)) == top_of(priority)
    assert placed(priority, before=before) <= priority


@given(st.lists(st.one_of(st.just("take"), st.integers(1, 60)), max_size=60), st.integers(0, 40))
def test_a_guild_waits_for_twice_its_own_jobs_and_one(storm: list[int | str], own: int) -> None:
    """At most 2n + 1 jobs of another guild go before the next job of a guild that has n jobs waiting.

    This holds however many jobs the other guild has added, and whatever has been taken meanwhile.
    """
    queue: list[int] = []  # the priorities of the stormy guild's jobs
    for event in storm:
        if event == "take":
            queue = sorted(queue)[:-1]
        else:
            for _ in range(int(event)):
                queue.append(placed(100, before=len(queue)))
    mine = placed(100, before=own)
    ahead = sum(priority >= mine for priority in queue)
    assert ahead <= 2 * own + 1


async def test_a_storm_leaves_hands_to_the_others() -> None:
    """A guild's jobs beyond its share go back into the queue, and another guild's job runs at once."""
    crew = Crew(hands=4)
    storm = crew.begin(STORMY, 10)
    assert await crew.sent_back(storm, 6) == [timedelta()] * 6
    assert crew.running == {STORMY: 4}
    [other] = crew.begin(QUIET, 1)
    async with asyncio.timeout(PATIENCE_S):
        await crew.started.acquire()
    crew.release.set()
    assert await other is None
    assert [task.result() for task in storm if task.result() is None] == [None] * 4


async def test_a_hand_that_is_freed_takes_the_next_of_the_same_guild() -> None:
    """A job that soon gets its turn runs, and does not go back into the queue."""
    crew = Crew(hands=1)
    both = crew.begin(STORMY, 2)
    await crew.started.acquire()
    crew.release.set()
    assert await asyncio.gather(*both) == [None, None]


async def test_two_storms_share_the_hands() -> None:
    """Two guilds that both have a storm of jobs get half of the hands each."""
    crew = Crew(hands=4)
    storms = [task for _ in range(10) for guild in (STORMY, QUIET) for task in crew.begin(guild, 1)]
    await crew.sent_back(storms, 16)
    assert crew.running == {STORMY: 2, QUIET: 2}
    crew.release.set()
    await asyncio.gather(*storms)


async def test_a_handler_that_fails_gives_its_hand_back() -> None:
    """A handler that fails gives its hand back, and its error reaches the runner."""

    async def broken(_payload: str) -> None:
        raise ZeroDivisionError

    handler = Turns(hands=1).shared(STORMY, {JobName.DELIVER: broken})[JobName.DELIVER]
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await handler("1")


class Crew:
    """Jobs that last until they are released.

    Attributes:
        running: By guild, how many began.
        started: Released for each that begins, after `sent_back`.
    """

    def __init__(self, *, hands: int) -> None:
        self.running = Counter[int]()
        self.started = asyncio.Semaphore(0)
        self.release = asyncio.Event()
        self._turns = Turns(hands)

    def begin(self, guild_id: int, jobs: int) -> list[asyncio.Task[timedelta | None]]:
        """So many jobs of a guild that are picked from the queue."""

        async def work(_payload: str) -> None:
            self.running[guild_id] += 1
            self.started.release()
            await self.release.wait()

        handler = self._turns.shared(guild_id, {JobName.DELIVER: work})[JobName.DELIVER]
        return [asyncio.create_task(_run(handler)) for _ in range(jobs)]

    async def sent_back(
        self, tasks: list[asyncio.Task[timedelta | None]], number: int
    ) -> list[timedelta | None]:
        """What became of the first *number* of them to end."""
        ended: set[asyncio.Task[timedelta | None]] = set()
        while len(ended) < number:
            done, _ = await asyncio.wait(set(tasks) - ended, return_when=asyncio.FIRST_COMPLETED)
            ended |= done
        self.started = asyncio.Semaphore(0)
        return [task.result() for task in ended]


async def _run(handler: Handler) -> timedelta | None:
    return await handler("1")


class Line:
    """Jobs of one kind that run until they are released."""

    def __init__(self, most: int) -> None:
        self.now_s = 0.0
        self.release = asyncio.Event()
        self.has_more = set[str]()
        self.handler = FewInTurn(most, clock=lambda: self.now_s).handler(self._run)

    async def _run(self, payload: str) -> timedelta | None:
        await self.release.wait()
        return timedelta() if payload in self.has_more else None

    async def come(self, payload: str, *, priority: int = 0) -> "asyncio.Task[timedelta | None]":
        """Send a job, which runs unless it is sent away."""
        self.now_s += 0.1
        with urgency(priority):
            job = asyncio.ensure_future(self.handler(payload))
        await asyncio.sleep(0)
        return job

    async def end(self, *jobs: "asyncio.Task[timedelta | None]") -> None:
        """Let the running jobs end."""
        self.release.set()
        await asyncio.gather(*jobs)
        self.release.clear()


async def test_only_a_few_run_at_a_time_and_the_others_come_again() -> None:
    """The next one comes again soon, and each of the others when its turn may have come."""
    line = Line(2)
    first, second, *others = [await line.come(name) for name in "abcdefghijk"]
    seconds = [(await other).total_seconds() for other in others if other.done()]  # type: ignore[union-attr]
    assert seconds == [0.25, 1, 2, 3, 4, 5, 5, 5, 5]
    await line.end(first, second)
    again = await line.come("d")  # the third one's place is kept, and there is another one
    assert not again.done()
    await line.end(again)


async def test_a_job_with_more_to_do_goes_behind_those_that_wait() -> None:
    """Otherwise it would be back before any of them, again and again."""
    line = Line(1)
    line.has_more = set("abc")
    job = await line.come("a")
    assert await (await line.come("b")) == NEXT
    assert await (await line.come("c")) == CROWDED
    await line.end(job)
    for name in "bca":
        for other in set("abc") - {name}:
            assert await (await line.come(other)) is not None
        job = await line.come(name)
        assert not job.done()
        await line.end(job)


async def test_a_job_with_little_to_do_goes_before_those_that_have_had_turns() -> None:
    """A source with one alert does not wait for all that flood the bot."""
    line = Line(1)
    line.has_more = set("abc")
    for name in "abc":
        await line.end(await line.come(name))
    running = await line.come("a")
    for name in "bc":
        assert await (await line.come(name)) is not None
    assert await (await line.come("new")) == NEXT
    await line.end(running)
    assert await (await line.come("b")) == CROWDED
    job = await line.come("new")
    assert not job.done()
    await line.end(job)


async def test_a_more_urgent_job_goes_first_in_the_line() -> None:
    """A more urgent job runs before a job that has waited longer.

    The urgent job keeps its turn when it comes back with another priority of the same band.
    """
    line = Line(1)
    first = await line.come("a")
    assert await (await line.come("b", priority=80)) == NEXT
    assert await (await line.come("urgent", priority=100)) == NEXT
    await line.end(first)
    assert await (await line.come("b", priority=80)) == CROWDED
    urgent = await line.come("urgent", priority=98)  # of the same band
    assert not urgent.done()
    await line.end(urgent)


async def test_a_job_that_does_not_come_again_holds_up_nobody_for_long() -> None:
    """A job that does not come again, as another process may have taken it, loses its place in the line."""
    line = Line(1)
    first = await line.come("a")
    assert await (await line.come("gone")) == NEXT
    await line.end(first)
    assert await (await line.come("c")) == CROWDED
    line.now_s += 11
    job = await line.come("c")
    assert not job.done()
    await line.end(job)
