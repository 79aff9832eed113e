"""Test the query of the dead-man's switch for incidents of which no notification has arrived."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.delivery.delivery import NewDelivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.outage import OverdueRows
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.transaction import Transaction
from tests.integration.storage.conftest import Rig
from tests.integration.storage.delivery.test_storms import REQUEST, acknowledge, bundled
from tests.integration.storage.examples import GUILD, open_incident

MINUTE = timedelta(minutes=1)


async def test_incidents_of_which_nobody_was_told(rig: Rig) -> None:
    """A severe incident counts as unheard after a minute, until an email has gone out.

    A less severe incident does not count.
    """
    grave, minor = [await open_incident(rig.store, key=key) for key in ("grave", "minor")]
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([_page(grave, 100), _page(minor, 80)])
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0
    await rig.advance(MINUTE * 1.5)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 1
    owed = await DeliveryRows(rig.store.sql).delivery_by_key(f"inc:{grave.id}:page")
    assert owed is not None
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).mark_emailed(owed.id, to=["primary"], is_done=False)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0


async def test_what_was_given_up_is_heard_of_by_nobody(rig: Rig) -> None:
    """A refused page does not count as a notification; a later one, an email or an acknowledge does."""
    lost, posted, mailed, acked = [await open_incident(rig.store, key=key) for key in "abcd"]
    for each in (lost, posted, mailed, acked):
        await _give_up(rig.store, _page(each, 100))
    await _give_up(rig.store, _page(await open_incident(rig.store, key="minor"), 80))
    await _send(rig.store, replace(_page(posted, 100), kind=DeliveryKind.ALERT, key=f"inc:{posted.id}:alert"))
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0
    await rig.advance(MINUTE * 1.5)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 3
    owed = await DeliveryRows(rig.store.sql).delivery_by_key(f"inc:{mailed.id}:page")
    assert owed is not None
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).mark_emailed(owed.id, to=["primary"], is_done=False)
    await acknowledge(rig, acked)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 1
    await _send(rig.store, replace(_page(lost, 100), key=f"inc:{lost.id}:page:2"))
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0


async def test_a_rung_that_was_given_up_after_one_that_rang(rig: Rig) -> None:
    """An incident is unheard if its latest page fails, though the first arrived; quiet posts do not count."""
    incident = await open_incident(rig.store)
    await _send(rig.store, _page(incident, 100))
    await rig.advance(MINUTE * 5)
    quiet = replace(_page(incident, 100), kind=DeliveryKind.ALERT, key="again", data={"quiet": True})
    await _give_up(rig.store, quiet)
    await rig.advance(MINUTE * 5)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0
    await _give_up(rig.store, replace(_page(incident, 100), kind=DeliveryKind.ESCALATION, key="rung"))
    await rig.advance(MINUTE * 5)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 1
    async with rig.store.transaction() as tx:
        regraded = TimelineEntry(TimelineKind.SEVERITY_CHANGED, await tx.now())
        await TimelineWrites(tx.sql).add_timeline(incident.id, regraded)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0


async def test_a_private_thread_that_cannot_be_made(rig: Rig) -> None:
    """An incident whose private thread could not be made is unheard, even if a later attempt made it."""
    incident = await open_incident(rig.store)
    thread = replace(_page(incident, 100), kind=DeliveryKind.PRIVATE_THREAD, key="thread")
    await _give_up(rig.store, thread)
    await _send(rig.store, replace(thread, key="thread:2"))
    await rig.advance(MINUTE * 1.5)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 1


async def test_the_email_of_a_bundle_is_each_ones(rig: Rig) -> None:
    """The incidents of a failed bundle count as unheard until the bundle's email has gone out."""
    bundle_id, _, _ = await bundled(rig, 2)
    async with rig.store.transaction() as tx:
        await BundleWrites(tx.sql).close_bundle(bundle_id)
        await DeliveryAttempts(tx.sql).begin_attempt(bundle_id, REQUEST, version=0)
        await DeliveryAttempts(tx.sql).finish_failed(bundle_id, error="HTTP 403", http_status=403)
    await rig.advance(MINUTE * 1.5)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 2
    async with rig.store.transaction() as tx:
        await BundleWrites(tx.sql).mark_bundle_emailed(bundle_id, to=["m1"], is_done=True)
    assert await OverdueRows(rig.store.sql).unheard_incidents(overdue=MINUTE) == 0


async def _give_up(store: Store, owed: NewDelivery) -> None:
    async with store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([owed])
        await DeliveryAttempts(tx.sql).finish_failed(
            await _id(tx, owed.key), error="HTTP 403", http_status=403
        )


async def _send(store: Store, owed: NewDelivery) -> None:
    async with store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([owed])
        number = await _id(tx, owed.key)
        await DeliveryAttempts(tx.sql).finish_sent(number, Posted(channel_id=1, message_id=number))


async def _id(tx: Transaction, key: str) -> int:
    owed = await DeliveryRows(tx.sql).delivery_by_key(key)
    assert owed is not None
    return owed.id


def _page(incident: Incident, priority: int) -> NewDelivery:
    key = f"inc:{incident.id}:page"
    return NewDelivery(
        DeliveryKind.PAGE, "person:primary", key, GUILD, incident_id=incident.id, priority=priority
    )
