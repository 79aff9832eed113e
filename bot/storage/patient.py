"""PgQueuer's queries, with more patience: nothing but success takes a job out of the queue."""

from collections.abc import Callable
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.models import Job, TracebackRecord
from pgqueuer.queries import EntrypointExecutionParameter, Queries

from bot.domain.errors import StorageUnavailable
from bot.services.ports import IN_LINE
from bot.storage.errors import STORAGE_ERRORS
from bot.storage.pools import PoolConnection, borrow
from bot.storage.sql import Sql

log = structlog.get_logger(__name__)


class PatientQueries(Queries):
    """What a `QueueManager` asks of the database.

    Args:
        pool: For the queue alone.
        on_ask: Called whenever the queue is about to be asked for jobs.
        on_answer: Called when it has answered.
        on_failure: Called when it has not: the manager's loop is about to end.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        on_ask: Callable[[], None],
        on_answer: Callable[[], None],
        on_failure: Callable[[], None],
    ) -> None:
        super().__init__(AsyncpgPoolDriver(pool))
        self._pool = pool
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

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Queue it again, no later than it was asked for while it ran, if it would wait for long.

        The traceback is left out: ours is in the log, where secrets are hidden.
        """
        del traceback_record
        sql = Sql(PoolConnection(self._pool))
        try:
            await super().retry_job(job, delay, None)
            if delay > IN_LINE:
                await sql.all("run_as_asked", job.id)
            await sql.all("wake_runners")
        except (StorageUnavailable, *STORAGE_ERRORS) as error:
            # Raised further, it would end the job. Left alone, the job counts as abandoned before long.
            log.warning("job.left_behind", job=job.entrypoint, error=type(error).__name__)

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """Take the successful ones out of the queue, unless somebody has asked for them again meanwhile.

        Another status means that the handler was cancelled together with this process: its job is left
        behind for the next one.
        """
        done = {entry[0].id: entry for entry in job_status if entry[1] == "successful"}
        if not done:
            return
        async with borrow(self._pool) as connection, connection.transaction():
            sql = Sql(connection)
            await sql.all("lock_jobs", list(done))
            for row in await sql.all("requeue_asked_again", list(done)):
                del done[JobId(row["id"])]
            await Queries(AsyncpgDriver(connection)).log_jobs(list(done.values()))

    async def update_heartbeat(self, job_ids: list[JobId]) -> None:
        try:
            await super().update_heartbeat(job_ids)
        except STORAGE_ERRORS as error:  # the next one comes soon; too late, and the jobs run a second time
            log.warning("jobs.heartbeat_missed", error=type(error).__name__)

    async def aggregate_logs(self) -> None:
        """Fold the queue's history into counts, and forget what is old: neither may fill the disk."""
        await super().aggregate_logs()
        sql = Sql(PoolConnection(self._pool))
        await sql.all("prune_job_log")
        await sql.all("prune_job_statistics")
