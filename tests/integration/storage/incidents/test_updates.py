"""Roles, status updates and their reminders."""

from datetime import timedelta

from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Phase, Role, StatusUpdate
from bot.domain.jobs import Job, JobName
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import OLIVE, open_incident
from tests.services.database import Database

MINUTE = timedelta(minutes=1)


async def owing(rig: Rig, *, key: str = "interaction:1", after: timedelta = 30 * MINUTE) -> Incident:
    """Open and acknowledge an incident with an update due, without the job of its reminder."""
    incident = await open_incident(rig.store, key=key)
    async with rig.store.transaction() as tx:
        known, now = await IncidentWrites(tx.sql).incident(incident.id, lock=True), await tx.now()
        result = transitions.acknowledge(
            known, by=OLIVE, at=now, already_responding=False, next_update_at=now + after
        )
        await IncidentWrites(tx.sql).save(result.incident)
    return result.incident


async def test_roles_and_updates_come_back_as_they_were_saved(rig: Rig) -> None:
    """Names as people have them, the moment, the promise, how often it was asked for."""
    incident = await owing(rig)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        led = transitions.assign(incident, Role.SCRIBE, PersonRef(8, "Perry 🔧"))
        await IncidentWrites(tx.sql).save(led)
        both = transitions.assign(led, Role.COMMANDER, PersonRef(2**62, 'O"live'))
        await IncidentWrites(tx.sql).save(both)
        update = StatusUpdate("戻した\n様子見", "", now, "Perry")
        told = transitions.apply_status_update(both, update, next_update_at=now + MINUTE)
        await IncidentWrites(tx.sql).save(told)
        reminded = transitions.remind(told, again_at=now + MINUTE)
        await IncidentWrites(tx.sql).save(reminded)
    kept = await IncidentRows(rig.store.sql).incident(incident.id)
    assert kept == reminded
    assert list(kept.roles) == [Role.COMMANDER, Role.SCRIBE]
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(transitions.assign(kept, Role.COMMANDER, None))
    assert (await IncidentRows(rig.store.sql).incident(incident.id)).roles == {
        Role.SCRIBE: PersonRef(8, "Perry 🔧")
    }


async def test_a_phase_comes_back_and_one_of_a_newer_version_counts_as_none(
    rig: Rig, database: Database
) -> None:
    """Null before the migration and until one is named; what cannot be read breaks no incident."""
    incident = await owing(rig)
    assert (await IncidentRows(rig.store.sql).incident(incident.id)).phase is None
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(
            transitions.apply_status_update(incident, None, next_update_at=None, phase=Phase.IDENTIFIED)
        )
    assert (await IncidentRows(rig.store.sql).incident(incident.id)).phase is Phase.IDENTIFIED
    await database.fetch("UPDATE incidents SET phase = 'verifying'")
    assert (await IncidentRows(rig.store.sql).incident(incident.id)).phase is None


async def test_an_overdue_reminder_that_lost_its_job_gets_one(rig: Rig) -> None:
    """An overdue reminder that has lost its job gets the job back, once.

    A reminder that is not overdue, that has its job, or whose incident is over gets none.
    """
    early, late = await owing(rig, after=2 * MINUTE), await owing(rig, key="b", after=MINUTE)
    over, quiet = await owing(rig, key="c", after=MINUTE), await open_incident(rig.store, key="d")
    queued = await owing(rig, key="e", after=MINUTE)
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(transitions.resolve(over, by=OLIVE, at=await tx.now()))
        number = str(queued.id)
        await tx.enqueue(Job(JobName.REMIND, number, f"remind:{number}", after=MINUTE))
    await rig.advance(4 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=5 * MINUTE) == []
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"remind:{late.id}", f"remind:{early.id}"]
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
    found = {job.key: (job.name, job.payload) for job in await rig.jobs()}
    assert found[f"remind:{late.id}"] == ("remind", str(late.id))
    assert not {f"remind:{over.id}", f"remind:{quiet.id}"} & found.keys()
