"""What is mirrored for the time without a database."""

from datetime import timedelta

from bot.domain.escalation import Step
from bot.domain.incident import Incident
from bot.domain.severity import LadderStep, Mention
from tests.contract.conftest import Rig
from tests.contract.examples import open_incident

MINUTE = timedelta(minutes=1)
HERE = LadderStep(15 * MINUTE, Mention.HERE, ("primary",))


async def with_steps(rig: Rig, key: str, *due_in: timedelta, severity: str = "SEV1") -> Incident:
    """An incident whose steps are due then."""
    incident = await open_incident(rig.store, key=key, severity=severity)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        steps = [Step(incident.id, n, now + due, HERE, starts_at=now) for n, due in enumerate(due_in)]
        await tx.insert_steps(steps)
    return incident


async def rungs(rig: Rig) -> dict[str, list[int]]:
    """What would be told of, by incident, in order."""
    found = await rig.store.watched(without=["SEV3"], limit=10)
    return {watch.key: [rung.index for rung in watch.rungs] for watch in found}


async def test_the_nearest_deadlines_are_mirrored(rig: Rig) -> None:
    """In their order, as many as asked for, and no severity that is left out."""
    late = await with_steps(rig, "late", 20 * MINUTE, 30 * MINUTE)
    soon = await with_steps(rig, "soon", 5 * MINUTE)
    await with_steps(rig, "minor", MINUTE, severity="SEV3")
    assert await rungs(rig) == {f"inc:{soon.id}": [0], f"inc:{late.id}": [0, 1]}
    assert list(await rungs(rig)) == [f"inc:{soon.id}", f"inc:{late.id}"]
    [nearest] = await rig.store.watched(without=["SEV3"], limit=1)
    assert (nearest.key, nearest.severity, nearest.to) == (f"inc:{soon.id}", "SEV1", "channel")
    assert nearest.rungs[0].dm == ("primary",)
