"""Count the round trips to PostgreSQL between a 👀 and the commit of its acknowledge."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from bot.domain.audit import AuditData
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident.incident import Incident
from bot.domain.incident.records import AcknowledgedEntry
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.severity import LadderStep
from bot.domain.timeline.entries import TimelineEntry
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.shared.access import Access
from bot.services.shared.jobs import step_job
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.integration.storage.examples import GUILD, delivery_ids, open_incident, owed, send
from tests.postgres import open_patient_pool
from tests.unit.ui.samples import POLICY

_BY = Person(id=5, name="responder", roles=frozenset({"SRE", "on-call"}), is_admin=True)
_MESSAGE = 900

#: The lookup; BEGIN, lock and time, all that the acknowledge writes, jobs, COMMIT.
_ROUND_TRIPS = 6
#: Where others are served, how much each has waiting in the queue.
_ROUND_TRIPS_SHARED = 7
#: A ladder's jobs are taken back.
_ROUND_TRIPS_LADDER = 7


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it, of one connection."""
    pool = await open_patient_pool(database_url, max_size=1)
    yield pool
    await pool.close()


async def _said_by(pool: asyncpg.Pool) -> list[str]:
    """What is said to the database from now on."""
    said = list[str]()
    async with pool.acquire() as connection:
        connection.add_query_logger(lambda record: said.append(record.query))
    return said


@pytest.mark.parametrize(
    ("is_shared", "steps", "round_trips"),
    [(False, 0, _ROUND_TRIPS), (True, 0, _ROUND_TRIPS_SHARED), (False, 2, _ROUND_TRIPS_LADDER)],
)
async def test_from_the_reaction_to_the_commit(
    pool: asyncpg.Pool, is_shared: bool, steps: int, round_trips: int
) -> None:
    """From the reaction to the commit, an acknowledge takes one lookup and one transaction.

    Its round trips to the database are counted, also for a shared store and for a ladder of steps.
    """
    store = Store(pool, guild_id=GUILD, is_shared=is_shared)
    incident = await open_incident(store)
    [alert] = await delivery_ids(store, owed(DeliveryKind.ALERT, incident=incident.id))
    await send(store, alert, message_id=_MESSAGE)
    await _owe_steps(store, incident, count=steps)
    acknowledger = Acknowledger(store, POLICY, Access(store, POLICY, OnCall(store, POLICY)))
    said = await _said_by(pool)
    incidents = await acknowledger.incidents_of(_MESSAGE, is_new=True)
    await acknowledger.acknowledge_each(incidents, by=_BY, via=AckVia.REACTION)
    assert said[-1] == "COMMIT"
    assert len(said) == round_trips, "\n".join(" ".join(one.split())[:110] for one in said)


async def test_an_acknowledge_of_an_old_state_writes_nothing(pool: asyncpg.Pool) -> None:
    """An acknowledge of an outdated state is refused and changes no timeline, responder, step or incident."""
    store = Store(pool, guild_id=GUILD)
    incident = await open_incident(store)
    await _owe_steps(store, incident, count=1)
    before = await TimelineRows(store.sql).timeline(incident.id)
    entry = TimelineEntry.of(AcknowledgedEntry(via="reaction"), await store.now(), by=_BY)
    with pytest.raises(RuntimeError, match="is not at version"):
        async with store.transaction() as tx:
            await AcknowledgementWrites(tx.sql).acknowledge(
                incident, entry, by=_BY, via=AckVia.REACTION, data=AuditData()
            )
    assert await TimelineRows(store.sql).timeline(incident.id) == before
    assert await AcknowledgementRows(store.sql).responders(incident.id) == []
    assert [step.status for step in await EscalationRows(store.sql).steps(incident.id)] == [
        StepStatus.PENDING
    ]
    assert await IncidentRows(store.sql).incident(incident.id) == incident


async def _owe_steps(store: Store, incident: Incident, *, count: int) -> None:
    """A ladder of *count* pending steps with their jobs."""
    after = timedelta(minutes=9)
    rung, severity = LadderStep(after, dm=("primary",)), POLICY.rules(incident.severity)
    steps = [Step(incident.id, index, incident.triggered_at + after, rung) for index in range(count)]
    async with store.transaction() as tx:
        await EscalationWrites(tx.sql).insert_steps(steps)
        await tx.enqueue(*(step_job(step, after=after, severity=severity) for step in steps))
