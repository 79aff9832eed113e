"""First responses first: Discord gives up on whoever has none within 3 s, and so does whoever pressed."""

import asyncio
from typing import Any, Final

#: How long work that somebody is told to wait for lets others have their first response, seconds.
PATIENCE_S: Final = 0.5


class FirstResponses:
    """Who has done something and has heard nothing yet, as the tasks that answer them."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Task[Any]] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()

    def owed(self, task: asyncio.Task[Any]) -> None:
        """*task* answers somebody: with a first response, or when it ends."""
        self._waiting.add(task)
        self._nobody.clear()
        task.add_done_callback(self.given)

    def given(self, task: asyncio.Task[Any]) -> None:
        """Whoever *task* answers knows by now that they were heard."""
        self._waiting.discard(task)
        if not self._waiting:
            self._nobody.set()

    async def others(self) -> None:
        """Let the others have theirs, before work begins that keeps the processor busy."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._nobody.wait()
        except TimeoutError:
            return
