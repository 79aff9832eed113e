"""Show outages of Discord: pages go out by email at once, and all messages arrive later, once, in order."""

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DiscordAway, UpstreamUnavailable
from bot.domain.incident.transitions import AckVia
from tests.services.desk import PRIMARY, Desk

AWAY = DiscordAway("HTTP 503", http_status=503, retry_after_s=30.0)


def outage(desk: Desk) -> None:
    """Let all requests to Discord fail until `over`."""
    desk.discord.failures = [AWAY] * 5_000


def over(desk: Desk) -> None:
    """It is back."""
    desk.discord.failures = []


async def test_a_p0_is_mailed_at_once_and_posted_later(desk: Desk) -> None:
    """During an outage of Discord a P0 is emailed once, within a second, to each person on call.

    When Discord is back, the alert, the card of its thread and the page are each sent once.
    """
    outage(desk)
    await desk.open("SEV1")
    await desk.pass_time(seconds=1)
    assert len(desk.mailer.sent) == 2  # to each on call; the page says nothing more than the alert
    assert await desk.database.dlq_entries()
    await desk.pass_time(minutes=10, step_s=60)
    assert len(desk.mailer.sent) == 2
    over(desk)
    await desk.pass_time(minutes=2)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert len(desk.sent(DeliveryKind.THREAD_CARD)) == 1
    assert all(delivery.status is DeliveryStatus.SENT for delivery in await desk.database.deliveries())


async def test_whichever_is_tried_first_it_is_one_email_each(desk: Desk) -> None:
    """The page is what finds out; the alert waits for its next attempt, and goes by email with it."""
    desk.discord.failures = [UpstreamUnavailable("HTTP 503", http_status=503), AWAY]
    await desk.open("SEV1")
    await desk.work()
    assert sorted(mail.to[0] for mail in desk.mailer.sent) == ["primary@example.com", "secondary@example.com"]
    await desk.pass_time(minutes=2)
    assert len(desk.mailer.sent) == 2


async def test_it_says_that_it_is_late(desk: Desk) -> None:
    """After a long outage, the alert and the page say that they are late."""
    outage(desk)
    await desk.open("SEV1")
    await desk.pass_time(minutes=10, step_s=60)
    over(desk)
    await desk.pass_time(minutes=2)
    late = {delivery.kind for delivery in await desk.database.deliveries() if delivery.is_late}
    assert late == {DeliveryKind.ALERT, DeliveryKind.PAGE}


async def test_a_short_outage_leaves_no_trace(desk: Desk) -> None:
    """A delivery that an outage delays by half a minute does not count as late."""
    outage(desk)
    await desk.open("SEV3")
    await desk.pass_time(seconds=30)
    over(desk)
    await desk.pass_time(minutes=2)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p2-deploys"]
    assert not any(delivery.is_late for delivery in await desk.database.deliveries())


async def test_what_does_not_ring_waits_in_silence(desk: Desk) -> None:
    """No email and no DLQ row for a SEV2, however long it takes."""
    outage(desk)
    await desk.open("SEV2")
    await desk.pass_time(hours=1, step_s=60)
    assert desk.mailer.sent == []
    assert await desk.database.dlq_entries() == []
    over(desk)
    await desk.pass_time(minutes=2)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p1-ops"]


async def test_each_missed_deadline_is_mailed_and_nobody_is_rung_twice(desk: Desk) -> None:
    """An outage of 31 minutes: an email per step; afterwards the last escalation and DM each."""
    outage(desk)
    await desk.open("SEV1")
    await desk.pass_time(minutes=31, step_s=60)
    assert len(desk.mailer.sent) == 2 * 3  # the alert, 15 and 30 minutes; to each on call
    over(desk)
    await desk.pass_time(minutes=3)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1
    assert sorted(desk.sent(DeliveryKind.PAGE)) == ["person:primary", "person:secondary"]
    alert = next(d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT)
    assert alert.data["quiet"]  # the escalation rings


async def test_what_has_become_obsolete_is_not_sent(desk: Desk) -> None:
    """Pages and escalations are not sent after an outage in which a person acknowledged."""
    outage(desk)
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=20, step_s=60)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    over(desk)
    await desk.pass_time(minutes=3)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert desk.sent(DeliveryKind.PAGE) == []
    assert len(desk.sent(DeliveryKind.ALERT)) == 1


async def test_lines_come_in_their_order(desk: Desk) -> None:
    """Lines written during an outage appear in the thread in the order of their events."""
    incident = await desk.open("SEV1")
    await desk.work()
    outage(desk)
    for number in range(5):
        await desk.timelines.note(incident.id, text=f"note {number}", key=str(number), by=PRIMARY)
        await desk.pass_time(seconds=7)
    over(desk)
    await desk.pass_time(minutes=3)
    notices = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.NOTICE]
    assert [d.status for d in notices] == [DeliveryStatus.SENT] * 5
    ids = [d.message_id or 0 for d in notices]
    assert ids == sorted(ids)
