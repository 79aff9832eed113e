"""The ticks: at once, again and again, whatever one of them does."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import StorageUnavailable
from bot.process.ticks import Ticks
from tests.patience import PATIENCE_S


class Counted:
    """A tick that counts, tells when it has run often enough, and fails as it is told."""

    def __init__(self, *errors: Exception, enough: int = 3) -> None:
        self.runs = 0
        self.done = asyncio.Event()
        self._errors = list(errors)
        self._enough = enough

    async def __call__(self) -> None:
        self.runs += 1
        if self.runs >= self._enough:
            self.done.set()
        if self._errors:
            raise self._errors.pop(0)


async def finished(ticks: Ticks, tick: Counted) -> None:
    """Start, wait until *tick* has run often enough, stop."""
    ticks.start()
    async with asyncio.timeout(PATIENCE_S):
        await tick.done.wait()
    ticks.stop()
    await asyncio.sleep(0)  # the scheduler stops in the loop's next turn


async def test_the_first_one_is_at_once() -> None:
    """A bot that was down at 18:00 looks at its digest when it starts, not a minute later."""
    ticks, tick = Ticks(), Counted(enough=1)
    ticks.every(3600, tick, name="digest")
    await finished(ticks, tick)
    assert tick.runs == 1


async def test_a_failure_is_logged_and_comes_again() -> None:
    """A part that is away is a warning, a bug is an error with its traceback; neither ends the ticking."""
    ticks, tick = Ticks(), Counted(StorageUnavailable("away"), ValueError("bug"))
    ticks.every(0.01, tick, name="auditor")
    with capture_logs() as logs:
        await finished(ticks, tick)
    assert [(entry["event"], entry["log_level"]) for entry in logs][:2] == [
        ("tick.postponed", "warning"),
        ("tick.failed", "error"),
    ]


async def test_nothing_begins_between_the_stop_and_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """A tick that would be due in that turn of the loop is none any more, and no error either."""
    ticks, tick = Ticks(), Counted(enough=1)
    ticks.start()
    ticks.every(3600, tick, name="too late")
    ticks.stop()
    for _ in range(20):
        await asyncio.sleep(0)
    assert tick.runs == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_stopping_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """A tick that runs when the bot stops is cancelled without an error in the log."""
    ticks, begun, cancelled = Ticks(), asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    ticks.every(3600, endless, name="endless")
    ticks.start()
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        ticks.stop()
        await cancelled.wait()
    for _ in range(20):  # the scheduler hears of it a few turns of the loop later
        await asyncio.sleep(0)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
