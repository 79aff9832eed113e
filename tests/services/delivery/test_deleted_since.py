"""Show retries of a message that was posted, whose answer was lost, and that was deleted since (10008)."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineKind
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import PRIMARY, Desk
from tests.services.privacy.test_privacy import secret


async def row(desk: Desk, kind: AnyDeliveryKind, *, nth: int = 0) -> Delivery:
    """The nth delivery of a kind."""
    return [one for one in await desk.database.deliveries() if one.kind is kind][nth]


async def with_deleted(desk: Desk, kind: AnyDeliveryKind, *, minutes: float = 2.0) -> Incident:
    """An incident of which one post was deleted before the bot knew of it."""
    desk.discord.deleted_at_once = {kind}
    incident = await desk.open()
    await desk.pass_time(minutes=minutes)
    return await IncidentRows(desk.store.sql).incident(incident.id)


def _mail_only_failures(desk: Desk) -> None:
    """Send no email about missing acknowledgements, so that each email is about a failure."""
    rules = {name: replace(rule, email_after=None) for name, rule in desk.policy.severities.items()}
    desk.policy = replace(desk.policy, severities=MappingProxyType(rules))
    desk.use(desk.discord)


async def check_nobody_hears_of_a_failure(desk: Desk, incident: Incident) -> None:
    """It was posted: neither in the DLQ, nor on the timeline, nor by email."""
    assert await desk.database.dlq_entries() == []
    assert desk.mailer.sent == []
    kinds = {entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)}
    assert TimelineKind.DELIVERY_FAILED not in kinds


async def test_an_alert_is_posted_anew_quietly(desk: Desk) -> None:
    """A deleted alert is posted again without a ping, gets the thread, and counts as no failure."""
    incident = await with_deleted(desk, DeliveryKind.ALERT)
    assert (await row(desk, DeliveryKind.ALERT)).status is DeliveryStatus.CANCELLED
    again = await row(desk, DeliveryKind.ALERT, nth=1)
    assert (again.status, again.message_id) == (DeliveryStatus.SENT, incident.post.message_id)
    assert again.data["quiet"]
    assert incident.thread.id is not None
    assert desk.sent(DeliveryKind.THREAD_CARD) == ["incident"]
    assert incident.thread.id == incident.post.message_id, "it hangs on the new one"
    await check_nobody_hears_of_a_failure(desk, incident)
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_a_root_of_its_own_is_posted_anew_too(desk: Desk) -> None:
    """A SEV2's thread begins in #p0-alerts, and its alert in #p1-ops: each comes back by itself."""
    for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_ROOT):
        desk.discord.deleted_at_once = {kind}
        incident = await desk.open("SEV2", key=kind.value)
        await desk.pass_time(minutes=2)
        now = await IncidentRows(desk.store.sql).incident(incident.id)
        kinds = [one.kind for one in await desk.database.deliveries() if one.incident_id == incident.id]
        assert kinds.count(kind) == 2
        assert kinds.count(DeliveryKind.THREAD_ROOT) + kinds.count(DeliveryKind.ALERT) == 3
        assert None not in (now.thread.id, now.post.message_id)
        await check_nobody_hears_of_a_failure(desk, now)


@pytest.mark.parametrize(
    "kind", [DeliveryKind.ESCALATION, DeliveryKind.THREAD_START, DeliveryKind.THREAD_CARD, DeliveryKind.PAGE]
)
async def test_anything_else_counts_as_sent(desk: Desk, kind: AnyDeliveryKind) -> None:
    """Other deleted messages count as sent and are not posted again; what follows them is sent."""
    _mail_only_failures(desk)
    incident = await with_deleted(desk, kind, minutes=16)
    gone = await row(desk, kind)
    assert (gone.status, gone.message_id) == (DeliveryStatus.SENT, None)
    assert gone.id not in [post.id for post in await DeliveryRows(desk.store.sql).posts(incident.id)]
    assert (await row(desk, DeliveryKind.THREAD_CARD)).status is DeliveryStatus.SENT
    assert (await row(desk, DeliveryKind.ESCALATION)).status is DeliveryStatus.SENT
    await check_nobody_hears_of_a_failure(desk, incident)


async def test_an_alert_of_what_has_ended_is_not_posted_anew(desk: Desk) -> None:
    """The incident has ended, so people do not need it."""
    desk.discord.deleted_at_once = {DeliveryKind.ALERT}
    incident = await desk.open()
    await desk.run((await desk.database.take_due_jobs())[0])
    await desk.lifecycle.cancel(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=2)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]


async def test_a_private_alert_comes_back_with_its_thread(desk: Desk) -> None:
    """A private alert that was deleted before the retry is posted again, in the incident's thread."""
    desk.discord.deleted_at_once = {DeliveryKind.ALERT}
    incident = await desk.incidents.open(secret(desk))
    await desk.pass_time(minutes=2)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.post.message_id is not None
    assert now.post.channel_id == now.thread.id
    await check_nobody_hears_of_a_failure(desk, now)
