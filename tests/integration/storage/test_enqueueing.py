"""Jobs that are queued again while they wait."""

from datetime import timedelta

from bot.domain.jobs import Job, JobName
from tests.integration.storage.conftest import Rig


async def test_a_job_that_is_asked_for_sooner_comes_sooner_and_never_later(rig: Rig) -> None:
    """Queueing a job again moves it to an earlier time, but never to a later one."""
    key = "remind:1"
    due = []
    for after in (timedelta(days=30), timedelta(minutes=5), timedelta(days=1)):
        async with rig.store.transaction() as tx:
            now = await tx.now()
            await tx.enqueue(Job(JobName.REMIND, "1", key, after=after, sooner=True))
        (job,) = await rig.jobs()
        due.append(job.due_at - now)
    assert due[0] == timedelta(days=30)
    assert due[1] == timedelta(minutes=5)
    assert due[2] <= timedelta(minutes=5)
