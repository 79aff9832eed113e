"""The core's story: an incident is raised, escalated, acknowledged, updated, resolved, opened again.

As a program it plays the story on a database, for trees in which the folder of a capability is absent:
``python -m tests.cogs.core_story DSN``.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta

from bot.domain.incident.incident import Status
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineKind
from bot.services.incidents.updates import NewUpdate
from tests.postgres import open_patient_pool
from tests.services.database import Database
from tests.services.desk import PRIMARY, SECONDARY, Desk


async def play(desk: Desk, *, off: Sequence[str] = ()) -> None:
    """Play the story, with the use cases made anew half way as after a restart."""
    number = (await desk.open()).id
    await desk.pass_time(minutes=16)
    desk = Desk(desk.database, desk.policy)
    await desk.acknowledger.acknowledge(number, by=PRIMARY, via=AckVia.BUTTON)
    told = NewUpdate("復旧作業中", "決済", timedelta(minutes=30), (), (), key="u1")
    await desk.services.updates.tell(number, told, by=PRIMARY)
    await desk.lifecycle.resolve(number, by=PRIMARY)
    await desk.pass_time(hours=1)
    await desk.lifecycle.reopen(number, by=SECONDARY, reason="再発")
    await desk.lifecycle.resolve(number, by=SECONDARY)
    await desk.work()
    view = await desk.looking.view(number, by=PRIMARY)
    assert view.incident.status is Status.RESOLVED
    kinds = [line.entry.kind for line in view.lines]
    assert {TimelineKind.ESCALATED, TimelineKind.ACKNOWLEDGED, TimelineKind.REOPENED} <= set(kinds)
    assert kinds.count(TimelineKind.RESOLVED) == 2
    there = {capability.name for capability in desk.policy.capabilities}
    assert there.isdisjoint(off)
    assert desk.services.built.keys() <= there


async def _main(dsn: str, *off: str) -> None:
    pool = await open_patient_pool(dsn, min_size=0)
    await play(Desk(Database(pool)), off=off)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
