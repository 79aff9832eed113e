"""Fences against doing twice what another process has done, or what was done during an outage.

A process that was stopped and wakes up must not do its successor's work again. The changes that a
gateway event causes are written only while its shard still belongs to this process. After a stop,
the socket may hold events that the successor has handled, too. `bot.domain.shards.CLAIM` prevents a
second write of them: the gateway's sessions set it, and the store reads it. Jobs and ticks have no
claim; for them the rows decide. An attempt to send that was stopped is not continued (`is_stale`).
All is measured with a clock that goes on while the machine sleeps.

Messages may have been sent during an outage, unknown to the database. This process knows which it
has sent. Another process records its own when the database is back, and is waited for. A process
that started meanwhile knows of none, and after some minutes Discord no longer merges two messages
by their nonce.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

from cachetools import LRUCache

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.outage import OfflinePost, UnansweredPost
from bot.storage.store import Store
from bot.storage.tables.outage import MirrorRows

# CLOCK_MONOTONIC, which is what asyncio and time.monotonic() use, stops while Linux is suspended.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

#: How long after an attempt has begun its request may still go out, seconds: as long as Discord surely knows
#: the nonce under which another process may have sent the same meanwhile.
FRESH_S: Final = 60.0

#: The same for a request without a nonce, seconds: another process takes over the work of a stopped one later
#: than that.
ALONE_S: Final = 1.0

_began: Final[ContextVar[float | None]] = ContextVar("began", default=None)

#: What is overdue for longer may have been told so long ago that Discord no longer knows the nonce.
OLD: Final = timedelta(minutes=1)

#: How long to wait before another look at a message that another process may have sent.
LOOK_AGAIN: Final = timedelta(seconds=0.25)

#: An answer holds so long: shorter than an outage of the database in which a message could be sent.
_HOLDS_S: Final = 0.5

#: How many attempts are remembered: more than the mirror holds messages.
_ATTEMPTS: Final = 1_000


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


class SentDuringOutage:
    """Asks the database twice a second at most if another process may have sent messages.

    Attributes:
        meanwhile: What was posted here, by the key of the delivery that it replaces.
        begun: The latest urgent attempts of this process, by nonce. The mirror is up to two seconds behind.
    """

    def __init__(self, store: Store) -> None:
        self.meanwhile: dict[str, OfflinePost] = {}
        self.begun: LRUCache[str, UnansweredPost] = LRUCache(_ATTEMPTS)
        self._store = store
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._is_unrecorded = False

    def posted(self, delivery: Delivery) -> Posted | None:
        """Return where this process has posted *delivery*; None if it has not.

        The nonce is compared too: a delivery of another database may have the same key.
        """
        found = self.meanwhile.get(delivery.key)
        return found.where if found is not None and found.nonce == delivery.nonce else None

    def begin(self, delivery: Delivery) -> None:
        """Note that Discord may have *delivery* from now on, whatever can be recorded of it."""
        request, at = delivery.request, delivery.first_sent_at
        if delivery.kind.spec.is_urgent and request is not None and at is not None:
            self.begun[delivery.nonce] = UnansweredPost(at, json.dumps(request.body))

    async def is_unrecorded(self) -> bool:
        """Return True if another process may have sent an overdue step or a waiting message already.

        Raises:
            StorageUnavailable.
        """
        async with self._lock:
            now = time.monotonic()
            if now - self._asked_at > _HOLDS_S:
                self._is_unrecorded = await MirrorRows(self._store.sql).is_untold()
                self._asked_at = now
            return self._is_unrecorded
