"""How a life of the queue's runner ends, and what the next one finds: stopped, cancelled, killed, cut off."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import JobName
from bot.storage.database.pools import open_pool
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.queue import runner as module
from bot.storage.queue.runner import JobRunner, PatientQueries
from bot.storage.store import Store
from tests.integration.queue.job_world import DEADLINE_S, Work, enqueue, refresh, running, until, until_empty
from tests.patience import PATIENCE_S, pulse
from tests.postgres import copy_database, install_movable_clock, server_of_its_own, shift_clock


async def test_an_abandoned_job_is_taken_over(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """A job whose worker was killed is run by another one."""
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
    """Stopping waits briefly for handlers; a longer one is interrupted, and its job is queued again."""
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
    assert time.monotonic() - stopped < PATIENCE_S
    assert finished.is_set()
    assert not runner.healthy
    rows = await pool.fetch("SELECT dedupe_key, status::text FROM pgqueuer")
    assert [tuple(row) for row in rows] == [("refresh:slow", "queued")]


async def test_stopping_before_the_start_is_fine(database_url: str) -> None:
    """Stopping a job runner before it starts is no error, and it begins nothing."""
    runner = JobRunner(database_url, {JobName.REFRESH: Work()})
    runner.stop()
    await runner.run()
    assert not runner.healthy


async def test_history_is_not_kept_for_ever(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """The job log is kept a week once it is counted, and the counts a quarter of a year."""
    async with running(database_url, Work()):
        await enqueue(store, refresh("1"))
        await until_empty(pool)
    queries = PatientQueries(pool, on_ask=lambda: None, on_answer=lambda: None, on_failure=lambda: None)
    await queries.aggregate_logs()
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_log") > 0
    await pool.execute("UPDATE pgqueuer_log SET created = now() - interval '8 days'")
    await pool.execute("UPDATE pgqueuer_statistics SET created = created - interval '91 days'")
    await queries.aggregate_logs()
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_log") == 0
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_statistics") == 0


@pytest.fixture
def own_cluster(prepared: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop."""
    with server_of_its_own(prepared) as server:
        yield server


async def test_the_runner_survives_a_restart_of_the_server(own_cluster: EmbeddedPostgres) -> None:
    """The runner is unhealthy while the database server is down, and healthy within six seconds afterwards.

    A job that was queued before the restart runs afterwards, and so does a new one.
    """
    dsn = await copy_database(own_cluster, "bot")
    pool = await open_pool(dsn)
    store = Store(pool)
    work = Work()
    await enqueue(store, refresh("before", after=timedelta(seconds=1)))
    with capture_logs() as lines:
        async with running(dsn, work) as runner:
            own_cluster.stop()
            await until(lambda: not runner.healthy)
            with pytest.raises(StorageUnavailable):
                await store.now()
            own_cluster.start()
            async with pulse() as passed_s:
                await until(lambda: runner.healthy)
                assert passed_s() < 6
            await enqueue(store, refresh("after"))
            await until(lambda: sorted(work.done) == ["after", "before"])
    await pool.close()
    assert "jobs.runner_failed" in {line["event"] for line in lines}
    assert not [line for line in lines if line["log_level"] == "error"]
