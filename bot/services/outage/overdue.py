"""Steps that are overdue although no fault is known. They are taken at once; the cause can wait."""

import time
from typing import Final

from bot.domain.outage.journal import Journal
from bot.services.outage.logbook import Logbook
from bot.services.watchdogs.queue_watch import QueueWatch

#: How long a step is seen to be due before it is taken without the queue, seconds: by our time, for after a
#: jump of the clock the queue has as long.
OVERDUE_S: Final = 3.0

#: From when on the mirror has to be new, seconds.
_DOUBTFUL_S: Final = 1.5


class Overdue:
    """The steps of the mirror that are due, and since when this process has seen that."""

    def __init__(self, book: Logbook, queue: QueueWatch) -> None:
        self._book = book
        self._queue = queue
        self._seen_at: dict[str, float] = {}

    def look(self) -> None:
        """Note what is due by now."""
        now = time.monotonic()
        due = due_steps(self._book.journal, self._book)
        self._seen_at = {step: self._seen_at.get(step, now) for step in due}

    @property
    def is_doubtful(self) -> bool:
        """Whether something is late, by a mirror that may be old."""
        return any(time.monotonic() - at >= _DOUBTFUL_S for at in self._seen_at.values())

    def watches(self) -> frozenset[str]:
        """Return the keys of the watches with an overdue step; none while the queue decides other steps."""
        if self._queue.is_deciding:
            return frozenset()
        now, due = time.monotonic(), due_steps(self._book.journal, self._book)
        return frozenset(
            watch for step, watch in due.items() if now - self._seen_at.get(step, now) >= OVERDUE_S
        )


def due_steps(journal: Journal, book: Logbook) -> dict[str, str]:
    """The steps that are due by now and not taken, with the keys of their watches."""
    now = book.now()
    return {
        watch.step_key(rung): watch.key
        for watch in journal.watches.values()
        if watch.key not in journal.acknowledged
        for rung in watch.rungs
        if rung.due_at <= now and watch.step_key(rung) not in journal.taken
    }
