"""Show the DLQ in another owner's database: poolers, missing columns, a million rows, outages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import DlqColumn, DlqTable, DlqView, Misfit, MostSevere, NewFailure, failure_id
from bot.domain.errors import DlqChanged, DlqUnavailable, StorageUnavailable
from bot.domain.jobs import Job, JobName
from bot.services.delivery.handling import record_job
from bot.storage.database.pools import open_dlq_pool
from bot.storage.dlq.composing import DlqQueries
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows
from cogs.dlq.store import ReplayRecords
from tests.integration.storage.examples import GUILD, delivery_ids, open_incident, owed
from tests.patience import PATIENCE_S, pulse
from tests.pg_proxy import PgProxy
from tests.postgres import connect, install_movable_clock, open_patient_pool, shift_clock
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
    return PostgresDlqStore(pool, DlqTable())


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
    entry = await dlq.entry(str(ENTRY))
    assert (entry.title, entry.channel, entry.payload) == ("ab\ufffd", "ab\ufffd", {"ab\ufffd": ["ab\ufffd"]})


async def test_what_an_outage_held_back_tells_no_title_once_it_is_private(
    dlq: PostgresDlqStore, database_url: str
) -> None:
    """The DLQ row of an alert held back by an outage loses title and payload once the incident is private.

    Such an alert has a row because it was mailed, although its delivery was never given up.
    """
    main = await open_patient_pool(database_url)
    desk = Desk(Database(main), guild_id=GUILD)
    store = desk.store
    desk.dlq_store = dlq
    desk.use(desk.discord)
    incident = await open_incident(store)
    [alert] = await delivery_ids(store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with store.transaction() as tx:
        await DeliveryAttempts(tx.sql).hold_delivery(
            alert, error="HTTP 503", http_status=503, after=timedelta(minutes=1)
        )
    await desk.run(record_job(alert, priority=1))
    row = failure_id((await DeliveryRows(store.sql).delivery(alert)).nonce)
    assert (await dlq.entry(str(row))).title == incident.title
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    payload = await main.fetchval("SELECT payload FROM pgqueuer WHERE entrypoint = 'redact_failures'")
    await desk.run(Job(JobName.REDACT_FAILURES, payload.decode(), "redact_failures"))
    told = await dlq.entry(str(row))
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
    assert [(await dlq.entry(str(UUID(int=number)))).payload for number in range(4)] == [None] * 4


async def test_the_window_follows_the_databases_clock(dlq: PostgresDlqStore, database_url: str) -> None:
    """The window of the DLQ's page follows the clock of the database, not that of the process."""
    await dlq.record(await failure(database_url))
    await install_movable_clock(database_url)
    await shift_clock(database_url, timedelta(hours=23))
    assert (await dlq.page(DlqView(), size=9)).total == 1
    await shift_clock(database_url, timedelta(hours=2))
    assert (await dlq.page(DlqView(), size=9)).total == 0


async def test_nothing_is_left_in_the_session(dlq: PostgresDlqStore, pool: asyncpg.Pool) -> None:
    """Questions leave no prepared statement or setting in a session that a pooler shares."""
    await dlq.page(DlqView(), size=9)
    await dlq.http_statuses(hours=1)
    async with pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''") == 0
        assert await connection.fetchval("SHOW statement_timeout") == "0"
        assert "incident_bot" not in await connection.fetchval("SHOW search_path")


async def test_questions_are_read_only(dlq: PostgresDlqStore) -> None:
    """A question cannot write to the other owner's table."""
    async with dlq._question() as sql:
        with pytest.raises(StorageUnavailable):
            await sql.all("redact_failures", ids=[str(ENTRY)], title=None)


async def test_a_slow_question_ends(dlq: PostgresDlqStore, pool: asyncpg.Pool, database_url: str) -> None:
    """A DLQ query that takes too long ends as unavailable; after that, a query is answered."""
    hurried = PostgresDlqStore(pool, DlqTable(), answer_s=1.0)
    await hurried.most_severe(limit=1)
    blocker = await connect(database_url)
    async with blocker.transaction():
        await blocker.execute("LOCK admin.notification_failures IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DlqUnavailable):
            await hurried.most_severe(limit=1)
    await blocker.close()
    assert await dlq.most_severe(limit=1) == MostSevere(())


async def test_missing_columns_are_named(dlq: PostgresDlqStore, database_url: str) -> None:
    """Missing columns of the DLQ's table are named in the runbook's order.

    A table without the column of the time, or no table at all, is reported as a misfit.
    """
    connection = await connect(database_url)
    await connection.execute(
        "ALTER TABLE admin.notification_failures DROP COLUMN payload, DROP COLUMN channel, ADD more int"
    )
    assert (await dlq.report()).missing == (DlqColumn.CHANNEL, DlqColumn.PAYLOAD)
    await connection.execute("ALTER TABLE admin.notification_failures RENAME attempted_at TO tried_at")
    report = await dlq.report()
    assert (report.misfit, report.concerned) == (Misfit.NO_COLUMN, ("attempted_at",))
    await connection.execute("DROP TABLE admin.notification_failures")
    assert (await dlq.report()).misfit is Misfit.NO_TABLE
    await connection.close()


async def test_a_table_that_has_just_changed_says_so_once(dlq: PostgresDlqStore, database_url: str) -> None:
    """A DLQ table that has just changed is reported as changed once, and then read as it is now."""
    await dlq.page(DlqView(), size=9)
    connection = await connect(database_url)
    await connection.execute("ALTER TABLE admin.notification_failures RENAME error_message TO reason")
    with pytest.raises(DlqChanged):
        await dlq.page(DlqView(), size=9)
    assert (await dlq.page(DlqView(), size=9)).missing == {DlqColumn.ERROR_MESSAGE}
    await connection.close()


async def test_a_database_that_is_away_at_start_is_no_error_until_asked(tmp_path: Path) -> None:
    """A DLQ database that is away at the start is no error; the first query of it fails as unavailable."""
    pool = await open_dlq_pool(f"postgresql://postgres@/none?host={tmp_path}")
    with pytest.raises(StorageUnavailable):
        await PostgresDlqStore(pool, DlqTable()).report()
    await pool.close()


async def test_a_server_that_never_answers_is_told_within_three_seconds(database_url: str) -> None:
    """A DLQ server that never answers is reported as unavailable within three seconds.

    This holds for a first connection and for an open one, and the DLQ works again afterwards.
    """
    async with PgProxy(database_url).running() as proxy:
        pool = await open_dlq_pool(proxy.dsn())
        dlq = PostgresDlqStore(pool, DlqTable())
        for _ in range(2):
            proxy.delay_s = 600
            async with pulse() as passed_s:
                with pytest.raises(DlqUnavailable):
                    await dlq.page(DlqView(), size=9)
                assert passed_s() < 3
            proxy.delay_s = 0
            proxy.break_all()
            assert (await dlq.page(DlqView(), size=9)).entries == ()
        pool.terminate()


async def test_a_pool_that_lost_its_connections_recovers(dlq: PostgresDlqStore, database_url: str) -> None:
    """The first question after the loss may fail, the next one works."""
    assert (await dlq.report()).misfit is None
    other = await connect(database_url)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()
    results = []
    async with asyncio.timeout(PATIENCE_S):
        while True not in results:
            results.append(await _answers(dlq))
    assert len(results) <= 2


async def test_our_own_pool_does_as_well(database_url: str) -> None:
    """The failures are in our own database unless told otherwise."""
    pool = await open_patient_pool(database_url)
    dlq = PostgresDlqStore(pool, DlqTable())
    await dlq.record(await failure(database_url))
    assert (await dlq.entry(str(ENTRY))).payload == {"content": "🔴"}
    assert await ReplayRecords(Store(pool).sql).of(str(ENTRY)) is None
    await pool.close()


async def test_a_page_is_read_off_the_index(dlq: PostgresDlqStore, database_url: str) -> None:
    """A page of the DLQ is read from the index without sorting, however many rows there are."""
    connection = await connect(database_url)
    await connection.execute(
        "INSERT INTO admin.notification_failures (attempted_at, channel, severity, http_status, payload) "
        "SELECT now() - n * interval '1 second', 'p1-ops', 'P1', 429, '{}' FROM generate_series(1, 20000) n"
    )
    await connection.execute("ANALYZE admin.notification_failures")
    query = (await queries(dlq)).query("list_failures", ["lately"])
    plan = await connection.fetchval(
        "EXPLAIN (FORMAT TEXT, ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + query.text,
        *query.arguments({"within": timedelta(hours=24), "limit": 10}),
    )
    await connection.close()
    assert "Sort" not in plan
    assert plan.startswith("Limit (actual rows=10")


async def queries(dlq: PostgresDlqStore) -> DlqQueries:
    """The queries for the table as it is."""
    async with dlq._question() as sql:
        return sql.queries


async def _answers(dlq: PostgresDlqStore) -> bool:
    try:
        return (await dlq.report()).misfit is None
    except StorageUnavailable:
        return False
