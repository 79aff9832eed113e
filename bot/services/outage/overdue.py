"""Steps that are overdue although no fault is known. They are taken at once; the cause can wait."""

import time
from typing import Final

from bot.services.outage.logbook import Logbook
from bot.storage.queue.enqueue import QueueWatch

#: How long a step is seen to be due before it is taken without the queue, seconds. They count from the look
#: that saw it first, so after a jump of the clock the queue still has this long.
OVERDUE_S: Final = 3.0

#: How long a step is seen to be due before the mirror is read anew, seconds: it may be old.
_DOUBTFUL_S: Final = 1.5


class Overdue:
    """Knows since when this process has seen that a step of the mirror is due."""

    def __init__(self, book: Logbook, queue: QueueWatch) -> None:
        self._book = book
        self._queue = queue
        self._seen_at: dict[str, float] = {}

    def look(self) -> None:
        """Note when each step that is due was first seen to be due."""
        now = time.monotonic()
        self._seen_at = {step: self._seen_at.get(step, now) for step in self._due()}

    @property
    def is_doubtful(self) -> bool:
        """Return True if a step is late according to a mirror that may be old."""
        return any(time.monotonic() - at >= _DOUBTFUL_S for at in self._seen_at.values())

    def watches(self) -> frozenset[str]:
        """Return the keys of the watches with an overdue step; none while the queue decides other steps."""
        if self._queue.is_deciding:
            return frozenset()
        now = time.monotonic()
        return frozenset(
            watch for step, watch in self._due().items() if now - self._seen_at.get(step, now) >= OVERDUE_S
        )

    def _due(self) -> dict[str, str]:
        """Return the keys of the steps that are due and not taken, with the keys of their watches."""
        now, journal = self._book.now(), self._book.journal
        return {
            watch.step_key(step): watch.key
            for watch in journal.watches.values()
            if watch.key not in journal.acknowledged
            for step in watch.rungs
            if step.due_at <= now and watch.step_key(step) not in journal.taken
        }
