"""What monitoring counts in the rows."""

from datetime import timedelta

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import Step
from bot.domain.jobs import Job, JobName
from bot.domain.severity import LadderStep
from bot.process.metrics import ShardSession, exposition
from bot.storage.store import Store
from bot.storage.tables.escalation import EscalationWrites
from bot.storage.tables.statistics import LATENESS_S, read_figures
from tests.integration.storage.examples import delivery_ids, open_incident, owed
from tests.postgres import connect, open_patient_pool

SECOND = timedelta(seconds=1)
LATE_S = (0.05, 0.2, 3.0, 30.0)


async def test_every_figure(database_url: str) -> None:
    """Lateness by bound, what is missed and still waits, the queue, deliveries; drills are left out."""
    pool = await open_patient_pool(database_url)
    store, connection = Store(pool), await connect(database_url)
    incident, drill = await open_incident(store), await open_incident(store, key="drill")
    async with store.transaction() as tx:
        now = await tx.now()
        due = [now - timedelta(hours=1), *[now] * len(LATE_S)]
        for one in (incident, drill):
            await EscalationWrites(tx.sql).insert_steps(
                [Step(one.id, index, at, LadderStep(SECOND)) for index, at in enumerate(due)]
            )
        await tx.enqueue(
            Job(JobName.ESCALATE, "1:0", "step:1:0"),
            Job(JobName.REMIND, "1", "remind:1", after=timedelta(hours=1)),
        )
    await connection.execute("UPDATE incidents SET is_drill = true WHERE id = $1", drill.id)
    for index, late_s in enumerate(LATE_S, start=1):
        await connection.execute(
            "UPDATE escalation_steps SET status = 'done', decided_at = due_at + make_interval(secs => $1)"
            " WHERE index = $2",
            late_s,
            index,
        )
    await delivery_ids(store, owed(DeliveryKind.ALERT, incident=incident.id))
    found = await read_figures(pool)
    assert (found.decided, round(found.late_s, 2)) == (4, round(sum(LATE_S), 2))
    assert found.late_by == tuple(sum(late_s < bound for late_s in LATE_S) for bound in LATENESS_S)
    assert found.missed == 2  # by 30 s, and the one that has waited for an hour
    assert found.queue == {("escalate", "due"): 1, ("remind", "waiting"): 1, ("deliver", "due"): 1}
    assert found.deliveries == {("alert", "pending"): 1}
    assert (found.failovers, found.identifies, found.instances) == (0, 0, {})
    text = exposition(
        {}, latency_s=0.1, incidents=None, figures=found, sessions={0: ShardSession(12.5, 3.0)}
    ).decode()
    for line in (
        'incident_bot_step_lateness_seconds_bucket{le="0.25"} 2.0',
        'incident_bot_step_lateness_seconds_bucket{le="+Inf"} 4.0',
        "incident_bot_step_lateness_seconds_count 4.0",
        "incident_bot_deadlines_missed 2.0",
        'incident_bot_queue_jobs{job="escalate",state="due"} 1.0',
        'incident_bot_deliveries{kind="alert",result="pending"} 1.0',
        'incident_bot_gateway_age_seconds{shard="0"} 12.5',
        'incident_bot_gateway_silent_seconds{shard="0"} 3.0',
        "incident_bot_hooks_waiting 0.0",
    ):
        assert line in text, line
    await connection.close()
    await pool.close()
