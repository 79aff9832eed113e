"""The queue's promises: on time, in order, once per key, never lost."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.domain.errors import StorageUnavailable, UpstreamUnavailable
from bot.services.ports import Job, JobName, Store
from bot.storage import jobs as module
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.jobs import JobRunner
from bot.storage.migrate import migrate
from bot.storage.patient import PatientQueries
from bot.storage.pools import open_pool
from bot.storage.store import PostgresStore
from tests.postgres import cluster_folder, install_movable_clock, shift_clock, start_sweeper

DEADLINE_S = 15.0


class Work:
    """A handler that notes what it is given, and does what the test says."""

    def __init__(self, then: Callable[[str], Awaitable[timedelta | None]] | None = None) -> None:
        self.done: list[str] = []
        self.at: list[float] = []
        self._then = then

    async def __call__(self, payload: str) -> timedelta | None:
        self.at.append(time.monotonic())
        self.done.append(payload)
        return None if self._then is None else await self._then(payload)


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it."""
    pool = await open_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
def store(pool: asyncpg.Pool) -> Store:
    """The store on it."""
    return PostgresStore(pool)


def refresh(key: str, *, priority: int = 0, after: timedelta = timedelta()) -> Job:
    return Job(JobName.REFRESH, key, f"refresh:{key}", priority=priority, after=after)


async def enqueue(store: Store, *jobs: Job) -> None:
    async with store.transaction() as tx:
        await tx.enqueue(*jobs)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for *condition*, with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 -- nobody signals what is waited for
            await asyncio.sleep(0.005)


async def until_empty(pool: asyncpg.Pool) -> None:
    """Wait until no job is left."""
    async with asyncio.timeout(DEADLINE_S):
        while await pool.fetchval("SELECT count(*) FROM pgqueuer"):  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(dsn: str, work: Work, *, ready: bool = True) -> AsyncIterator[JobRunner]:
    """A runner that works on refresh jobs."""
    runner = JobRunner(dsn, {JobName.REFRESH: work})
    task = asyncio.create_task(runner.run())
    try:
        if ready:
            await until(lambda: runner.healthy)
        yield runner
    finally:
        runner.stop()
        async with asyncio.timeout(DEADLINE_S):
            await task


async def test_a_job_runs_after_the_commit_and_not_before(store: Store, database_url: str) -> None:
    """A handler finds what the transaction wrote."""
    work = Work()
    async with running(database_url, work):
        async with store.transaction() as tx:
            await tx.enqueue(refresh("1"))
            await tx.now()
            assert work.done == []
        await until(lambda: work.done == ["1"])


async def test_graver_jobs_go_first(store: Store, database_url: str) -> None:
    """And equals in the order they were enqueued."""
    work = Work()
    await enqueue(store, *(refresh(f"{number}", priority=number // 2 * 10) for number in range(8)))
    async with running(database_url, work):
        await until(lambda: len(work.done) == 8)
    assert work.done == ["6", "7", "4", "5", "2", "3", "0", "1"]


async def test_deferred_jobs_start_on_time(store: Store, database_url: str) -> None:
    """Never early, and within 50 ms of their due time."""
    work = Work()
    delays = [0.05, 0.2, 0.5, 1.3]
    async with running(database_url, work):
        await enqueue(store, *(refresh(f"{s}", after=timedelta(seconds=s)) for s in delays))
        enqueued = time.monotonic()
        await until(lambda: len(work.done) == len(delays))
    late = [at - enqueued - float(delay) for at, delay in zip(work.at, work.done, strict=True)]
    assert min(late) > -0.05  # the database's clock began to count before ours did
    assert sorted(late)[len(late) // 2] < 0.05
    assert max(late) < 0.5, "the machine may be busy, but not that busy"


async def test_moving_the_clock_makes_jobs_due(store: Store, database_url: str) -> None:
    """Fifteen minutes pass at once; the job starts within a second or so."""
    await install_movable_clock(database_url)
    work = Work()
    async with running(database_url, work):
        await enqueue(store, refresh("1", after=timedelta(minutes=15)))
        shifted = time.monotonic()
        await shift_clock(database_url, timedelta(minutes=15))
        await until(lambda: work.done == ["1"])
    assert work.at[0] - shifted < 2 * module.POLL_S


async def test_a_handler_says_when_to_run_again(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Until it has nothing more to say; then the job is gone."""

    async def thrice(_payload: str) -> timedelta | None:
        return timedelta(milliseconds=30) if len(work.done) < 3 else None

    work = Work(thrice)
    async with running(database_url, work):
        await enqueue(store, refresh("1"))
        await until_empty(pool)
    assert work.done == ["1"] * 3
    assert work.at[-1] - work.at[0] < module.POLL_S, "a retry wakes the queue; it is not found by polling"


async def test_a_part_that_is_away_postpones_the_job(
    store: Store, pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning, a growing delay, and no end."""
    monkeypatch.setattr(module, "_POSTPONE_S", (0.01, 0.05))

    async def away_at_first(_payload: str) -> timedelta | None:
        if len(work.done) < 5:
            raise UpstreamUnavailable("503")
        return None

    work = Work(away_at_first)
    with capture_logs() as lines:
        async with running(database_url, work):
            await enqueue(store, refresh("1"))
            await until_empty(pool)
    postponed = [line for line in lines if line["event"] == "job.postponed"]
    assert [line["retry_s"] for line in postponed] == [0.01, 0.02, 0.04, 0.05]
    assert {line["log_level"] for line in postponed} == {"warning"}


async def test_a_bug_is_an_error_and_loses_nothing(
    store: Store, pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback is in the log, the row in the queue, and the handler gets another chance."""
    monkeypatch.setattr(module, "_FAILURE_S", (0.01, 1.0))

    async def fails_once(_payload: str) -> timedelta | None:
        if len(work.done) == 1:
            raise ZeroDivisionError
        return None

    work = Work(fails_once)
    with capture_logs() as lines:
        async with running(database_url, work):
            await enqueue(store, refresh("1"))
            await until_empty(pool)
    (failed,) = [line for line in lines if line["event"] == "job.failed"]
    assert (failed["log_level"], failed["exc_info"]) == ("error", True)
    assert work.done == ["1", "1"]
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_log WHERE traceback IS NOT NULL") == 0


async def test_what_is_asked_for_while_it_runs_runs_once_more(
    store: Store, pool: asyncpg.Pool, database_url: str
) -> None:
    """However often it is asked for: the running one may have read the old state."""
    go_on = asyncio.Event()

    async def wait(_payload: str) -> None:
        await go_on.wait()

    work = Work(wait)
    async with running(database_url, work):
        await enqueue(store, refresh("1"))
        await until(lambda: len(work.done) == 1)
        await enqueue(store, refresh("1"), refresh("1"))
        await enqueue(store, refresh("1"))
        go_on.set()
        await until_empty(pool)
    assert work.done == ["1", "1"]


async def test_a_handler_may_ask_for_its_own_key(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """It runs once more after it has returned."""

    async def again(_payload: str) -> None:
        if len(work.done) < 3:
            await enqueue(store, refresh("1"))

    work = Work(again)
    async with running(database_url, work):
        await enqueue(store, refresh("1"))
        await until_empty(pool)
    assert work.done == ["1"] * 3


async def test_a_state_that_changes_under_a_busy_queue_is_always_seen(
    store: Store, pool: asyncpg.Pool, database_url: str
) -> None:
    """Every change enqueues the same key; whatever the timing, the last run saw the last change."""
    guilds = "SELECT count(*) FROM guilds"
    seen = []

    async def look(_payload: str) -> None:
        seen.append(await pool.fetchval(guilds))

    async with running(database_url, Work(look)):
        for number in range(100):
            async with store.transaction() as tx:
                await tx._sql.all("register_guild", number)  # type: ignore[attr-defined]
                await tx.enqueue(refresh("1"))
            await asyncio.sleep(number % 7 / 1000)
        await until_empty(pool)
    assert seen[-1] == 100


async def test_a_cancelled_job_does_not_run(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Taken back in the transaction that makes it moot; the others run."""
    await enqueue(store, refresh("1"), refresh("2"))
    async with store.transaction() as tx:
        await tx.cancel_jobs(["refresh:1"])
    work = Work()
    async with running(database_url, work):
        await until_empty(pool)
    assert work.done == ["2"]


async def test_two_runners_share_the_work(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Five hundred jobs, each once."""
    await enqueue(store, *(refresh(f"{number}") for number in range(500)))
    work, other = Work(), Work()
    async with running(database_url, work, ready=False), running(database_url, other, ready=False):
        await until_empty(pool)
    assert Counter(work.done + other.done) == Counter(f"{number}" for number in range(500))


async def test_an_abandoned_job_is_taken_over(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Its worker was killed: nobody gives a sign of life for it any more."""
    await install_movable_clock(database_url)
    await enqueue(store, refresh("1"))
    await pool.execute(
        "UPDATE pgqueuer SET status = 'picked', heartbeat = now(), queue_manager_id = gen_random_uuid()"
    )
    work = Work()
    async with running(database_url, work):
        await shift_clock(database_url, timedelta(seconds=module.HEARTBEAT_S + 1))
        await until(lambda: work.done == ["1"])


async def test_a_killed_process_leaves_its_job_behind(
    store: Store, pool: asyncpg.Pool, database_url: str
) -> None:
    """A handler that is cancelled with everything else has not done its work: the next process takes over."""
    work = Work(lambda _payload: asyncio.Event().wait())  # type: ignore[arg-type, return-value]
    bystanders = asyncio.all_tasks()
    runner = JobRunner(database_url, {JobName.REFRESH: work})
    asyncio.create_task(runner.run())  # noqa: RUF006 -- found again below
    await enqueue(store, refresh("1"))
    await until(lambda: work.done == ["1"])
    tasks = asyncio.all_tasks() - bystanders
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert await pool.fetchval("SELECT status::text FROM pgqueuer") == "picked"


async def test_cancelling_the_runner_is_like_stopping_it(
    store: Store, pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that does not end is interrupted, and its job queued for the next process."""
    monkeypatch.setattr(module, "_GRACE_S", 0.1)
    work = Work(lambda _payload: asyncio.Event().wait())  # type: ignore[arg-type, return-value]
    runner = JobRunner(database_url, {JobName.REFRESH: work})
    task = asyncio.create_task(runner.run())
    await enqueue(store, refresh("1"))
    await until(lambda: work.done == ["1"])
    task.cancel()
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.wait({task})
    assert task.cancelled()
    assert await pool.fetchval("SELECT status::text FROM pgqueuer") == "queued"


async def test_stopping_gives_handlers_a_moment(
    store: Store, pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever needs longer is interrupted; the job is queued for the next process."""
    monkeypatch.setattr(module, "_GRACE_S", 0.2)
    started, finished = asyncio.Event(), asyncio.Event()

    async def quick_or_not(payload: str) -> None:
        if payload == "quick":
            started.set()
            await asyncio.sleep(0.05)
            finished.set()
        else:
            await asyncio.Event().wait()

    work = Work(quick_or_not)
    async with running(database_url, work) as runner:
        await enqueue(store, refresh("slow", priority=1), refresh("quick"))
        await started.wait()
        runner.stop()
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 2
    assert finished.is_set()
    assert not runner.healthy
    rows = await pool.fetch("SELECT dedupe_key, status::text FROM pgqueuer")
    assert [tuple(row) for row in rows] == [("refresh:slow", "queued")]


async def test_stopping_before_the_start_is_fine(database_url: str) -> None:
    """Nothing is begun."""
    runner = JobRunner(database_url, {JobName.REFRESH: Work()})
    runner.stop()
    await runner.run()
    assert not runner.healthy


async def test_history_is_not_kept_for_ever(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Once counted, a week; the counts, a quarter."""
    async with running(database_url, Work()):
        await enqueue(store, refresh("1"))
        await until_empty(pool)
    queries = PatientQueries(pool, on_answer=lambda: None, on_failure=lambda: None)
    await queries.aggregate_logs()
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_log") > 0
    await pool.execute("UPDATE pgqueuer_log SET created = now() - interval '8 days'")
    await pool.execute("UPDATE pgqueuer_statistics SET created = created - interval '91 days'")
    await queries.aggregate_logs()
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_log") == 0
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_statistics") == 0


@pytest.fixture
def own_cluster() -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop."""
    root = cluster_folder()
    with start_sweeper(root) as sweeper:
        with EmbeddedPostgres(root, durable=False) as server:
            migrate(server.ensure_database("bot"))
            yield server
        sweeper.communicate()


async def test_the_runner_survives_a_restart_of_the_server(own_cluster: EmbeddedPostgres) -> None:
    """It says that it is not well meanwhile; what was queued before runs afterwards, and new work too."""
    dsn = own_cluster.dsn("bot")
    pool = await open_pool(dsn)
    store = PostgresStore(pool)
    work = Work()
    await enqueue(store, refresh("before", after=timedelta(seconds=1)))
    with capture_logs() as lines:
        async with running(dsn, work) as runner:
            own_cluster.stop()
            await until(lambda: not runner.healthy)
            with pytest.raises(StorageUnavailable):
                await store.now()
            own_cluster.start()
            back = time.monotonic()
            await until(lambda: runner.healthy)
            assert time.monotonic() - back < 6
            await enqueue(store, refresh("after"))
            await until(lambda: sorted(work.done) == ["after", "before"])
    await pool.close()
    assert "jobs.runner_failed" in {line["event"] for line in lines}
    assert not [line for line in lines if line["log_level"] == "error"]
