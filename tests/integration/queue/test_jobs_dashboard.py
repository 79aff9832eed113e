"""`incident-bot jobs`: PgQueuer's dashboard shows our queue, and changes nothing unless asked to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import httpx
import pytest

from bot.cli.jobs import dashboard
from bot.domain.jobs import Job, JobName
from bot.storage.database.pools import open_pool
from bot.storage.database.sql import Sql
from bot.storage.queue.enqueue import Queue
from tests.postgres import connect


@asynccontextmanager
async def browser(
    dsn: str, *, allow_changes: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the dashboard."""
    application = dashboard(dsn, allow_changes=allow_changes)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            yield client


@pytest.fixture
async def queued(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database with a step in its queue."""
    connection = await connect(database_url)
    queue = Queue(Sql(connection), guild_id=None, is_shared=False)
    await queue.put(Job(JobName.ESCALATE, "42:1", "step:42:1", after=timedelta(hours=1)))
    yield connection
    await connection.close()


async def test_the_queue_is_shown(database_url: str, queued: asyncpg.Connection) -> None:
    """Every page answers, from our schema, and the job is there."""
    job = await queued.fetchval("SELECT id FROM pgqueuer")
    async with browser(database_url) as client:
        for page in (
            "/",
            "/entrypoints",
            "/jobs",
            f"/jobs/{job}",
            "/failures",
            "/workers",
            "/schedules",
            "/system",
        ):
            shown = await client.get(page)
            assert shown.status_code == 200, page
        assert "escalate" in (await client.get("/jobs")).text
        assert "42:1" in (await client.get(f"/jobs/{job}")).text
        assert (await client.get("/static/style.css")).is_success


async def test_nothing_can_be_changed(database_url: str, queued: asyncpg.Connection) -> None:
    """The dashboard's buttons are refused, and its database sessions cannot write."""
    job = await queued.fetchval("SELECT id FROM pgqueuer")
    async with browser(database_url) as client:
        for path in (f"/jobs/{job}/cancel", "/jobs/requeue"):
            refused = await client.post(path, data={"ids": str(job)})
            assert refused.status_code == 405
            assert "--allow-changes" in refused.text
    assert await queued.fetchval("SELECT status::text FROM pgqueuer") == "queued"
    pool = await open_pool(database_url, read_only=True)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pool.execute("DELETE FROM pgqueuer")
    await pool.close()


async def test_changes_are_for_those_who_ask(database_url: str, queued: asyncpg.Connection) -> None:
    """A job is cancelled; not by another site's page."""
    job = await queued.fetchval("SELECT id FROM pgqueuer")
    async with browser(database_url, allow_changes=True) as client:
        foreign = await client.post(f"/jobs/{job}/cancel", headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        assert await queued.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'queued'") == 1
        assert (await client.post(f"/jobs/{job}/cancel")).status_code == 204
    assert await queued.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'queued'") == 0


async def test_it_answers_to_its_own_name_only(database_url: str) -> None:
    """A name that was made to point at this machine gets nothing."""
    async with browser(database_url, host="evil.example.com") as client:
        assert (await client.get("/")).status_code == 400
