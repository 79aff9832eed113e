"""A second check for overdue work whose job should have run.

See docs/internals/database.md.
"""

from datetime import timedelta

import structlog

from bot.services.ports.store.jobs import OverdueReads

log = structlog.get_logger(__name__)

#: How late a step or a delivery may be before the auditor looks at it, besides the queue.
OVERDUE = timedelta(minutes=1)


class Auditor:
    """Sweeps the rows, which are the truth, and gives lost work its job again."""

    def __init__(self, store: OverdueReads) -> None:
        self._store = store

    async def sweep(self) -> list[str]:
        """Queue again the jobs of work that is overdue by more than `OVERDUE`.

        Returns:
            The keys of the jobs that had gone missing; each is logged as an error, since none should.
        """
        missing = await self._store.requeue_stuck(overdue=OVERDUE)
        for key in missing:
            log.error("auditor.job_missing", key=key)
        return missing
