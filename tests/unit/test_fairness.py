"""One queue for many guilds: what order and hands promise, and that a single guild loses nothing."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.ports import JobName
from bot.storage.queue.fairness import MOST, Handler, Turns, level_of, placed, top_of

STORMY, QUIET = 1, 2


@pytest.mark.parametrize(
    ("before", "level"), [(0, 0), (1, 1), (2, 1), (3, 2), (6, 2), (7, 3), (510, 8), (MOST, 9), (10**6, 9)]
)
def test_the_more_a_guild_has_waiting_the_further_down_it_adds(before: int, level: int) -> None:
    """Each level holds twice as many as the one above it; the last takes all that is left."""
    assert level_of(before) == level


@given(priority=st.integers(0, 200), before=st.integers(0, 10_000))
def test_a_job_stays_in_its_severitys_band(priority: int, before: int) -> None:
    """However great the storm of P0, no P1 goes before any of them."""
    assert top_of(placed(priority, before=before)) == top_of(priority)
    assert placed(priority, before=before) <= priority


@given(st.lists(st.one_of(st.just("take"), st.integers(1, 60)), max_size=60), st.integers(0, 40))
def test_a_guild_waits_for_twice_its_own_jobs_and_one(storm: list[int | str], own: int) -> None:
    """Whatever another guild has added, and whatever has been taken meanwhile."""
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
    """What is beyond a guild's share goes back into the queue, and another guild's job runs at once."""
    crew = Crew(hands=4)
    storm = crew.begin(STORMY, 10)
    assert await crew.sent_back(storm, 6) == [timedelta()] * 6
    assert crew.running == {STORMY: 4}
    [other] = crew.begin(QUIET, 1)
    async with asyncio.timeout(1):
        await crew.started.acquire()
    crew.release.set()
    assert await other is None
    assert [task.result() for task in storm if task.result() is None] == [None] * 4


async def test_a_hand_that_is_freed_takes_the_next_of_the_same_guild() -> None:
    """Nothing goes back into the queue when a turn comes soon."""
    crew = Crew(hands=1)
    both = crew.begin(STORMY, 2)
    await crew.started.acquire()
    crew.release.set()
    assert await asyncio.gather(*both) == [None, None]


async def test_two_storms_share_the_hands() -> None:
    """Then each has half of them."""
    crew = Crew(hands=4)
    storms = [task for _ in range(10) for guild in (STORMY, QUIET) for task in crew.begin(guild, 1)]
    await crew.sent_back(storms, 16)
    assert crew.running == {STORMY: 2, QUIET: 2}
    crew.release.set()
    await asyncio.gather(*storms)


async def test_a_handler_that_fails_gives_its_hand_back() -> None:
    """And its error is the runner's business."""

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
