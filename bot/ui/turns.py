"""First responses first: Discord gives up on whoever has none within 3 s, and so does whoever pressed."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

#: How long work that somebody is told to wait for lets others have their first response, seconds.
PATIENCE_S: Final = 1.0

#: Two who come closer together than this are a crowd; it has passed when nobody came for as long, seconds.
CALM_S: Final = 0.03

#: After a crowd work begins one by one, so that whoever comes then does not wait for all of it, seconds.
PACE_S: Final = 0.004


class FirstResponses:
    """Who has done something and has heard nothing yet, as the tasks that answer them.

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
        """*task* answers somebody: with a first response, or when it ends."""
        now = self._clock()
        self._is_crowd, self._last_came = now - self._last_came < CALM_S, now
        self._waiting.add(task)
        self._nobody.clear()
        task.add_done_callback(self.given)

    def given(self, task: asyncio.Task[Any]) -> None:
        """Whoever *task* answers knows by now that they were heard."""
        self._waiting.discard(task)
        if not self._waiting:
            self._nobody.set()

    async def others(self) -> None:
        """Let the others of a crowd have theirs, before work begins that keeps the processor busy.

        Whoever is alone begins at once.
        """
        if not self._waiting and not self._turn.locked() and not self._calm_in_s():
            return
        patient_until = self._clock() + PATIENCE_S
        async with self._turn:  # in the order of their coming
            await self._calm(within_s=patient_until - self._clock())
            await asyncio.sleep(PACE_S)

    async def _calm(self, *, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._nobody.wait()
                while left_s := self._calm_in_s():
                    await asyncio.sleep(left_s)
                    await self._nobody.wait()
        except TimeoutError:
            return

    def _calm_in_s(self) -> float:
        return max(self._last_came + CALM_S - self._clock(), 0.0) if self._is_crowd else 0.0
