"""Running the queue's jobs: PgQueuer under supervision, with more patience.

What PgQueuer 1.6 leaves to its user, and what is done about it here:

- Its loop ends with an exception when PostgreSQL restarts. `JobRunner` starts it again, with a new pool.
- A job whose handler fails, or is cancelled together with the process, is deleted. Here only success deletes:
  whatever else happens, the row stays and the handler runs again (`PatientQueries`).
- A job stays "running" until its success is written, up to 0.2 s after its handler has returned. What was
  asked for meanwhile (`enqueue.py`) is seen when it is.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.models import Job, TracebackRecord
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from structlog.contextvars import bound_contextvars

from bot.domain.errors import (
    Crowded,
    LockConflict,
    NewerVersion,
    StorageUnavailable,
    UnavailableError,
    UpstreamUnavailable,
)
from bot.domain.jobs import IN_LINE, JobName, urgency
from bot.storage.database.errors import STORAGE_ERRORS
from bot.storage.database.pools import PoolConnection, open_pool
from bot.storage.database.sql import Sql
from bot.storage.queue.enqueue import QueueWatch, guild_of
from bot.storage.queue.fairness import Handler

log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
"""How long the queue is left alone when nothing notifies and nothing is due, seconds."""

HEARTBEAT_S: Final = 2.0
"""After how long without a sign of life a running job counts as abandoned, seconds.

Whatever dies with a step in its hands, another process has five seconds to ring. Running twice does no harm.
"""

HEALTHY_S: Final = 5.0
"""For how long the queue counts as healthy after it has answered, seconds."""

BATCH: Final = 10

CONCURRENT: Final = 20

_NEARLY_DUE_S = 0.025  # a job due sooner than this waits this long

_HANDLER_S = 120.0  # the handlers have their own, shorter deadlines; this one is for what they forgot

_GRACE_S = 3.0  # for unfinished handlers when the queue is left

_RESTART_S = (0.2, 1.0)  # first and longest pause before the next start

_LOCK_RETRY = timedelta(seconds=0.25)  # before a job asks again for what another holds

_POSTPONE_S = (2.0, 30.0)  # first and longest delay of a job when a part we depend on is away

_PROMISED_S = (0.5, 2.0)  # the same of what is promised within seconds

_TELL_EVERY_S = 60.0

_FAILURE_S = (5.0, 3600.0)  # the same when its handler has a bug

#: What makes a deadline, and what was decided at it, wait no longer than they must when all is well again.
_PROMISED: Final = frozenset[str]({JobName.ESCALATE, JobName.DELIVER})


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


class _Manager(QueueManager):
    """PgQueuer's manager without its check of the tables, two dozen round trips: our migrations made them."""

    async def verify_structure(self) -> None:
        """Check no tables: the bot's own migrations have made them."""


class JobRunner:
    """Runs jobs until it is stopped, whatever happens to PostgreSQL. One per process; several share the work.

    Args:
        dsn: Our own database; a pool apart from the handlers', so that neither starves the other.
        handlers: One for each name that this process works on.
        by_guild: Those of a guild, for the jobs that say whose they are; the others are for `handlers`.
        on_refusal: Told by its name each error of PostgreSQL that ended the queue's loop or put a job off.
        watch: Told when the queue is asked and when it answers.
        connections: How many it has; all are opened at once, so that none is missing when it is needed.
    """

    def __init__(
        self,
        dsn: str,
        handlers: Mapping[str, Handler],
        *,
        by_guild: Mapping[int, Mapping[str, Handler]] | None = None,
        on_refusal: Callable[[str], None] = lambda _reason: None,
        watch: QueueWatch | None = None,
        connections: int = 3,
    ) -> None:
        self._dsn = dsn
        self._handlers = handlers
        self._by_guild = by_guild or {}
        self._on_refusal = on_refusal
        self._watch = watch or QueueWatch()
        self._connections = connections
        self._told = ("", float("-inf"))
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None
        self._deadlines: set[asyncio.Timeout] = set()
        self._failures: Counter[JobId] = Counter()
        self._is_leaving = False
        self._last_seen = float("-inf")

    @property
    def healthy(self) -> bool:
        """Return True if the queue was asked and answered within the last seconds, and no job is stuck."""
        return time.monotonic() - self._last_seen < HEALTHY_S and not self._watch.is_stuck

    def stop(self) -> None:
        """Take no more jobs; `run` returns when the running ones have ended, or a few seconds later."""
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()
        self._hurry()

    async def run(self) -> None:
        """Work until `stop`."""
        pause_s = _RESTART_S[0]
        while not self._stopping.is_set():
            started = time.monotonic()
            self._watch.asked()
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 -- whatever ended the queue's loop, it must go on
                self._last_seen = float("-inf")
                if time.monotonic() - started > _RESTART_S[1]:
                    pause_s = _RESTART_S[0]
                reason = str(error) if isinstance(error, StorageUnavailable) else type(error).__name__
                self._on_refusal(reason)
                # Logged once a minute: the queue is tried every second for as long as it takes.
                now, (last, at) = time.monotonic(), self._told
                if reason != last or now - at > _TELL_EVERY_S:
                    self._told = (reason, now)
                    log.warning("jobs.runner_failed", error=reason, retry_s=pause_s)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._stopping.wait()
                pause_s = min(2 * pause_s, _RESTART_S[1])
        self._last_seen = float("-inf")
        self._watch.answered()
        log.info("jobs.runner_stopped")

    async def _work(self) -> None:
        """Run the queue's loop once, on a pool of its own."""
        pool = await open_pool(self._dsn, min_size=self._connections, max_size=self._connections)
        self._is_leaving = False
        try:
            manager = self._manager = self._make_manager(pool)
            if self._stopping.is_set():
                return
            log.info("jobs.runner_started")
            await self._loop(manager)
        finally:
            self._manager = None
            pool.terminate()

    async def _loop(self, manager: QueueManager) -> None:
        loop = asyncio.create_task(
            manager.run(
                dequeue_timeout=timedelta(seconds=POLL_S),
                batch_size=BATCH,
                max_concurrent_tasks=CONCURRENT,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
            )
        )
        try:
            await asyncio.wait({loop})
        except asyncio.CancelledError:  # PgQueuer would wait for its handlers as long as they like
            self._hurry()
            loop.cancel()
            await asyncio.wait({loop})
            raise
        loop.result()

    def _make_manager(self, pool: asyncpg.Pool) -> QueueManager:
        manager = _Manager(
            PatientQueries(pool, on_ask=self._watch.asked, on_answer=self._seen, on_failure=self._hurry)
        )
        manager.min_dequeue_poll_interval = timedelta(seconds=_NEARLY_DUE_S)
        for name in self._handlers:
            manager.entrypoint(name, accepts_context=False)(self._perform)
        return manager

    def _seen(self) -> None:
        self._last_seen = time.monotonic()
        self._watch.answered()

    def _hurry(self) -> None:
        """Give running handlers a last few seconds: the loop cannot end, nor start anew, before them."""
        self._is_leaving = True
        for deadline in self._deadlines:
            latest = asyncio.get_running_loop().time() + _GRACE_S
            if not deadline.expired() and (deadline.when() or latest) > latest:
                deadline.reschedule(latest)

    async def _perform(self, job: Job) -> None:
        payload = (job.payload or b"").decode()
        told = bound_contextvars(trigger="job", job=job.entrypoint, subject=payload)
        with told, urgency(job.priority):
            again = await self._outcome(job, payload)
        if again is not None:
            raise RetryRequested(max(again, timedelta()))

    async def _outcome(self, job: Job, payload: str) -> timedelta | None:
        """Run the job's handler; return when to run it again, or None."""
        try:
            guild_id = guild_of(job.headers)
            own = self._handlers if guild_id is None else self._by_guild.get(guild_id, self._handlers)
            again = await self._handle(own[job.entrypoint], payload)
        except Crowded as crowded:  # nothing is wrong: Discord has no room for it at this moment
            return crowded.capacity_in
        except LockConflict:  # another transaction holds, or held, the lock
            self._note_failed(job)
            return _LOCK_RETRY
        except UnavailableError as error:
            if isinstance(error, StorageUnavailable):
                self._on_refusal(str(error))
                self._note_failed(job)
            is_promised = job.entrypoint in _PROMISED and not isinstance(error, NewerVersion)
            delay = self._delay(job, *(_PROMISED_S if is_promised else _POSTPONE_S))
            limit = error.capacity_in if isinstance(error, UpstreamUnavailable) else None
            if limit is not None and not is_promised:
                delay = max(delay, limit)
            log.warning("job.postponed", error=type(error).__name__, retry_s=delay.total_seconds())
            return delay
        except Exception:  # a bug must not end the job: its row is the only trace of the work
            delay = self._delay(job, *_FAILURE_S)
            log.exception("job.failed", retry_s=delay.total_seconds())
            return delay
        self._failures.pop(job.id, None)
        if job.entrypoint in _PROMISED:
            self._watch.done()
        if str(job.entrypoint) == JobName.ESCALATE and again is None:  # one that only looked decided nothing
            self._watch.decided()
        return again

    def _note_failed(self, job: Job) -> None:
        if job.entrypoint in _PROMISED:
            self._watch.failed()

    async def _handle(self, handler: Handler, payload: str) -> timedelta | None:
        deadline = asyncio.timeout(_HANDLER_S)
        try:
            async with deadline:
                self._deadlines.add(deadline)
                return await handler(payload)
        except TimeoutError:
            if deadline.expired() and self._is_leaving:
                log.info("job.interrupted")
                return timedelta()
            raise
        finally:
            self._deadlines.discard(deadline)

    def _delay(self, job: Job, first_s: float, longest_s: float) -> timedelta:
        """Doubles with each failure in a row that this process has seen."""
        self._failures[job.id] += 1
        return timedelta(seconds=min(first_s * 2 ** min(self._failures[job.id] - 1, 20), longest_s))
