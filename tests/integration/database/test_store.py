"""What only PostgreSQL can show of the store: races, text it refuses, and what happens when it is away."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import ConfigError, StorageUnavailable
from bot.domain.escalation.ladder import Step
from bot.domain.incident import transitions
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.jobs import Job, JobName
from bot.domain.outage import WatchChange
from bot.domain.people import Person
from bot.domain.severity import LadderStep
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.database.pools import open_pool
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.outage import MirrorRows
from bot.storage.tables.timeline import AuditRows, TimelineRows, TimelineWrites
from tests.integration.storage.examples import GUILD, OLIVE, delivery_ids, new_incident, open_incident, owed
from tests.postgres import connect, open_patient_pool


async def test_a_listener_that_fails_undoes_nothing(store: Store) -> None:
    """An error in a listener is logged, and the committed transaction still succeeds."""

    def fail(_change: WatchChange) -> None:
        raise ZeroDivisionError

    store.listen(fail)
    incident = await open_incident(store)
    with capture_logs() as logged:
        async with store.transaction() as tx:
            EscalationWrites(tx.sql).watch(incident.id)
            await IncidentWrites(tx.sql).save(replace(incident, targets=("api",), version=2))
    assert [one["event"] for one in logged] == ["emergency.not_noted"]
    assert (await IncidentRows(store.sql).incident(incident.id)).targets == ("api",)


async def test_a_reading_that_is_given_up_is_given_up_at_once(store: Store, database_url: str) -> None:
    """A reading that is cancelled returns at once, though the server still works on it."""
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await MirrorRows(store.cancellable_sql).watched(without=[], limit=5)
        assert time.monotonic() - began < 1
    await connection.close()


async def test_of_a_hundred_acknowledgements_one_is_first(store: Store) -> None:
    """The others join, and everybody is on record."""
    incident = await open_incident(store)

    async def acknowledge(number: int) -> AckOutcome:
        by = Person(id=number, name=f"person {number}")
        async with store.transaction(locking=incident.id) as tx:
            known = await IncidentWrites(tx.sql).incident(incident.id, lock=True, known=incident)
            joined, now = (
                await AcknowledgementWrites(tx.sql).join(incident.id, by, via=AckVia.BUTTON),
                await tx.now(),
            )
            result = transitions.acknowledge(
                known, by=by, at=now, already_responding=not joined, next_update_at=None
            )
            if result.outcome is AckOutcome.FIRST:
                await IncidentWrites(tx.sql).save(result.incident)
        return result.outcome

    outcomes = await asyncio.gather(*map(acknowledge, range(100)))
    assert outcomes.count(AckOutcome.FIRST) == 1
    assert outcomes.count(AckOutcome.JOINED) == 99


async def test_a_step_is_claimed_by_one_of_two(store: Store) -> None:
    """The other one waits, then finds it decided."""
    incident = await open_incident(store)
    async with store.transaction() as tx:
        await EscalationWrites(tx.sql).insert_steps(
            [Step(incident.id, 0, incident.triggered_at, LadderStep(timedelta()))]
        )

    async def decide() -> bool:
        async with store.transaction() as tx:
            step = await EscalationWrites(tx.sql).claim_step(incident.id, 0)
            if step is not None:
                await EscalationWrites(tx.sql).finish_steps([step])
            return step is not None

    assert sorted(await asyncio.gather(decide(), decide())) == [False, True]


async def test_an_acknowledge_and_an_escalation_happen_in_one_order(store: Store) -> None:
    """A step is either sent before a concurrent acknowledge or cancelled by it, without a deadlock."""
    for number in range(20):
        incident = await open_incident(store, key=f"race:{number}")
        step = Step(incident.id, 0, incident.triggered_at, LadderStep(timedelta()))
        page = owed(DeliveryKind.PAGE, incident=incident.id, key=f"page:{number}")
        async with store.transaction() as tx:
            await EscalationWrites(tx.sql).insert_steps([step])

        async def escalate(step: Step = step, page: NewDelivery = page) -> bool:
            async with store.transaction() as tx:
                claimed = await EscalationWrites(tx.sql).claim_step(step.incident_id, 0)
                if claimed is not None:
                    await DeliveryWrites(tx.sql).insert_deliveries([page])
                    await EscalationWrites(tx.sql).finish_steps([claimed])
                return claimed is not None

        async def acknowledge(step: Step = step) -> list[int]:
            async with store.transaction() as tx:
                await IncidentWrites(tx.sql).incident(step.incident_id, lock=True)
                return await EscalationWrites(tx.sql).cancel_ladder(step.incident_id)

        told, cancelled = await asyncio.gather(escalate(), acknowledge())
        assert told != bool(cancelled)


async def test_what_is_owed_while_its_predecessor_is_sent_is_never_forgotten(store: Store) -> None:
    """A notice queued while the message before it is sent gets exactly one job, without deadlock."""
    for number in range(20):
        incident = await open_incident(store, key=f"race:{number}")
        alert = owed(DeliveryKind.ALERT, incident=incident.id, key=f"alert:{number}")
        notice = owed(DeliveryKind.NOTICE, incident=incident.id, key=f"notice:{number}", after=alert.key)
        (alert_id,) = await delivery_ids(store, alert)

        async def report_sent(alert_id: int = alert_id, incident_id: int = incident.id) -> None:
            async with store.transaction() as tx:
                await DeliveryAttempts(tx.sql).claim_delivery(alert_id)
                await DeliveryAttempts(tx.sql).finish_sent(alert_id, Posted(1, alert_id))
                await IncidentWrites(tx.sql).set_places(incident_id, alert=(1, alert_id))

        async def owe(notice: NewDelivery = notice, incident_id: int = incident.id) -> None:
            async with store.transaction() as tx:
                await IncidentWrites(tx.sql).incident(incident_id, lock=True)
                await DeliveryWrites(tx.sql).insert_deliveries([notice])

        await asyncio.gather(report_sent(), owe())
    rows = await _fetch(store, "SELECT dedupe_key FROM pgqueuer WHERE dedupe_key LIKE 'deliver:%'")
    assert len(rows) == 40


async def test_one_key_opens_one_incident_however_many_ask(store: Store) -> None:
    """One key opens only one incident when eight requests come at once.

    They stand for a double click or a redelivered event.
    """
    incidents = await asyncio.gather(*(open_incident(store) for _ in range(8)))
    assert len({incident.id for incident in incidents}) == 1


async def test_text_that_postgres_refuses_is_cleaned(store: Store) -> None:
    """NUL and lone surrogates, in columns, lists and JSON alike."""
    incident = await open_incident(store)
    nasty = "a\0b\ud83d"
    async with store.transaction() as tx:
        await IncidentWrites(tx.sql).save(replace(incident, targets=(nasty,), version=2))
        await TimelineWrites(tx.sql).add_timeline(
            incident.id, TimelineEntry(TimelineKind.NOTE, await tx.now(), 1, nasty, {nasty: [nasty]})
        )
        await AcknowledgementWrites(tx.sql).join(incident.id, Person(id=1, name=nasty), via=AckVia.BUTTON)
        await DeliveryWrites(tx.sql).insert_deliveries(
            [owed(DeliveryKind.NOTICE, incident=incident.id, key=nasty)]
        )
        await DeliveryAttempts(tx.sql).finish_failed(1, error=nasty, http_status=None)
    await AuditRows(store.sql).audit(
        guild_id=GUILD, by=OLIVE, action=nasty, allowed=True, data=AuditData(facts={nasty: nasty})
    )
    clean = "ab\ufffd"
    assert (await IncidentRows(store.sql).incident(incident.id)).targets == (clean,)
    (entry,) = await TimelineRows(store.sql).timeline(incident.id)
    assert (entry.actor_name, entry.data) == (clean, {clean: [clean]})
    assert (await DeliveryRows(store.sql).delivery(1)).error == clean


async def test_options_are_stored_literally(store: Store) -> None:
    """A title that contains SQL is stored as it was typed."""
    title = "'; DROP TABLE incidents; --"
    async with store.transaction() as tx:
        new = new_incident(await tx.now())
        incident, _ = await IncidentWrites(tx.sql).insert_incident(
            replace(new, title=title), priority="P0", ack_due_at=await tx.now()
        )
    assert (await IncidentRows(store.sql).incident(incident.id)).title == title


async def test_a_read_only_database_is_unavailable(store: Store, pool: asyncpg.Pool) -> None:
    """A read-only database can still be read, and a write raises StorageUnavailable."""
    incident = await open_incident(store)
    database = await pool.fetchval("SELECT current_database()")
    await pool.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    await pool.expire_connections()
    assert await IncidentRows(store.sql).incident(incident.id) == incident
    with pytest.raises(StorageUnavailable):
        await InstallationRows(store.sql).register_guild(GUILD)


async def test_a_lost_connection_is_unavailable_and_the_next_one_works(
    store: Store, database_url: str
) -> None:
    """A connection lost within a transaction raises StorageUnavailable, and the transaction is undone.

    The next query gets a connection that works.
    """
    incident = await open_incident(store)
    with pytest.raises(StorageUnavailable):
        await _lose_connection_within(store, incident.id, database_url)
    assert (await IncidentRows(store.sql).incident(incident.id)).thread.id is None


async def test_an_exhausted_pool_is_unavailable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting too long for a connection raises StorageUnavailable, and so does a closed pool."""
    monkeypatch.setattr("bot.storage.database.pools.ACQUIRE_S", 0.05)
    pool = await open_patient_pool(database_url, max_size=1)
    store = Store(pool)
    async with store.transaction():
        with pytest.raises(StorageUnavailable):
            await store.now()
    await pool.close()
    with pytest.raises(StorageUnavailable):
        await store.now()


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """A database server that is not there is reported as unavailable when the pool is opened at the start."""
    with pytest.raises(StorageUnavailable):
        await open_pool(f"postgresql://postgres@/none?host={tmp_path}")


async def test_a_transaction_pooler_is_refused_in_words() -> None:
    """A database behind a transaction pooler is refused with an error that asks for session mode.

    The test's server refuses `search_path` as PgBouncer 1.24 does.
    """
    fields = b"SFATAL\0C08P01\0Munsupported startup parameter: search_path\0\0"
    answer = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)  # the length, which says how much is left, and the protocol's version
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    with pytest.raises(ConfigError, match="session mode"):
        await open_pool(f"postgresql://postgres@{host}:{port}/none?sslmode=disable")
    server.close()
    await server.wait_closed()


async def test_our_own_mistakes_are_not_hidden(store: Store) -> None:
    """A broken rule of the schema is a bug, with its traceback."""
    with pytest.raises(asyncpg.CheckViolationError):
        await open_incident_in_the_future(store)


async def test_a_deadlock_is_an_invitation_to_try_again(store: Store) -> None:
    """PostgreSQL ends one of the two; the other one goes on."""
    first, second = await open_incident(store, key="a"), await open_incident(store, key="b")
    both_hold = asyncio.Barrier(2)

    async def lock(one: int, other: int) -> None:
        async with store.transaction() as tx:
            await IncidentWrites(tx.sql).incident(one, lock=True)
            await both_hold.wait()
            await IncidentWrites(tx.sql).incident(other, lock=True)

    results = await asyncio.gather(
        lock(first.id, second.id), lock(second.id, first.id), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StorageUnavailable"]


async def test_a_job_asked_for_twice_at_once_is_queued_once(store: Store) -> None:
    """Two transactions, one key: the second waits for the first and finds its job."""

    async def ask(_number: int) -> None:
        async with store.transaction() as tx:
            await tx.enqueue(Job(JobName.REFRESH, "1", "refresh:1"))

    await asyncio.gather(*map(ask, range(8)))
    assert len(await _fetch(store, "SELECT FROM pgqueuer")) == 1


async def open_incident_in_the_future(store: Store) -> None:
    async with store.transaction() as tx:
        new = new_incident(await tx.now() + timedelta(hours=1))
        await IncidentWrites(tx.sql).insert_incident(new, priority="P0", ack_due_at=await tx.now())


async def _lose_connection_within(store: Store, incident_id: int, dsn: str) -> None:
    async with store.transaction() as tx:
        await IncidentWrites(tx.sql).set_places(incident_id, thread_id=1)
        other = await connect(dsn)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await other.close()
        await tx.now()


async def _fetch(store: Store, sql: str) -> list[object]:
    assert isinstance(store, Store)
    return list(await store._pool.fetch(sql))
