"""The queue's promises: on time, in order, once per key, never lost."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from bot.domain.errors import UpstreamUnavailable
from bot.domain.jobs import IN_LINE, Job, JobName
from bot.storage.queue import enqueue as queue_module
from bot.storage.queue import runner as module
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from tests.integration.queue.job_world import DEADLINE_S, Work, enqueue, refresh, running, until, until_empty
from tests.patience import PATIENCE_S, pulse
from tests.postgres import install_movable_clock, shift_clock

#: Seconds by which the database's clock may go faster than ours for as long as this takes.
_CLOCKS_DIFFER_S = 0.01

#: What is not put off until later.
_AT_ONCE = "SELECT count(*) FROM pgqueuer WHERE execute_after < now() + interval '1 minute'"


async def test_a_job_runs_after_the_commit_and_not_before(store: Store, database_url: str) -> None:
    """A handler finds what the transaction wrote."""
    work = Work()
    async with running(database_url, work):
        async with store.transaction() as tx:
            await tx.enqueue(refresh("1"))
            await tx.now()
            assert work.done == []
        await until(lambda: work.done == ["1"])


async def test_more_severe_jobs_go_first(store: Store, database_url: str) -> None:
    """More severe jobs run first, and those of equal severity in the order they were enqueued."""
    work = Work()
    await enqueue(store, *(refresh(f"{number}", priority=number // 2 * 10) for number in range(8)))
    async with running(database_url, work):
        await until(lambda: len(work.done) == 8)
    assert work.done == ["6", "7", "4", "5", "2", "3", "0", "1"]


async def test_deferred_jobs_start_on_time(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never early, in their order, and as soon as a job that is due at once; no poll finds them."""
    monkeypatch.setattr(module, "POLL_S", 10 * PATIENCE_S)
    work, delays, at_once = Work(), [0.05, 0.2, 0.5, 1.3], list[float]()
    async with running(database_url, work):
        begun = time.monotonic()
        await enqueue(store, *(refresh(f"{s}", after=timedelta(seconds=s)) for s in delays))
        await until(lambda: len(work.done) == len(delays))
        for number in range(9):
            asked = time.monotonic()
            await enqueue(store, refresh(f"at once {number}"))
            await until(lambda: len(work.done) == len(delays) + len(at_once) + 1)
            at_once.append(work.at[-1] - asked)
    assert work.done[: len(delays)] == [f"{delay}" for delay in delays]
    late = [at - begun - delay for at, delay in zip(work.at, delays, strict=False)]
    assert min(late) > -_CLOCKS_DIFFER_S
    assert min(late) < max(at_once) + 0.05, "the least late of them; a busy machine is late with any"


async def test_moving_the_clock_makes_jobs_due(store: Store, database_url: str) -> None:
    """Fifteen minutes pass at once; the job starts within a second or so."""
    await install_movable_clock(database_url)
    work = Work()
    async with running(database_url, work):
        await enqueue(store, refresh("1", after=timedelta(minutes=15)))
        async with pulse() as passed_s:
            await shift_clock(database_url, timedelta(minutes=15))
            await until(lambda: work.done == ["1"])
            assert passed_s() < 2 * module.POLL_S


async def test_a_handler_says_when_to_run_again(
    store: Store, pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job runs again after the time that its handler returns, until the handler returns None.

    Each further run begins without waiting for a poll, and the finished job is gone.
    """
    monkeypatch.setattr(module, "POLL_S", 10 * PATIENCE_S)

    async def thrice(_payload: str) -> timedelta | None:
        return timedelta(milliseconds=30) if len(work.done) < 3 else None

    work = Work(thrice)
    async with running(database_url, work):
        await enqueue(store, refresh("1"))
        await until_empty(pool)
    assert work.done == ["1"] * 3


@pytest.mark.parametrize(
    ("name", "delays"),
    [(JobName.REFRESH, [0.01, 0.02, 0.04, 0.05]), (JobName.ESCALATE, [0.01, 0.02, 0.02, 0.02])],
)
async def test_a_part_that_is_away_postpones_the_job(
    store: Store,
    pool: asyncpg.Pool,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    name: JobName,
    delays: list[float],
) -> None:
    """A warning, a growing delay, and no end; what is promised within seconds is tried every two."""
    assert module._PROMISED_S[1] <= 2.0
    monkeypatch.setattr(module, "_POSTPONE_S", (0.01, 0.05))
    monkeypatch.setattr(module, "_PROMISED_S", (0.01, 0.02))

    async def away_at_first(_payload: str) -> timedelta | None:
        if len(work.done) < 5:
            raise UpstreamUnavailable("503")
        return None

    work = Work(away_at_first)
    with capture_logs() as lines:
        async with running(database_url, work):
            await enqueue(store, Job(name, "1", f"{name}:1"))
            await until_empty(pool)
    postponed = [line for line in lines if line["event"] == "job.postponed"]
    assert [line["retry_s"] for line in postponed] == delays
    assert {line["log_level"] for line in postponed} == {"warning"}


@pytest.mark.parametrize("again", [None, timedelta(hours=1)])
async def test_a_step_that_is_put_off_is_not_decided(
    store: Store,
    pool: asyncpg.Pool,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    again: timedelta | None,
) -> None:
    """A job of a step that is to run again later does not count as a decision; a finished job does.

    So a step that is put off does not hide an overdue one from the emergency.
    """
    monkeypatch.setattr(queue_module, "_BUSY_S", 60.0)
    watch = QueueWatch()

    async def look(_payload: str) -> timedelta | None:
        return again

    await enqueue(store, Job(JobName.ESCALATE, "1:1", "step:1:1"))
    async with running(database_url, Work(look), watch=watch):
        async with asyncio.timeout(DEADLINE_S):
            while await pool.fetchval(_AT_ONCE):  # noqa: ASYNC110 -- nobody signals what is waited for
                await asyncio.sleep(0.01)
        assert watch.is_deciding is (again is None)


@pytest.mark.parametrize(("name", "delay"), [(JobName.REFRESH, 0.2), (JobName.ESCALATE, 0.01)])
async def test_a_limit_is_waited_for(
    store: Store,
    pool: asyncpg.Pool,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    name: JobName,
    delay: float,
) -> None:
    """A job that Discord limits waits as long as Discord says.

    An escalation, which is promised within seconds, is tried again sooner.
    """
    monkeypatch.setattr(module, "_POSTPONE_S", (0.01, 0.05))
    monkeypatch.setattr(module, "_PROMISED_S", (0.01, 0.02))

    async def limited_once(_payload: str) -> timedelta | None:
        if len(work.done) == 1:
            raise UpstreamUnavailable("HTTP 429", http_status=429, retry_after_s=0.2)
        return None

    work = Work(limited_once)
    with capture_logs() as lines:
        async with running(database_url, work):
            await enqueue(store, Job(name, "1", f"{name}:1"))
            await until_empty(pool)
    assert [line["retry_s"] for line in lines if line["event"] == "job.postponed"] == [delay]


async def test_what_is_asked_for_meanwhile_does_not_wait_for_a_limit(
    store: Store, pool: asyncpg.Pool, database_url: str
) -> None:
    """The run that it came too late for has to wait for long; it does not."""

    async def limited(_payload: str) -> timedelta | None:
        if len(work.done) > 1:
            return None
        await enqueue(store, refresh("1"))
        return timedelta(minutes=10)

    work = Work(limited)
    async with running(database_url, work):
        await enqueue(store, refresh("1"))
        await until_empty(pool)
    assert work.done == ["1"] * 2


@pytest.mark.parametrize(("waits", "left"), [(timedelta(minutes=10), False), (timedelta(seconds=4), True)])
async def test_a_long_wait_is_cut_short_and_a_place_in_line_is_kept(
    store: Store, pool: asyncpg.Pool, waits: timedelta, *, left: bool
) -> None:
    """A change that comes meanwhile has room long before; moments later there is room in any case."""
    job = Job(JobName.REFRESH, "1", "refresh:1", sooner=True, patience=IN_LINE)
    await enqueue(store, replace(job, after=waits))
    await enqueue(store, job)
    assert await pool.fetchval("SELECT execute_after > now() + interval '3 s' FROM pgqueuer") is left


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
    """A job that is enqueued several times while it runs, runs once more afterwards.

    The running job may have read the old state.
    """
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
    """A job that enqueues its own key runs once more after its handler has returned."""

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
                await tx.sql.all("register_guild", guild_id=number)
                await tx.enqueue(refresh("1"))
            await asyncio.sleep(number % 7 / 1000)
        await until_empty(pool)
    assert seen[-1] == 100


async def test_a_cancelled_job_does_not_run(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Taken back in the transaction that makes it obsolete; the others run."""
    await enqueue(store, refresh("1"), refresh("2"))
    async with store.transaction() as tx:
        await tx.cancel_jobs(["refresh:1"])
    work = Work()
    async with running(database_url, work):
        await until_empty(pool)
    assert work.done == ["2"]


async def test_two_runners_share_the_work(store: Store, pool: asyncpg.Pool, database_url: str) -> None:
    """Two runners together run each of five hundred jobs exactly once."""
    await enqueue(store, *(refresh(f"{number}") for number in range(500)))
    work, other = Work(), Work()
    async with running(database_url, work, ready=False), running(database_url, other, ready=False):
        await until_empty(pool)
    assert Counter(work.done + other.done) == Counter(f"{number}" for number in range(500))


async def test_a_time_that_is_set_while_the_last_job_ends_is_kept(store: Store, pool: asyncpg.Pool) -> None:
    """An earlier time that is set while a job puts itself back for later is kept."""
    later = Job(JobName.REMIND, "1", "remind:1", after=timedelta(hours=2), sooner=True)
    await enqueue(store, later)
    await pool.execute("UPDATE pgqueuer SET status = 'picked'")
    async with pool.acquire() as ending, ending.transaction():  # as `PatientQueries.log_jobs` does
        await ending.execute("UPDATE pgqueuer SET status = 'queued'")
        setting = asyncio.create_task(_set_again(store, replace(later, after=timedelta(minutes=30))))
        async with asyncio.timeout(DEADLINE_S):
            while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    await setting
    assert await pool.fetchval("SELECT execute_after < now() + interval '31 minutes' FROM pgqueuer")


async def _set_again(store: Store, job: Job) -> None:
    async with store.transaction() as tx:
        await tx.cancel_jobs([job.key])
        await tx.enqueue(job)
