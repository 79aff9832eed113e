"""What a process that was stopped, and wakes up, must not do a second time.

What a gateway event leads to is written only while the shard that it came by still belongs to this process. A
process that was stopped, and wakes up with events in its socket that its successor has had, too, must not
write them a second time: `CLAIM`, set by the gateway's sessions, read by the store. Jobs and ticks have none;
for them the rows decide, and an attempt to send that was stopped is not gone on with (`is_stale`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from bot.domain.shards import Claim
from bot.services.shared.boot_clock import boot_s

#: How long after an attempt has begun its request may still go out, seconds: as long as Discord surely knows
#: the nonce under which another process may have sent the same meanwhile.
FRESH_S: Final = 60.0

#: The same of what has no nonce: sooner than another process takes over the work of one that is stopped.
ALONE_S: Final = 1.0

_began: Final[ContextVar[float | None]] = ContextVar("began", default=None)

#: On whose behalf the running task writes. Tasks inherit it from the task that starts them.
CLAIM: Final[ContextVar[Claim | None]] = ContextVar("claim", default=None)


@contextmanager
def fresh() -> Iterator[None]:
    """An attempt begins: what asks Discord within the block must do so soon (`is_stale`)."""
    token = _began.set(boot_s())
    try:
        yield
    finally:
        _began.reset(token)


def is_stale(*, after_s: float = FRESH_S) -> bool:
    """Whether this attempt has slept through its time."""
    began = _began.get()
    return began is not None and boot_s() > began + after_s
