"""Drills."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.triage.tree import Text
from bot.storage.store import Store
from cogs.drill.rules import Drill, Inject
from cogs.drill.store import DrillRows
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, PERRY, open_incident
from tests.services.database import Database

MINUTE = timedelta(minutes=1)
INJECTS = (
    Inject(2 * MINUTE, Text("二分", "two")),
    Inject(timedelta(minutes=6, seconds=30), Text("六分", "six")),
)


@pytest.fixture
def rig(database: Database) -> Rig:
    """A store that sees every guild's rows."""
    return Rig(database)


async def begun(store: Store, *, key: str = "drill", guild_id: int = GUILD) -> tuple[Drill, bool]:
    """A drill as `/drill start` stores it, and whether it was."""
    incident = await open_incident(store, key=key)
    at = incident.triggered_at
    drill = Drill(
        incident.id, guild_id, PERRY.id, PERRY.name, at, INJECTS, at + 30 * MINUTE, 0, at + 2 * MINUTE
    )
    async with store.transaction() as tx:
        return drill, await DrillRows(tx.sql).insert(drill)


async def test_a_drill_comes_back_as_it_was_started(rig: Rig) -> None:
    """A drill is read as it was started, by its incident and as the running drill of its guild alone."""
    drill, is_new = await begun(rig.store)
    assert is_new
    async with rig.store.transaction() as tx:
        assert await DrillRows(tx.sql).locked(drill.incident_id) == drill
        assert await DrillRows(tx.sql).running(GUILD) == drill
        assert await DrillRows(tx.sql).locked(drill.incident_id + 1) is None
        assert await DrillRows(tx.sql).running(GUILD + 1) is None


async def test_one_at_a_time_in_a_guild(rig: Rig) -> None:
    """The second is not stored; once the first is over, the next one is. Another guild has its own."""
    first, _ = await begun(rig.store)
    _, second = await begun(rig.store, key="second")
    _, elsewhere = await begun(rig.store, key="elsewhere", guild_id=GUILD + 1)
    assert (second, elsewhere) == (False, True)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        await DrillRows(tx.sql).save(replace(first, played=2, next_at=None, ended_at=now))
        assert await DrillRows(tx.sql).running(GUILD) is None
        ended = replace(first, played=2, next_at=None, ended_at=now)
        assert await DrillRows(tx.sql).locked(first.incident_id) == ended
    _, third = await begun(rig.store, key="third")
    assert third


async def test_an_overdue_drill_gets_its_job_again(rig: Rig) -> None:
    """One that is over does not, and one that has its job keeps it."""
    drill, _ = await begun(rig.store)
    await rig.advance(4 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"drill:{drill.incident_id}"]
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
    (job,) = await rig.jobs()
    assert (job.name, job.payload) == ("drill", str(drill.incident_id))
    await rig.lose_jobs()
    async with rig.store.transaction() as tx:
        await DrillRows(tx.sql).save(replace(drill, next_at=None, ended_at=await tx.now()))
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
