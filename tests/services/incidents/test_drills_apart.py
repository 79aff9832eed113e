"""Drills are kept apart from what is real."""

import pytest

from bot.domain.errors import DrillAndReal
from bot.storage.tables.incidents import IncidentRows
from tests.services.alerts.test_alerts import alert, receive
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk


@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize("is_alert", [False, True])
async def test_a_drill_is_never_mixed_with_what_is_real(desk: Desk, *, is_alert: bool, is_over: bool) -> None:
    """A drill can be neither linked nor merged with a real incident or alert, in either direction.

    Each refusal is in the audit log, and both sides stay as they were, even if the drill is over.
    """
    real = await receive(desk, alert(desk)) if is_alert else await desk.open()
    drill = await desk.open_drill()
    await desk.work()
    if is_over:
        await desk.lifecycle.cancel(drill.id, by=PRIMARY)
    before = [await IncidentRows(desk.store.sql).incident(one.id) for one in (real, drill)]
    for one, other in ((real, drill), (drill, real)):
        with pytest.raises(DrillAndReal):
            await desk.lifecycle.link(one.id, with_=other.id, by=RESPONDER)
        with pytest.raises(DrillAndReal):
            await desk.merging.merge(one.id, into=other.id, by=RESPONDER)
    assert [await IncidentRows(desk.store.sql).incident(one.id) for one in (real, drill)] == before
    assert await IncidentRows(desk.store.sql).related(real.id) == []
    refused = [(row.action, row.data) for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == [
        (
            "acknowledge",
            {"act": act, "incident_id": one.id, "refused": "drill_and_real", "others": [other.id]},
        )
        for one, other in ((real, drill), (drill, real))
        for act in ("link", "merge")
    ]


async def test_only_what_is_alike_is_offered(desk: Desk) -> None:
    """A drill may be linked to or merged with drills only; until one is chosen, everything is offered."""
    real, another = await desk.open(key="a"), await desk.open(key="b")
    first, second = await desk.open_drill(key="first"), await desk.open_drill(key="second")
    await desk.lifecycle.cancel(first.id, by=PRIMARY)
    looking = desk.looking

    async def linkable(than: int | None) -> set[int]:
        return {one.id for one in await looking.others(GUILD, than=than, thread_id=None, by=RESPONDER)}

    assert await linkable(real.id) == {another.id}
    assert await linkable(second.id) == {first.id}
    assert await linkable(None) == {real.id, another.id, first.id, second.id}
    assert await looking.takers(GUILD, than=second.id, thread_id=None, by=RESPONDER) == []
    takers = await looking.takers(GUILD, than=real.id, thread_id=None, by=RESPONDER)
    assert await looking.duplicates(GUILD, into=second.id, by=RESPONDER) == []
    duplicates = await looking.duplicates(GUILD, into=real.id, by=RESPONDER)
    assert [[one.id for one in found] for found in (takers, duplicates)] == [[another.id]] * 2
    assert len(await looking.duplicates(GUILD, into=None, by=RESPONDER)) == 3
