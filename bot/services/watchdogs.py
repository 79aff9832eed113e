"""Watches the bot itself: jobs that are lost, a queue that does not answer, and a bot that has died."""

import time
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.errors import StorageUnavailable, UpstreamUnavailable
from bot.services.ports import Heartbeat, Store
from bot.services.ports.store.jobs import OverdueReads

log = structlog.get_logger(__name__)

#: How late a step or a delivery may be before the auditor looks at it, besides the queue.
OVERDUE = timedelta(minutes=1)


async def audit(store: OverdueReads) -> list[str]:
    """Queue again the jobs of work that is overdue by more than `OVERDUE`: the rows are the truth.

    See docs/internals/database.md.

    Returns:
        The keys of the jobs that had gone missing; each is logged as an error, since none should.
    """
    missing = await store.requeue_stuck(overdue=OVERDUE)
    for key in missing:
        log.error("auditor.job_missing", key=key)
    return missing


#: How long the queue may take to answer, seconds.
SILENT_S: Final = 1.0

#: A failed job is tried again within two seconds: it fails again, or another process has it by then, seconds.
_RECENT_S: Final = 3.0

#: For how long a decision shows that others come in their turn, seconds.
_BUSY_S: Final = 2.0


class QueueWatch:
    """The queue of this process: a database that can be written may still refuse it its connections."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._decided_at = float("-inf")
        self._failing_since: float | None = None
        self._failed_at = float("-inf")

    def asked(self) -> None:
        """Note that the queue is asked for work, or for a sign that it works."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()

    def answered(self) -> None:
        """Note that the queue has answered, or is not asked any more."""
        self._asked_at = None

    def decided(self) -> None:
        """Note that ladder steps are being decided just now, or have been."""
        self._decided_at = time.monotonic()

    def done(self) -> None:
        """Note that a job that sets or announces a deadline has succeeded."""
        self._failing_since = None

    def failed(self) -> None:
        """Note that such a job has failed because of the database."""
        self._failed_at = time.monotonic()
        if self._failing_since is None:
            self._failing_since = self._failed_at

    @property
    def is_stuck(self) -> bool:
        """Return True if due work must not wait for the queue: it does not answer, or no job succeeds."""
        return self.is_silent or self._is_failing

    @property
    def _is_failing(self) -> bool:
        now = time.monotonic()
        is_recent = now - self._failed_at < _RECENT_S
        return is_recent and self._failing_since is not None and now - self._failing_since > SILENT_S

    @property
    def is_silent(self) -> bool:
        """Return True if the queue was asked and has not answered for `SILENT_S`.

        While all workers are busy it is not asked: that is no silence.
        """
        return self._asked_at is not None and time.monotonic() - self._asked_at > SILENT_S

    @property
    def is_deciding(self) -> bool:
        """Return True if steps are being decided: of thousands that are due at once, some come later."""
        return time.monotonic() - self._decided_at < _BUSY_S


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


async def broken_promise(store: OverdueReads, *, late_after: timedelta) -> str | None:
    """Return in one line which deadlines are not kept: steps not decided, or P0s that reached no person.

    Args:
        late_after: How overdue a step must be.

    Raises:
        StorageUnavailable.
    """
    if late := await store.late_steps(overdue=late_after):
        return f"{late} overdue"
    unheard = await store.unheard_incidents(overdue=OVERDUE)
    return f"{unheard} told to nobody" if unheard else None
