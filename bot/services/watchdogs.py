"""Watches the bot itself: jobs that are lost, a queue that does not answer, and a bot that has died."""

from datetime import timedelta

import structlog

from bot.domain.errors import StorageUnavailable, UpstreamUnavailable
from bot.services.ports import Heartbeat
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from bot.storage.tables.outage import OverdueRows

log = structlog.get_logger(__name__)

#: How late a step or a delivery may be before the auditor looks at it, besides the queue.
OVERDUE = timedelta(minutes=1)


async def audit(store: Store) -> list[str]:
    """Queue again the jobs of work that is overdue by more than `OVERDUE`: the rows are the truth.

    See docs/internals/database.md.

    Returns:
        The keys of the jobs that had gone missing; each is logged as an error, since none should.
    """
    missing = await store.requeue_stuck(overdue=OVERDUE)
    for key in missing:
        log.error("auditor.job_missing", key=key)
    return missing


class DeadMan:
    """Pings while the promise holds: steps are decided, P0s are heard of, and the next ones will be, too."""

    def __init__(self, store: Store, heartbeat: Heartbeat, queue: QueueWatch) -> None:
        self._store = store
        self._queue = queue
        self._heartbeat = heartbeat

    async def beat(self, *, trouble: str | None = None) -> bool:
        """Ping, or say in the log why not.

        Args:
            trouble: Another problem that the process knows of, in one line.

        Returns:
            True if the outside service has taken it.
        """
        if (reason := await self._objection() or trouble) is not None:
            log.warning("heartbeat.withheld", reason=reason)
            return False
        try:
            await self._heartbeat.ping()
        except UpstreamUnavailable as error:
            log.warning("heartbeat.not_taken", reason=error.reason, http_status=error.http_status)
            return False
        return True

    async def _objection(self) -> str | None:
        try:
            broken = await broken_promise(self._store, late_after=OVERDUE)
            await self._store.beat()
        except StorageUnavailable:
            return "the database cannot be written"
        return "the job queue does not answer" if self._queue.is_stuck else broken


async def broken_promise(store: Store, *, late_after: timedelta) -> str | None:
    """Return in one line which deadlines are not kept: steps not decided, or P0s that reached no person.

    Args:
        late_after: How overdue a step must be.

    Raises:
        StorageUnavailable.
    """
    if late := await OverdueRows(store.sql).late_steps(overdue=late_after):
        return f"{late} overdue"
    unheard = await OverdueRows(store.sql).unheard_incidents(overdue=OVERDUE)
    return f"{unheard} told to nobody" if unheard else None
