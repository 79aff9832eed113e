"""Ticks continue when the host's wall clock jumps."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bot.process.ticks import Ticks
from tests.patience import PATIENCE_S


@pytest.mark.parametrize("hours", [1, -1])
async def test_ticks_go_on_when_the_wall_clock_jumps(hours: int) -> None:
    """An hour forward or back: the next tick comes within seconds, not within the hour."""
    ticked = asyncio.Event()

    async def tick() -> None:
        ticked.set()

    ticks = Ticks()
    ticks.every(0.5, tick, name="tick")
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        ticks.start()
        await asyncio.wait_for(ticked.wait(), PATIENCE_S)
        clock.shift(timedelta(hours=hours))
        for _ in range(3):
            ticked.clear()
            await asyncio.wait_for(ticked.wait(), PATIENCE_S)
        ticks.stop()


async def test_a_clock_that_leaps_is_looked_at_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the demo's movable clock, ticks run each second instead of each minute."""
    looked: list[datetime] = []
    enough = asyncio.Event()

    async def tick() -> None:
        looked.append(datetime.now(UTC))
        if len(looked) > 2:
            enough.set()

    monkeypatch.setattr(Ticks, "minute_starts", "*")
    ticks = Ticks()
    ticks.each_minute(tick, name="digest")
    ticks.start()
    await asyncio.wait_for(enough.wait(), PATIENCE_S)
    ticks.stop()
    assert looked[2] - looked[0] < timedelta(seconds=3)


async def test_what_is_due_at_a_minute_is_looked_at_within_two_seconds() -> None:
    """A digest of 18:00 used to come at 18:00:40, when the process had started at that second."""
    looked: list[datetime] = []
    again = asyncio.Event()

    async def tick() -> None:
        looked.append(datetime.now(UTC))
        again.set()

    monday = datetime(2026, 11, 23, 8, 59, 58, tzinfo=UTC)
    with time_machine.travel(monday, tick=True):
        ticks = Ticks()
        ticks.each_minute(tick, name="digest")
        ticks.start()
        while len(looked) < 2:
            again.clear()
            await asyncio.wait_for(again.wait(), PATIENCE_S)
        ticks.stop()
    assert timedelta(seconds=3) <= looked[1] - monday < timedelta(seconds=4)
