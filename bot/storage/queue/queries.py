"""PgQueuer's queries, with more patience: nothing but success takes a job out of the queue."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.models import Job, TracebackRecord
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.queries import EntrypointExecutionParameter, Queries

from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import IN_LINE
from bot.storage.database.errors import STORAGE_ERRORS
from bot.storage.database.pools import PoolConnection
from bot.storage.database.sql import Sql

log = structlog.get_logger(__name__)


class _ListeningDriver(AsyncpgPoolDriver):
    """Notifies only when it listens.

    The manager begins to listen and tests that it hears itself at the same moment, on two connections.
    Where the question comes first it is lost, and ten seconds later the manager ends: never on loopback, most
    times at a distance.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self._is_listening = asyncio.Event()

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await super().add_listener(channel, callback)
        self._is_listening.set()

    async def notify(self, channel: str, payload: str) -> None:
        await self._is_listening.wait()
        await super().notify(channel, payload)


class PatientQueries(Queries):
    """The queries that a `QueueManager` sends to the database.

    Args:
        pool: For the queue alone.
        on_ask: Called whenever the queue is about to be asked for jobs.
        on_answer: Called when the queue has answered.
        on_failure: Called when the queue has not answered: the manager's loop is about to end.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        on_ask: Callable[[], None],
        on_answer: Callable[[], None],
        on_failure: Callable[[], None],
    ) -> None:
        super().__init__(_ListeningDriver(pool))
        self._sql = Sql(PoolConnection(pool))
        self._due_in: timedelta | None = None
        self._on_ask = on_ask
        self._on_answer = on_answer
        self._on_failure = on_failure

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        self._on_ask()
        try:
            jobs = await super().dequeue(
                batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
            )
        except Exception:
            self._on_failure()
            raise
        self._on_answer()
        return jobs

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """Return 1 if a job is due, else 0.

        The manager asks this first, then, if none is, `next_deferred_eta` and `queued_work`: what is found
        here answers those as well, so that a database far away is asked once, not three times.
        """
        [row] = await self._sql.all("next_due", entrypoints=entrypoints)
        self._due_in = row["due_in"]
        return int(self._due_in is not None and self._due_in <= timedelta())

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        """Return the time until the next queued job is due, as just found; None without one."""
        del entrypoints
        return self._due_in

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """Return 1 if a job is queued, due or not, else 0, as just found."""
        del entrypoints
        return int(self._due_in is not None)

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Queue the job again, no later than it was asked for while it ran, if it would wait for long.

        The traceback is left out: ours is in the log, where secrets are hidden.
        """
        del traceback_record
        try:
            await self._sql.all("retry_job", job_id=job.id, delay=delay, is_long=delay > IN_LINE)
        except (StorageUnavailable, *STORAGE_ERRORS) as error:
            # Raised further, it would end the job. Left alone, the job counts as abandoned before long.
            log.warning("job.left_behind", job=job.entrypoint, error=type(error).__name__)

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """Remove successful jobs from the queue, unless they were queued again meanwhile.

        Another status means that the handler was cancelled together with this process: its job is left
        behind for the next one.
        """
        done = [job.id for job, status, _ in job_status if status == "successful"]
        if done:
            await self._sql.all("finish_jobs", job_ids=done)

    async def update_heartbeat(self, job_ids: list[JobId]) -> None:
        try:
            await super().update_heartbeat(job_ids)
        except STORAGE_ERRORS as error:  # the next one comes soon; too late, and the jobs run a second time
            log.warning("jobs.heartbeat_missed", error=type(error).__name__)

    async def aggregate_logs(self) -> None:
        """Fold the queue's history into counts, and forget what is old: neither may fill the disk."""
        await super().aggregate_logs()
        await self._sql.all("prune_job_log")
        await self._sql.all("prune_job_statistics")
