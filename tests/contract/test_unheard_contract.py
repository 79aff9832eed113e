"""The dead-man's switch asks of whom nobody has been told."""

from datetime import timedelta

from bot.domain.delivery import DeliveryKind, NewDelivery
from bot.domain.incident import Incident
from tests.contract.conftest import Rig
from tests.contract.examples import GUILD, open_incident

MINUTE = timedelta(minutes=1)


async def test_incidents_of_which_nobody_was_told(rig: Rig) -> None:
    """After a minute without a message or an email, the gravest only; afterwards with either."""
    grave, minor = [await open_incident(rig.store, key=key) for key in ("grave", "minor")]
    async with rig.store.transaction() as tx:
        await tx.insert_deliveries([_page(grave, 100), _page(minor, 80)])
    assert await rig.store.unheard_incidents(overdue=MINUTE) == 0
    await rig.advance(MINUTE * 1.5)
    assert await rig.store.unheard_incidents(overdue=MINUTE) == 1
    owed = await rig.store.delivery_by_key(f"inc:{grave.id}:page")
    assert owed is not None
    async with rig.store.transaction() as tx:
        await tx.mark_emailed(owed.id, to=["primary"], is_done=False)
    assert await rig.store.unheard_incidents(overdue=MINUTE) == 0


def _page(incident: Incident, priority: int) -> NewDelivery:
    key = f"inc:{incident.id}:page"
    return NewDelivery(
        DeliveryKind.PAGE, "person:primary", key, GUILD, incident_id=incident.id, priority=priority
    )
