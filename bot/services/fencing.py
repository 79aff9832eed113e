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
from bot.services.boot_clock import boot_s

#: How long after an attempt has begun its request may still go out, seconds: as long as Discord surely knows
#: the nonce under which another process may have sent the same meanwhile.
_FRESH_S: Final = 60.0

_until: Final[ContextVar[float | None]] = ContextVar("until", default=None)

#: On whose behalf the running task writes. Tasks inherit it from the task that starts them.
CLAIM: Final[ContextVar[Claim | None]] = ContextVar("claim", default=None)


@contextmanager
def fresh() -> Iterator[None]:
    """An attempt begins: what asks Discord within the block must do so soon (`is_stale`)."""
    token = _until.set(boot_s() + _FRESH_S)
    try:
        yield
    finally:
        _until.reset(token)


def is_stale() -> bool:
    """Whether this attempt has slept through its time."""
    until = _until.get()
    return until is not None and boot_s() > until
