"""Define how long a test waits for an event.

PATIENCE_S is generous, so that a busy machine fails no test. A promise in seconds is asserted, with its
figure, by the test that is about the promise.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

PATIENCE_S: Final = 30.0

_BEAT_S: Final = 0.05


@asynccontextmanager
async def pulse() -> AsyncIterator[Callable[[], float]]:
    """Yield a function that returns the seconds in which this event loop had the processor.

    It counts beats, which stop while a busy machine runs other programs. So a promise of this process can be
    measured without them. A process that only waits for its own timers misses no beat.
    """
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(_BEAT_S)
            beats += 1

    beating = asyncio.create_task(beat())
    try:
        yield lambda: beats * _BEAT_S
    finally:
        beating.cancel()
