"""On whose behalf the running task writes: set by the gateway's sessions, read by the store.

What a gateway event leads to is written only while the shard that it came by still belongs to this process. A
process that was stopped, and wakes up with events in its socket that its successor has had, too, must not
write them a second time. Jobs and ticks carry no claim: for them the rows decide.
"""

from contextvars import ContextVar
from typing import Final

from bot.domain.shards import Claim

#: Tasks inherit it from the task that starts them.
CLAIM: Final[ContextVar[Claim | None]] = ContextVar("claim", default=None)
