"""Thousands of due steps on a real PostgreSQL: each is decided once, whichever process decides it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.domain.jobs import JobName
from bot.domain.people import Person
from bot.runbook import load_policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.reconciliation import ReadingAhead, Reconciler
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.due_steps import DueSteps
from bot.services.shared.access import Access
from bot.services.shared.fencing import SentDuringOutage
from bot.services.shared.roster import OnCall
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.queue.runner import JobRunner
from bot.storage.store import Store
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.outage import MirrorRows
from tests.fakes.discord import FakeDiscord
from tests.patience import PATIENCE_S
from tests.postgres import connect, open_patient_pool

_OPEN = """
WITH opened AS (
    INSERT INTO incidents (guild_id, key, severity, priority, title, started_at, triggered_at, ack_due_at,
                           reported_by_id, reported_by_name)
    SELECT 1, $1 || n, $1, $2, '障害', now() - interval '15 minutes', now() - interval '15 minutes', now(),
           1, 'x'
      FROM generate_series(1, $3::integer) AS n
    RETURNING id
), climbed AS (
    INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, starts_at, priority)
    SELECT id, 0, now(), 'here', ARRAY['primary', 'secondary'], now() - interval '15 minutes', $4
      FROM opened
    RETURNING incident_id, index
)
INSERT INTO pgqueuer (priority, created, updated, heartbeat, execute_after, status, entrypoint, dedupe_key,
                      payload)
SELECT $4, now(), now(), now(), now(), 'queued', 'escalate', 'step:' || incident_id || ':' || index,
       convert_to(incident_id || ':' || index, 'UTF8')
  FROM climbed
"""
_RECORD = """
SELECT (SELECT count(*) FROM escalation_steps WHERE status = 'done') AS steps,
       (SELECT count(*) FROM timeline WHERE kind = 'escalated') AS entries,
       (SELECT count(*) FROM deliveries WHERE kind = 'escalation') AS escalations,
       (SELECT count(*) FROM deliveries WHERE kind = 'page') AS pages,
       (SELECT count(*) FROM pgqueuer WHERE entrypoint = 'escalate') AS jobs
"""


_LEFT = """
SELECT count(*) FROM escalation_steps JOIN incidents ON incidents.id = incident_id
 WHERE escalation_steps.status = 'pending' AND severity = $1
"""
_GRAVE = "SELECT id FROM incidents WHERE severity = 'SEV1' ORDER BY id"
_DUE_LATER = """
WITH later AS (
    UPDATE escalation_steps SET due_at = now() + $2::interval
     WHERE incident_id = $1
    RETURNING incident_id, index
)
UPDATE pgqueuer SET execute_after = now() + $2::interval
  FROM later WHERE dedupe_key = 'step:' || incident_id || ':' || index
"""
_LATEST = """
SELECT max(decided_at - due_at) FROM escalation_steps JOIN incidents ON incidents.id = incident_id
 WHERE severity = 'SEV1'
"""


@dataclass(frozen=True, slots=True)
class Instance:
    """What one process decides with."""

    store: Store
    due_steps: DueSteps


@pytest_asyncio.fixture
async def instances(database_url: str) -> AsyncIterator[list[Instance]]:
    """Two of them on one database, as they look at one guild."""
    pools = [await open_patient_pool(database_url) for _ in range(2)]
    yield [instance(Store(pool).of(1)) for pool in pools]
    for pool in pools:
        await pool.close()


class SlowDiscord(FakeDiscord):
    """Takes half a second to say who has reacted."""

    async def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        await asyncio.sleep(0.5)
        async for found in super().acknowledgers(places, guild_id=guild_id):
            yield found


def instance(store: Store, discord: FakeDiscord | None = None) -> Instance:
    """A process on *store*, with Parky's policy."""
    policy = load_policy(None)
    oncall = OnCall(store, policy)
    access = Access(store, policy, oncall)
    reconciler = Reconciler(store, discord or FakeDiscord(), Acknowledger(store, policy, access), access)
    ahead = ReadingAhead(store, reconciler)
    escalations = Escalations(store, policy, ahead, oncall)
    told, queue = SentDuringOutage(store), QueueWatch()
    due_steps = DueSteps(store, policy, ahead, escalations, oncall, sent_during_outage=told, queue=queue)
    return Instance(store, due_steps)


async def open_many(
    dsn: str, count: int, severity: str = "SEV1", priority: str = "P0", *, rank: int = 0
) -> None:
    """As many incidents with one due step each."""
    connection = await connect(dsn)
    await connection.execute(_OPEN, severity, priority, count, 100 - 10 * rank)
    await connection.close()


async def record(dsn: str) -> tuple[int, ...]:
    """Steps done, entries, escalations, pages, and jobs that are left."""
    connection = await connect(dsn)
    row = await connection.fetchrow(_RECORD)
    await connection.close()
    return tuple(row)


async def test_six_thousand_steps_are_decided_by_the_first_job(
    database_url: str, instances: list[Instance]
) -> None:
    """The first job decides all 6,000 due steps once each, with their entries and bundled messages.

    The other jobs have nothing left to do and are gone.
    """
    await open_many(database_url, 6_000)
    assert await instances[0].due_steps.decide(1, 0) is None
    assert await record(database_url) == (6_000, 6_000, 6_000, 12_000, 0)
    connection = await connect(database_url)
    bundles = await connection.fetch("SELECT target, data FROM deliveries WHERE kind = 'bundle'")
    await connection.close()
    assert sorted(row["target"] for row in bundles) == [
        "channel:p0-alerts",
        "person:primary",
        "person:secondary",
    ]


async def test_two_instances_decide_a_thousand_steps_once(
    database_url: str, instances: list[Instance]
) -> None:
    """[31] Whichever job comes to which; neither waits for the other for long, and nothing is left."""
    await open_many(database_url, 1_000)
    numbers = range(1, 1_001)
    jobs = (instances[number % 2].due_steps.decide(number, 0) for number in numbers)
    await asyncio.gather(*jobs)
    while any(await asyncio.gather(*(instances[n % 2].due_steps.decide(n, 0) for n in (1, 2, 999, 1_000)))):
        pass  # they were told to come again
    assert await record(database_url) == (1_000, 1_000, 1_000, 2_000, 0)


async def test_the_most_severe_are_decided_first(database_url: str, instances: list[Instance]) -> None:
    """Due steps of the most severe incidents come first, however many lesser ones were due before."""
    await open_many(database_url, 30, "SEV3", "P2", rank=2)
    await open_many(database_url, 10)
    store = instances[0].store
    async with store.transaction() as tx:
        first = await EscalationWrites(tx.sql).claim_due(await tx.now() + timedelta(minutes=1), limit=15)
    assert sum(due.incident.severity == "SEV1" for due in first) == 10


async def test_an_incident_that_somebody_holds_is_passed_over_and_decided_afterwards(
    database_url: str, instances: list[Instance]
) -> None:
    """An acknowledge that is under way waits for no sweep, and no sweep for it."""
    await open_many(database_url, 20)
    holder = await connect(database_url)
    held = holder.transaction()
    await held.start()
    await holder.execute("SELECT FROM incidents WHERE id = 7 FOR UPDATE")
    async with asyncio.timeout(PATIENCE_S):
        assert await instances[0].due_steps.decide_due(await instances[0].store.now(), limit=500) == 19
    deciding = asyncio.create_task(instances[1].due_steps.decide(7, 0))
    await held.rollback()
    await holder.close()
    assert await deciding is None
    assert (await record(database_url))[0] == 20


async def test_a_sweep_that_dies_leaves_whole_commits_and_the_rest_to_its_jobs(
    database_url: str, instances: list[Instance]
) -> None:
    """Killed between two commits: what is done is done, what is not has its job."""
    await open_many(database_url, 600)
    now = await instances[0].store.now()
    await EscalationRows(instances[0].store.sql).put_off_steps(timedelta(seconds=2))
    assert await instances[0].due_steps.decide_due(now, limit=500) == 500
    assert await record(database_url) == (500, 500, 500, 1_000, 100)
    connection = await connect(database_url)
    due = await connection.fetchval(
        "SELECT max(execute_after) - now() FROM pgqueuer WHERE entrypoint = 'escalate'"
    )
    await connection.close()
    assert due <= timedelta(seconds=2)


@pytest.mark.quiet(alone=True)
async def test_ten_thousand_open_incidents_are_mirrored_in_time(
    database_url: str, instances: list[Instance]
) -> None:
    """Of 10,000 open incidents, the mirror's query reads 500 in under half a second.

    The query is asked every two seconds, here with statistics that know of none of the incidents.
    """
    await open_many(database_url, 10_000)
    loop, took = asyncio.get_running_loop(), []
    for _ in range(3):
        started = loop.time()
        assert len(await MirrorRows(instances[0].store.sql).watched(without=[], limit=500)) == 500
        took.append(loop.time() - started)
    assert min(took) < 0.5


@pytest.mark.quiet(alone=True)
async def test_a_p0_that_comes_due_in_the_middle_of_a_storm_does_not_wait_for_its_end(
    database_url: str, instances: list[Instance]
) -> None:
    """Thousands of P1 are being decided; the P0s that come meanwhile are next each time."""
    await open_many(database_url, 8_000, "SEV2", "P1", rank=1)
    await open_many(database_url, 6)
    connection = await connect(database_url)
    for number, row in enumerate(await connection.fetch(_GRAVE)):
        await connection.execute(_DUE_LATER, row["id"], timedelta(seconds=1 + 0.2 * number))
    slow = instance(instances[0].store, SlowDiscord())
    runner = JobRunner(database_url, {JobName.ESCALATE: _decide(slow.due_steps)})
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(60):
        while await connection.fetchval(_LEFT, "SEV1"):  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.1)
    assert await connection.fetchval(_LEFT, "SEV2"), "the storm goes on"
    runner.stop()
    await running
    late = await connection.fetchval(_LATEST)
    await connection.close()
    assert late < timedelta(seconds=3)


def _decide(due_steps: DueSteps) -> Callable[[str], Awaitable[timedelta | None]]:
    async def run(payload: str) -> timedelta | None:
        incident_id, _, index = payload.partition(":")
        return await due_steps.decide(int(incident_id), int(index))

    return run
