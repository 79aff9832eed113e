"""A clock that goes on while the machine sleeps: what a lease must be measured with."""

import time
from typing import Final

# CLOCK_MONOTONIC, which is what asyncio and time.monotonic() use, stops while Linux is suspended.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_s() -> float:
    """Return the seconds since the machine was started, sleep included."""
    return time.clock_gettime(_CLOCK)
