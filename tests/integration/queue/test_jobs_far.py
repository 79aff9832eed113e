"""The queue's runner with a distant database: it hears its own notifications, in few round trips."""

import asyncio
from datetime import timedelta
from unittest.mock import patch

import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.models import Job
from structlog.testing import capture_logs

from bot.storage.database.sql import Sql
from bot.storage.queue.runner import PatientQueries
from bot.storage.store import Store
from tests.integration.queue.job_world import DEADLINE_S, Work, enqueue, refresh, running, until, until_empty
from tests.pg_proxy import PgProxy

_AWAY_S = 0.1
_PROBE_S = 10.0


def _queries(pool: asyncpg.Pool) -> PatientQueries:
    return PatientQueries(pool, on_ask=lambda: None, on_answer=lambda: None, on_failure=lambda: None)


async def test_what_is_said_before_the_queue_listens_is_heard(pool: asyncpg.Pool) -> None:
    """PgQueuer asks whether it hears itself before it has begun to listen."""
    driver, heard = _queries(pool).driver, list[str | bytes | bytearray]()
    assert isinstance(driver, AsyncpgPoolDriver)
    async with driver:
        question = asyncio.create_task(driver.notify("here", "do I hear myself?"))
        await asyncio.wait({question}, timeout=0.2)
        await driver.add_listener("here", heard.append)
        await question
        await until(lambda: heard == ["do I hear myself?"])


async def test_one_question_tells_when_the_next_job_is_due(store: Store, pool: asyncpg.Pool) -> None:
    """The database is asked once whether a job is due, whether one is queued, and when the nearest is due.

    An empty queue, deferred jobs and a due job are told apart.
    """
    there, names = _queries(pool), ["refresh", "escalate"]

    async def asked() -> tuple[int, timedelta | None, int]:
        with patch.object(asyncpg.Pool, "acquire", autospec=True, side_effect=asyncpg.Pool.acquire) as borrow:
            eligible = await there.eligible_queued_work(names)  # type: ignore[arg-type]
            eta = await there.next_deferred_eta(names)  # type: ignore[arg-type]
            queued = await there.queued_work(names)  # type: ignore[arg-type]
        assert borrow.call_count == 1
        return eligible, eta, queued

    assert await asked() == (0, None, 0)
    await enqueue(
        store, refresh("later", after=timedelta(minutes=2)), refresh("soon", after=timedelta(minutes=1))
    )
    eligible, eta, queued = await asked()
    assert (eligible, queued) == (0, 1)
    assert eta is not None
    assert timedelta(seconds=50) < eta <= timedelta(minutes=1)
    await enqueue(store, refresh("now"))
    assert (await asked())[0] == 1


async def test_what_is_asked_for_in_the_moment_of_the_end_runs_again(
    store: Store, pool: asyncpg.Pool
) -> None:
    """The transaction that asks still holds the job while its end is written: the end waits, and sees it."""
    await enqueue(store, refresh("asked"), refresh("done"))
    await pool.execute("UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid()")
    rows = await pool.fetch("SELECT * FROM pgqueuer")
    ended = [(Job.model_validate(dict(row)), "successful", None) for row in rows]
    async with pool.acquire() as asking:
        async with asking.transaction():
            await Sql(asking).all(
                "ask_again",
                keys=["refresh:asked"],
                delays=[timedelta()],
                sooner=[False],
                patience=[timedelta()],
            )
            ending = asyncio.create_task(_queries(pool).log_jobs(ended))  # type: ignore[arg-type]
            async with asyncio.timeout(DEADLINE_S):
                while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        await ending
    left = await pool.fetch("SELECT dedupe_key, status::text, headers FROM pgqueuer")
    assert [(row["dedupe_key"], row["status"]) for row in left] == [("refresh:asked", "queued")]
    assert "again_at" not in (left[0]["headers"] or {})
    logged = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'"
    assert await pool.fetchval(logged) == 1


@pytest.mark.slow
async def test_a_runner_stays_where_the_database_is_far_away(
    store: Store, pool: asyncpg.Pool, database_url: str
) -> None:
    """A runner with a distant database works on without a warning past its first ten seconds.

    So the runner is not started anew.
    """
    async with PgProxy(database_url, delay_s=_AWAY_S / 2).running() as proxy:
        with capture_logs() as logs:
            async with running(proxy.dsn(), Work()):
                await asyncio.sleep(_PROBE_S + 5 * _AWAY_S + 1)
                await enqueue(store, refresh("1"))
                await until_empty(pool)
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == []
