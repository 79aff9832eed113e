"""Lines of a thread that come one after the other."""

from datetime import timedelta

from bot.domain.delivery.delivery import Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryWrites
from bot.storage.transaction import Transaction
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import delivery_ids, open_incident, owed

PATIENCE = timedelta(seconds=20)


async def waits(tx: Transaction, number: int) -> bool:
    """Return True if the line with that id waits for an earlier one."""
    return await DeliveryAttempts(tx.sql).is_in_line(number, behind={"notice"}, patience=PATIENCE)


async def test_a_line_stands_behind_an_earlier_one_that_is_on_its_way(rig: Rig) -> None:
    """A line waits until the earlier lines of its incident and kind are sent or cancelled."""
    incident, another = await open_incident(rig.store), await open_incident(rig.store, key="another")
    _, *lines = await delivery_ids(
        rig.store,
        owed(DeliveryKind.PAGE, incident=incident.id, key="1"),
        owed(DeliveryKind.NOTICE, incident=incident.id, key="2"),
        owed(DeliveryKind.NOTICE, incident=another.id, key="3"),
        owed(DeliveryKind.NOTICE, incident=incident.id, key="4"),
        owed(DeliveryKind.NOTICE, incident=incident.id, key="5"),
    )
    first, _, second, third = lines
    async with rig.store.transaction() as tx:
        found = [await waits(tx, number) for number in lines]
        assert found == [False, False, True, True]
        await DeliveryAttempts(tx.sql).finish_sent(first, Posted(1, 2))
        assert not await waits(tx, second)
        assert await waits(tx, third)
        await DeliveryWrites(tx.sql).cancel_delivery(second)
        assert not await waits(tx, third)


async def test_a_line_waits_within_bounds(rig: Rig) -> None:
    """A line does not wait for an earlier line that was tried three times, nor longer than its patience."""
    incident = await open_incident(rig.store)
    first, second = await delivery_ids(
        rig.store, *(owed(DeliveryKind.NOTICE, incident=incident.id, key=key) for key in "12")
    )
    for number in range(3):
        async with rig.store.transaction() as tx:
            assert await waits(tx, second), f"after {number} attempts"
            await DeliveryAttempts(tx.sql).retry_later(
                first, error="away", http_status=503, after=timedelta(seconds=1)
            )
    async with rig.store.transaction() as tx:
        assert not await waits(tx, second)
    third, fourth = await delivery_ids(
        rig.store, *(owed(DeliveryKind.NOTICE, incident=incident.id, key=key) for key in "34")
    )
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).cancel_delivery(second)
        assert not await waits(tx, third)
        assert await waits(tx, fourth)
    await rig.advance(PATIENCE)
    async with rig.store.transaction() as tx:
        assert not await waits(tx, fourth)
