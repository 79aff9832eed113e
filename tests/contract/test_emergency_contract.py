"""What is mirrored for the time without a database."""

from datetime import timedelta

from bot.domain.delivery import Action, DeliveryKind, NewDelivery, Request
from bot.domain.escalation import Step
from bot.domain.incident import Incident
from bot.domain.severity import LadderStep, Mention
from tests.contract.conftest import Rig
from tests.contract.examples import GUILD, open_incident

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


async def test_a_step_of_which_nobody_was_told_is_still_to_come(rig: Rig) -> None:
    """Decided, its messages owed, none of them begun; from the first attempt on it is Discord's."""
    incident = await with_steps(rig, "k", MINUTE, 20 * MINUTE)
    owed = [
        NewDelivery(
            DeliveryKind.PAGE,
            f"person:{place}",
            f"inc:{incident.id}:step:0:dm:{place}",
            GUILD,
            incident_id=incident.id,
            data={"step": 0},
        )
        for place in ("primary", "secondary")
    ]
    async with rig.store.transaction() as tx:
        await tx.finish_step(incident.id, 0)
        await tx.insert_deliveries(owed)
    assert await rungs(rig) == {f"inc:{incident.id}": [0, 1]}
    first = await rig.store.delivery_by_key(owed[0].key)
    assert first is not None
    async with rig.store.transaction() as tx:
        request = Request(Action.MESSAGE, 50, None, {"content": "page"})
        await tx.begin_attempt(first.id, request, version=1, late=False, quiet=False)
    assert await rungs(rig) == {f"inc:{incident.id}": [1]}
