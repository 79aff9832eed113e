"""The failed notifications in somebody else's database: poolers, missing columns, a million rows, absence."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from bot.domain.delivery.delivery import DeliveryKind
from bot.domain.dlq import DlqFilter, NewFailure, failure_id
from bot.domain.errors import StorageUnavailable
from bot.services.delivery.handling import record_job
from bot.services.ports import Job, JobName
from bot.storage.database.pools import open_dlq_pool, open_pool
from bot.storage.database.sql import queries
from bot.storage.dlq import COLUMNS, PostgresDlqStore
from bot.storage.store import PostgresStore
from tests.integration.storage.examples import GUILD, delivery_ids, open_incident, owed
from tests.postgres import connect, install_movable_clock, shift_clock
from tests.services.database import Database
from tests.services.desk import PRIMARY, Desk

ENTRY = UUID(int=1)


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it for the failures."""
    pool = await open_dlq_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
def dlq(pool: asyncpg.Pool) -> PostgresDlqStore:
    """The store on it."""
    return PostgresDlqStore(pool, most_severe="P0")


async def failure(database_url: str, **changes: object) -> NewFailure:
    """A failure of now."""
    connection = await connect(database_url)
    now = await connection.fetchval("SELECT now()")
    await connection.close()
    values: dict[str, object] = {
        "id": ENTRY,
        "attempted_at": now,
        "channel": "p0-alerts",
        "severity": "P0",
        "title": "題",
        "http_status": 503,
        "retry_count": 5,
        "error_message": "upstream timeout",
        "fallback_email_sent": False,
        "payload": {"content": "🔴"},
    }
    return NewFailure(**(values | changes))  # type: ignore[arg-type]


async def test_text_that_postgres_refuses_does_not_lose_the_failure(
    dlq: PostgresDlqStore, database_url: str
) -> None:
    """NUL and lone surrogates in every text and in the payload."""
    nasty = "a\0b\ud83d"
    await dlq.record(
        await failure(database_url, title=nasty, error_message=nasty, channel=nasty, payload={nasty: [nasty]})
    )
    entry = await dlq.entry(ENTRY)
    assert (entry.title, entry.channel, entry.payload) == ("ab\ufffd", "ab\ufffd", {"ab\ufffd": ["ab\ufffd"]})


async def test_what_an_outage_held_back_tells_no_title_once_it_is_private(
    dlq: PostgresDlqStore, database_url: str
) -> None:
    """It has a row, as it was mailed, and it was never given up."""
    main = await open_pool(database_url)
    desk = Desk(Database(main), guild_id=GUILD)
    store = desk.store
    desk.dlq_store = dlq
    desk.use(desk.discord)
    incident = await open_incident(store)
    [alert] = await delivery_ids(store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with store.transaction() as tx:
        await tx.hold_delivery(alert, error="HTTP 503", http_status=503, after=timedelta(minutes=1))
    await desk.run(record_job(alert, priority=1))
    row = failure_id((await store.delivery(alert)).nonce)
    assert (await dlq.entry(row)).title == incident.title
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    payload = await main.fetchval("SELECT payload FROM pgqueuer WHERE entrypoint = 'redact_failures'")
    await desk.run(Job(JobName.REDACT_FAILURES, payload.decode(), "redact_failures"))
    told = await dlq.entry(row)
    assert (told.title, told.payload) == (incident.label, {})
    await main.close()


async def test_a_payload_of_another_shape_is_left_out(dlq: PostgresDlqStore, database_url: str) -> None:
    """The API may have stored anything; what is no JSON object cannot be replayed."""
    connection = await connect(database_url)
    for number, payload in enumerate(("null", "[1]", '"text"', None)):
        await connection.execute(
            "INSERT INTO admin.notification_failures (id, channel, payload) VALUES ($1, 'x', $2)",
            UUID(int=number),
            payload,
        )
    await connection.close()
    assert [(await dlq.entry(UUID(int=number))).payload for number in range(4)] == [None] * 4


async def test_the_window_follows_the_databases_clock(dlq: PostgresDlqStore, database_url: str) -> None:
    """Not this process's."""
    await dlq.record(await failure(database_url))
    await install_movable_clock(database_url)
    await shift_clock(database_url, timedelta(hours=23))
    assert (await dlq.page(DlqFilter(), number=1, size=9)).total == 1
    await shift_clock(database_url, timedelta(hours=2))
    assert (await dlq.page(DlqFilter(), number=1, size=9)).total == 0


async def test_nothing_is_left_in_the_session(dlq: PostgresDlqStore, pool: asyncpg.Pool) -> None:
    """Behind a pooler the session is somebody else's next: no prepared statement, no setting."""
    await dlq.page(DlqFilter(), number=1, size=9)
    await dlq.http_statuses(hours=1)
    async with pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''") == 0
        assert await connection.fetchval("SHOW statement_timeout") == "0"
        assert "incident_bot" not in await connection.fetchval("SHOW search_path")


async def test_questions_are_read_only(dlq: PostgresDlqStore) -> None:
    """A mistake here cannot change what belongs to somebody else."""
    async with dlq._question() as sql:
        with pytest.raises(StorageUnavailable):
            await sql.all("redact_failures", ids=[ENTRY], title=None)


async def test_a_slow_question_ends(
    dlq: PostgresDlqStore, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """By the statement's own time limit, in that transaction only."""
    monkeypatch.setattr("bot.storage.dlq._QUESTION_MS", 50)
    blocker = await connect(database_url)
    async with blocker.transaction():
        await blocker.execute("LOCK admin.notification_failures IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StorageUnavailable):
            await dlq.p0_failed(limit=1)
    await blocker.close()
    assert await dlq.p0_failed(limit=1) == []


async def test_missing_columns_are_named(dlq: PostgresDlqStore, database_url: str) -> None:
    """In the runbook's order; a missing table is a missing everything."""
    connection = await connect(database_url)
    await connection.execute(
        "ALTER TABLE admin.notification_failures DROP COLUMN payload, DROP COLUMN channel, ADD more int"
    )
    assert await dlq.missing_columns() == ("channel", "payload")
    await connection.execute("DROP TABLE admin.notification_failures")
    assert await dlq.missing_columns() == ("*",)
    await connection.close()
    assert COLUMNS[0] == "id"


async def test_a_database_that_is_away_at_start_is_no_error_until_asked(tmp_path: Path) -> None:
    """And then it is: try again."""
    pool = await open_dlq_pool(f"postgresql://postgres@/none?host={tmp_path}")
    with pytest.raises(StorageUnavailable):
        await PostgresDlqStore(pool, most_severe="P0").missing_columns()
    await pool.close()


async def test_a_pool_that_lost_its_connections_recovers(dlq: PostgresDlqStore, database_url: str) -> None:
    """The first question after the loss may fail, the next one works."""
    assert await dlq.missing_columns() == ()
    other = await connect(database_url)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()
    results = []
    async with asyncio.timeout(5):
        while () not in results:
            results.append(await _try(dlq))
    assert len(results) <= 2


async def test_our_own_pool_does_as_well(database_url: str) -> None:
    """The failures are in our own database unless told otherwise."""
    pool = await open_pool(database_url)
    dlq = PostgresDlqStore(pool, most_severe="P0")
    await dlq.record(await failure(database_url))
    assert (await dlq.entry(ENTRY)).payload == {"content": "🔴"}
    assert await PostgresStore(pool).replay_of(ENTRY) is None
    await pool.close()


async def test_a_page_is_read_off_the_index(database_url: str) -> None:
    """However many rows there are, a page costs a page."""
    connection = await connect(database_url)
    await connection.execute(
        "INSERT INTO admin.notification_failures (attempted_at, channel, severity, http_status, payload) "
        "SELECT now() - n * interval '1 second', 'p1-ops', 'P1', 429, '{}' FROM generate_series(1, 20000) n"
    )
    await connection.execute("ANALYZE admin.notification_failures")
    query = queries()["list_failures"]
    page = {"within": timedelta(hours=24), "severity": None, "channel": None, "limit": 10, "offset": 20}
    plan = await connection.fetchval(
        "EXPLAIN (FORMAT TEXT, ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + query.text,
        *query.arguments(page),
    )
    await connection.close()
    assert "Sort" not in plan
    assert plan.startswith("Limit (actual rows=10")


async def _try(dlq: PostgresDlqStore) -> tuple[str, ...] | None:
    try:
        return await dlq.missing_columns()
    except StorageUnavailable:
        return None
