"""Beside another version, in an upgrade: what a newer one writes is left to it, and all else goes on."""

from dataclasses import replace
from typing import Final

import asyncpg
import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.errors import NewerVersion
from bot.domain.escalation.pages import Group
from bot.domain.incident.incident import IncidentKind
from bot.domain.incident.parts import Source
from bot.services.ports import Subject
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.bundles import BundleRows, BundleWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows
from bot.storage.tables.incidents import IncidentWrites
from bot.ui.posts.incident.notices import notice
from bot.ui.words.wording import Wording
from tests.fakes.discord import FakeDiscord
from tests.integration.storage.examples import GUILD, delivery_ids, new_incident, open_incident, owed, send
from tests.services.desk import Desk
from tests.unit.ui.samples import PLACED, POLICY, TEXTS

_BECOMES_NEW: Final = "UPDATE deliveries SET kind = 'hologram' WHERE id = $1"


async def test_a_kind_of_delivery(pool: asyncpg.Pool) -> None:
    """A delivery of a newer version's kind is passed over; sending it is refused, and it stays pending."""
    store = Store(pool)
    incident = await open_incident(store)
    alert, new, unsent = await delivery_ids(
        store, *(owed(DeliveryKind.ALERT, incident=incident.id, key=key) for key in ("a", "new", "unsent"))
    )
    await send(store, alert, message_id=70)
    await send(store, new, message_id=71)
    for one in (new, unsent):
        await pool.execute(_BECOMES_NEW, one)
    assert [post.id for post in await DeliveryRows(store.sql).posts(incident.id)] == [alert]
    with pytest.raises(NewerVersion):
        await DeliveryRows(store.sql).before_sending(unsent, at_most=5)
    status = await pool.fetchval("SELECT status FROM deliveries WHERE id = $1", unsent)
    assert status == DeliveryStatus.PENDING


async def test_what_a_bundle_tells_of(pool: asyncpg.Pool) -> None:
    """A bundle of a kind that is not known, and one with such a delivery in it, are left to the newer one."""
    store = Store(pool)
    incident = await open_incident(store)
    group = Group(GUILD, DeliveryKind.PAGE, "person:primary", "SEV1", "none", priority=10)
    page = replace(owed(DeliveryKind.PAGE, incident=incident.id), to=group.to)
    async with store.transaction() as tx:
        await BundleWrites(tx.sql).insert_bundled([page], group)
    bundle_id = await pool.fetchval("SELECT id FROM deliveries WHERE kind = 'bundle'")
    assert (await BundleRows(store.sql).bundle(bundle_id)).kind is DeliveryKind.PAGE
    await pool.execute("UPDATE deliveries SET kind = 'hologram' WHERE bundle_id = $1", bundle_id)
    async with store.transaction() as tx:
        with pytest.raises(NewerVersion):
            await BundleRows(tx.sql).bundled(bundle_id)
    await pool.execute('UPDATE deliveries SET data = data || \'{"of": "hologram"}\' WHERE id = $1', bundle_id)
    with pytest.raises(NewerVersion):
        await BundleRows(store.sql).bundle(bundle_id)


async def test_an_older_version_keeps_the_body_of_a_bundle_in_each_that_it_told_of(
    pool: asyncpg.Pool,
) -> None:
    """A bundle's body that an older version kept in other incidents' deliveries is found for each incident.

    The bodies must be found when an incident becomes private.
    """
    store = Store(pool)
    incidents = [await open_incident(store, key=key) for key in ("a", "b", "c")]
    group = Group(GUILD, DeliveryKind.PAGE, "person:primary", "SEV1", "none", priority=10)
    pages = [
        replace(owed(DeliveryKind.PAGE, incident=one.id, key=f"page:{one.id}"), to=group.to)
        for one in incidents
    ]
    async with store.transaction() as tx:
        await BundleWrites(tx.sql).insert_bundled(pages, group)
    bundle_id = await pool.fetchval("SELECT id FROM deliveries WHERE kind = 'bundle'")
    async with store.transaction() as tx:
        await BundleWrites(tx.sql).close_bundle(bundle_id)
        await DeliveryAttempts(tx.sql).begin_attempt(
            bundle_id, Request(Action.MESSAGE, 50, None, {"content": "many"}), version=0
        )
        await DeliveryAttempts(tx.sql).finish_failed(bundle_id, error="HTTP 500", http_status=500)
    bundle = await DeliveryRows(store.sql).delivery(bundle_id)
    assert await DeliveryRows(store.sql).naming_nonces(incidents[0].id) == [bundle.nonce], (
        "it has no row in the DLQ"
    )
    as_before = (
        "UPDATE deliveries SET request = (SELECT request FROM deliveries WHERE id = $1)"
        " WHERE bundle_id = $1 AND incident_id <> $2 RETURNING nonce"
    )
    kept = await pool.fetch(as_before, bundle_id, incidents[2].id)
    naming = {bundle.nonce, *(row["nonce"] for row in kept)}
    assert await DeliveryRows(store.sql).naming_nonces(incidents[2].id) == sorted(naming)
    assert len(await DeliveryRows(store.sql).naming_nonces(incidents[0].id)) == 2


async def test_an_older_version_says_no_sender_of_a_message(pool: asyncpg.Pool) -> None:
    """Only the first message of an alert has a sender if an older version recorded the others."""
    store, fingerprint = Store(pool), "a" * 64
    async with store.transaction() as tx:
        now = await tx.now()
        source = Source(50, 900, "Parky API")
        new = replace(new_incident(now), kind=IncidentKind.ALERT, source=source, fingerprint=fingerprint)
        alert, _ = await IncidentWrites(tx.sql).insert_incident(new, priority="P1", ack_due_at=now)
    as_before = "INSERT INTO alert_messages (message_id, channel_id, incident_id) VALUES (900, 50, $1)"
    await pool.execute(as_before, alert.id)
    reporter = f"{alert.reported_by.id}:{alert.reported_by.name}"

    async def is_over(sender: str, *, before: int = 950) -> list[bool]:
        async with store.transaction() as tx:
            firing = await AlertRows(tx.sql).firing_alerts(
                GUILD, fingerprint, before=before, channel_id=50, sender=sender
            )
        return [over for _, over in firing]

    assert await is_over(reporter) == [True]
    assert await is_over("77:Staging") == [False]
    await pool.execute(as_before.replace("900", "901"), alert.id)
    assert await is_over(reporter) == [False]
    assert await is_over("77:Staging") == [False]
    assert await is_over(reporter, before=900) == [], "it may have fired since"
    recovered_as_before = "INSERT INTO alert_recoveries (message_id, incident_id) VALUES (940, $1)"
    await pool.execute(recovered_as_before, alert.id)
    assert await is_over(reporter) == [False]


async def test_a_notice(desk: Desk) -> None:
    """A notice of a kind from a newer version stays pending, and counts as no failed attempt."""

    class Older(FakeDiscord):
        async def compose(self, delivery: Delivery, subject: Subject) -> Request:
            if delivery.kind is DeliveryKind.NOTICE:
                notice(Wording(TEXTS, POLICY), PLACED, delivery.data)
            return await super().compose(delivery, subject)

    desk.use(Older())
    incident = await desk.open()
    await desk.work()
    new = owed(DeliveryKind.NOTICE, incident=incident.id, key="new")
    (line,) = await delivery_ids(desk.store, replace(new, data={"notice": "hologram"}))
    with pytest.raises(NewerVersion):
        await desk.run((await desk.database.take_due_jobs())[0])
    now = await DeliveryRows(desk.store.sql).delivery(line)
    assert (now.status, now.attempts) == (DeliveryStatus.PENDING, 0)
