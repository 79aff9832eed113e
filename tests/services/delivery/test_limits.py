"""Discord's limits keep a P0: an email goes ahead of it; what a storm queues is no reason for one."""

from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import PATIENCE, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import BotError, UpstreamUnavailable
from bot.domain.incident.transitions import AckVia
from tests.services.desk import PRIMARY, Desk

ASKED_S = 600.0
LIMITED = UpstreamUnavailable("rate limited", http_status=429, retry_after_s=ASKED_S)


def refuses(desk: Desk, how: BotError) -> None:
    """Whatever is sent is answered so until `admits`."""
    desk.discord.failures = [how] * 5_000


def admits(desk: Desk) -> None:
    """There is room again."""
    desk.discord.failures = []
    desk.discord.crowded.clear()


@pytest.mark.parametrize("told", ["by a 429", "beforehand"])
async def test_a_p0_is_mailed_at_once_and_posted_when_there_is_room(desk: Desk, told: str) -> None:
    """A rate-limited P0 is emailed once to each person on call, and posted when Discord has room.

    Nothing is posted before the time that Discord asks for; the alert then says that it is late.
    """
    if told == "by a 429":
        refuses(desk, LIMITED)
    else:
        desk.discord.crowded[7] = timedelta(seconds=ASKED_S)
    await desk.open("SEV1")
    await desk.pass_time(seconds=1)
    assert sorted(mail.to[0] for mail in desk.mailer.sent) == ["primary@example.com", "secondary@example.com"]
    rows = {row.channel: row for row in await desk.database.dlq_entries()}
    assert (rows["p0-alerts"].http_status, rows["p0-alerts"].fallback_email_sent) == (429, True)
    admits(desk)
    await desk.pass_time(seconds=ASKED_S - 10)
    assert desk.discord.sent == []
    await desk.pass_time(seconds=20)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert all(one.is_late for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    assert len(desk.mailer.sent) == 2


async def test_it_is_never_given_up_for_a_limit(desk: Desk) -> None:
    """A P0 alert that gets 429s for five minutes uses up no attempt, and is posted once afterwards."""
    refuses(desk, UpstreamUnavailable("rate limited", http_status=429, retry_after_s=20.0))
    await desk.open("SEV1")
    await desk.pass_time(minutes=5)  # otherwise five retries are all
    assert {one.attempts for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT} == {0}
    admits(desk)
    await desk.pass_time(minutes=1)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]


async def test_each_missed_deadline_is_mailed_within_seconds(desk: Desk) -> None:
    """During a rate limit each missed deadline is emailed; after it only the last escalation pings."""
    refuses(desk, LIMITED)
    await desk.open("SEV1")
    await desk.pass_time(minutes=14, seconds=59, step_s=60)
    assert len(desk.mailer.sent) == 2
    await desk.pass_time(seconds=5)
    assert len(desk.mailer.sent) == 4
    admits(desk)
    await desk.pass_time(minutes=11)
    assert len(desk.mailer.sent) == 4
    kinds = [kind for kind, _ in desk.discord.sent]
    assert kinds.index(DeliveryKind.ALERT) < kinds.index(DeliveryKind.ESCALATION)
    assert kinds.count(DeliveryKind.ALERT) == kinds.count(DeliveryKind.ESCALATION) == 1
    alert = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    assert alert.data["quiet"]


async def test_whoever_acknowledged_meanwhile_is_rung_no_more(desk: Desk) -> None:
    """An acknowledge during a rate limit stops the page and the escalation; the alert is still posted."""
    refuses(desk, LIMITED)
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=1)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    admits(desk)
    await desk.pass_time(minutes=20)
    assert desk.sent(DeliveryKind.PAGE) == desk.sent(DeliveryKind.ESCALATION) == []
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]


async def test_short_waits_add_up(desk: Desk) -> None:
    """Discord asks for four seconds again and again: the deadline is over all attempts."""
    refuses(desk, UpstreamUnavailable("rate limited", http_status=429, retry_after_s=4.0))
    await desk.open("SEV1")
    await desk.pass_time(seconds=3)
    assert desk.mailer.sent == []
    await desk.pass_time(seconds=7)
    assert len(desk.mailer.sent) == 2


async def test_attempts_that_fail_have_the_same_deadline(desk: Desk) -> None:
    """One route answers 503, so that no circuit opens: the email does not wait until it is given up."""
    refuses(desk, UpstreamUnavailable("HTTP 503", http_status=503))
    await desk.open("SEV1")
    await desk.pass_time(seconds=3)
    assert desk.mailer.sent == []
    await desk.pass_time(seconds=2)
    assert len(desk.mailer.sent) == 2
    await desk.pass_time(minutes=2)
    assert {one.status for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT} == {
        DeliveryStatus.FAILED
    }
    assert len(desk.mailer.sent) == 2


async def test_a_full_window_is_no_reason_for_an_email(desk: Desk) -> None:
    """Five seconds, as a channel that has just had five messages."""
    desk.discord.crowded[7] = timedelta(seconds=5)
    await desk.open("SEV1")
    await desk.work()
    admits(desk)
    await desk.pass_time(seconds=6)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]
    assert (desk.mailer.sent, await desk.database.dlq_entries()) == ([], [])


async def test_a_queue_of_alerts_is_no_reason_for_emails(desk: Desk) -> None:
    """An alert that waits five minutes in the bot's own queue causes no email, and is posted later.

    Discord itself asks for a shorter wait than the one that causes an email, and the page has been sent.
    """
    await desk.open("SEV1")
    [page] = [one.id for one in await desk.database.deliveries() if one.kind is DeliveryKind.PAGE]
    await desk.deliveries.deliver(page)
    desk.discord.crowded[7], desk.discord.asks = timedelta(seconds=60), PATIENCE / 2
    await desk.pass_time(minutes=5)
    assert desk.mailer.sent == []
    admits(desk)
    await desk.pass_time(minutes=2)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]


async def test_what_nobody_is_mailed_about_waits_as_ever(desk: Desk) -> None:
    """A SEV2 counts its attempts, and is not held."""
    refuses(desk, LIMITED)
    await desk.open("SEV2")
    await desk.pass_time(minutes=1)
    assert desk.mailer.sent == []
    assert not any(one.held_at for one in await desk.database.deliveries())
    admits(desk)
    await desk.pass_time(minutes=11)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p1-ops"]
    assert {one.status for one in await desk.database.deliveries()} == {DeliveryStatus.SENT}
