"""A second check for overdue work whose job should have run.

See docs/internals/database.md.
"""

from datetime import timedelta

import structlog

from bot.services.ports.store.jobs import OverdueReads

log = structlog.get_logger(__name__)

#: How late a step or a delivery may be before the auditor looks at it, besides the queue.
OVERDUE = timedelta(minutes=1)


async def audit(store: OverdueReads) -> list[str]:
    """Queue again the jobs of work that is overdue by more than `OVERDUE`: the rows are the truth.

    Returns:
        The keys of the jobs that had gone missing; each is logged as an error, since none should.
    """
    missing = await store.requeue_stuck(overdue=OVERDUE)
    for key in missing:
        log.error("auditor.job_missing", key=key)
    return missing
