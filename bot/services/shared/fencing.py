"""Fences against a process that was stopped and wakes up: it must not do its successor's work again.

The changes that a gateway event causes are written only while its shard still belongs to this
process. After a stop, the socket may hold events that the successor has handled, too.
`bot.domain.shards.CLAIM` prevents a second write of them: the gateway's sessions set it, and the
store reads it. Jobs and ticks have no claim; for them the rows decide. An attempt to send that was
stopped is not continued (`is_stale`). All is measured with a clock that goes on while the machine
sleeps.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# CLOCK_MONOTONIC, which is what asyncio and time.monotonic() use, stops while Linux is suspended.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

#: How long after an attempt has begun its request may still go out, seconds: as long as Discord surely knows
#: the nonce under which another process may have sent the same meanwhile.
FRESH_S: Final = 60.0

#: The same for a request without a nonce, seconds: another process takes over the work of a stopped one later
#: than that.
ALONE_S: Final = 1.0

_began: Final[ContextVar[float | None]] = ContextVar("began", default=None)


def boot_s() -> float:
    """Return the seconds since the machine was started, sleep included."""
    return time.clock_gettime(_CLOCK)


@contextmanager
def fresh() -> Iterator[None]:
    """Begin an attempt to send: requests to Discord within the block must go out soon (`is_stale`)."""
    token = _began.set(boot_s())
    try:
        yield
    finally:
        _began.reset(token)


def is_stale(*, after_s: float = FRESH_S) -> bool:
    """Return True if this attempt began more than *after_s* seconds ago."""
    began = _began.get()
    return began is not None and boot_s() > began + after_s
