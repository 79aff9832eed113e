"""The core's story: an incident is raised, escalated, acknowledged, updated, resolved, opened again.

As a program (``python -m tests.cogs.core_story``) it plays the story for each line of its input, a JSON list
of a tree, a database's address and the capabilities that the tree lacks, in a fork that finds what is in the
tree; it answers with the fork's exit status. It has imported the core, most of a start, and no capability.
"""

import asyncio
import json
import os
import sys
import traceback
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


async def _play_on(dsn: str, *off: str) -> None:
    pool = await open_patient_pool(dsn, min_size=0)
    await play(Desk(Database(pool)), off=off)
    await pool.close()


def _play_in(tree: str, dsn: str, *off: str) -> int:
    """Play it in this process, which ends afterwards; return its exit status."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the log, which is no answer
    os.chdir(tree)
    sys.path.insert(0, tree)
    try:
        asyncio.run(_play_on(dsn, *off))
    except BaseException:  # noqa: BLE001  # whatever it was, this is not the process that goes on
        traceback.print_exc()
        return 1
    return 0


def _main() -> None:
    assert "cogs" not in sys.modules, "the core imports no capability"
    for line in sys.stdin:
        if (process := os.fork()) == 0:
            os._exit(_play_in(*json.loads(line)))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    _main()
