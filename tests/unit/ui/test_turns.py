"""With many at once, everybody hears something before anybody's work goes on."""

import asyncio

import pytest

from bot.ui import turns
from bot.ui.turns import FirstResponses


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
    """One whose answer does not come holds up nobody."""
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    first = FirstResponses()
    stuck = asyncio.create_task(asyncio.sleep(60))
    first.owed(stuck)
    async with asyncio.timeout(1):
        await first.others()
    stuck.cancel()


def _me() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task
