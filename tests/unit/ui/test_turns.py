"""With many presses at once, each person gets a first response before any work goes on."""

import asyncio
from itertools import pairwise

import pytest

from bot.ui import first_response
from bot.ui.first_response import FirstResponses
from tests.patience import PATIENCE_S


async def test_work_waits_until_everybody_has_a_first_response() -> None:
    """Ten who are told to wait, and one who is answered at once."""
    first, said = FirstResponses(), list[str]()

    async def deferred(number: int) -> None:
        await asyncio.sleep(0.001 * number)  # the way to Discord and back
        said.append("heard")
        first.given(_me())
        await first.others()
        said.append("worked")

    async def answered() -> None:
        await asyncio.sleep(0.02)
        said.append("answered")

    tasks = [asyncio.create_task(deferred(number)) for number in range(10)]
    for task in [*tasks, asyncio.create_task(answered())]:
        first.owed(task)
    await asyncio.gather(*tasks)
    assert said == ["heard"] * 10 + ["answered"] + ["worked"] * 10


async def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that does not come delays the others only briefly."""
    monkeypatch.setattr(first_response, "PATIENCE_S", 0.01)
    first = FirstResponses()
    stuck = asyncio.create_task(asyncio.sleep(60))
    first.owed(stuck)
    async with asyncio.timeout(PATIENCE_S):
        await first.others()
    assert not stuck.done(), "nobody has answered them yet"
    stuck.cancel()


def _me() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def test_a_crowd_that_is_still_coming_is_waited_for_and_one_alone_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Work begins after all first responses of a crowd; a single press is not delayed."""
    monkeypatch.setattr(first_response, "CALM_S", 0.2)  # however slow the machine is
    first, said = FirstResponses(), list[str]()

    async def deferred() -> None:
        first.owed(_me())
        first.given(_me())
        said.append("heard")
        await first.others()
        said.append("worked")

    await deferred()
    assert said == ["heard", "worked"], "at once: nobody else is there"
    tasks = []
    for _ in range(5):
        tasks.append(asyncio.create_task(deferred()))
        await asyncio.sleep(0.001)
    await asyncio.gather(*tasks)
    assert said[2:] == ["heard"] * 5 + ["worked"] * 5


async def test_after_a_crowd_work_begins_piece_by_piece_and_stops_for_whoever_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All at once it would keep the next one from a first response for as long as it takes."""
    monkeypatch.setattr(first_response, "CALM_S", 0.05)
    monkeypatch.setattr(first_response, "PACE_S", 0.01)
    first, heard, begun = FirstResponses(), asyncio.Event(), list[float]()

    async def deferred() -> None:
        first.owed(_me())
        first.given(_me())
        await first.others()
        begun.append(asyncio.get_running_loop().time())
        if len(begun) == 1:  # somebody comes while the first of them works
            late = asyncio.create_task(heard.wait())
            first.owed(late)

    tasks = [asyncio.create_task(deferred()) for _ in range(5)]
    await asyncio.wait(tasks, timeout=0.2)
    assert len(begun) == 1, "the others let whoever came late have a first response"
    heard.set()
    await asyncio.gather(*tasks)
    pauses = [after - before for before, after in pairwise(begun)]
    assert min(pauses[1:]) > 0.009
