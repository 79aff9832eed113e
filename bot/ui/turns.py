"""First responses go before other work, because Discord drops an interaction without one after 3 s."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

#: How long deferred work waits for others to get their first response, seconds.
PATIENCE_S: Final = 1.0

#: Two presses closer together than this are a crowd; it is over after as long without a press, seconds.
CALM_S: Final = 0.03

#: The pause between works after a crowd, so that a new press does not wait for all of them, seconds.
PACE_S: Final = 0.004


class FirstResponses:
    """The tasks that have not yet sent a first response to the person they answer.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: set[asyncio.Task[Any]] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._last_came = float("-inf")
        self._is_crowd = False
        self._turn = asyncio.Lock()

    def owed(self, task: asyncio.Task[Any]) -> None:
        """Add *task*, which answers a person: by its first response, or at the latest when it ends."""
        now = self._clock()
        self._is_crowd, self._last_came = now - self._last_came < CALM_S, now
        self._waiting.add(task)
        self._nobody.clear()
        task.add_done_callback(self.given)

    def given(self, task: asyncio.Task[Any]) -> None:
        """Remove *task*, whose person has had a response."""
        self._waiting.discard(task)
        if not self._waiting:
            self._nobody.set()

    async def others(self) -> None:
        """Wait for the first responses of a crowd, before work begins that keeps the processor busy.

        Without a crowd it returns at once.
        """
        if not self._waiting and not self._turn.locked() and not self._calm_in_s():
            return
        patient_until = self._clock() + PATIENCE_S
        async with self._turn:  # in the order of their coming
            with suppress(TimeoutError):
                async with asyncio.timeout(patient_until - self._clock()):
                    await self._nobody.wait()
                    while left_s := self._calm_in_s():
                        await asyncio.sleep(left_s)
                        await self._nobody.wait()
            await asyncio.sleep(PACE_S)

    def _calm_in_s(self) -> float:
        return max(self._last_came + CALM_S - self._clock(), 0.0) if self._is_crowd else 0.0
