"""A GitHub that does not answer keeps few of the queue's workers: others are for what people are paged by."""

import asyncio
from datetime import timedelta

from cogs.actions.items import ACTION_ISSUE
from tests.cogs.actions.action_desk import ended
from tests.cogs.actions.tracked import add
from tests.patience import PATIENCE_S
from tests.services.desk import Desk
from tests.standins.github.faults import Fault
from tests.standins.github.server import GitHub


async def test_a_third_job_comes_again_later(desk: Desk, github: GitHub) -> None:
    """Two wait for GitHub; the third one gives its worker back at once, and has its turn afterwards."""
    incident = await ended(desk)
    slow = github.fault(Fault.SLOW)
    jobs = []
    for number in range(3):
        item = await add(desk, incident, key=f"interaction:{number}", works=False)
        jobs.append(desk._handlers[ACTION_ISSUE](str(item.id)))
    waiting = [asyncio.ensure_future(job) for job in jobs[:2]]
    async with asyncio.timeout(PATIENCE_S):
        await github.is_asked.wait()
        assert await jobs[2] == timedelta(seconds=1)
    github.heal()
    slow.release.set()
    await asyncio.gather(*waiting)
    await desk.pass_time(minutes=5)
    assert len(github.repository.issues) == 3
