"""How long a test waits for what must come.

A busy machine is no failure: a story waits longer than anybody would. What is promised within seconds is
asserted by the test that shows it, with the figure of the promise.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

PATIENCE_S: Final = 30.0

_BEAT_S: Final = 0.05


@asynccontextmanager
async def pulse() -> AsyncIterator[Callable[[], float]]:
    """Measure the seconds in which this event loop had the processor, by its beats.

    While a busy machine runs other programs no beat follows another, so a promise of this process can be
    measured beside them. A process that waits for nothing but its own timers has all its beats.
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
