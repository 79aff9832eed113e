"""Sending once: retries, adoption, giving up, and what comes after."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.delivery import RETRY_DELAYS_S, Delivery, DeliveryStatus, Request
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import JobName
from bot.domain.timeline.entries import TimelineKind
from bot.services.ports import Subject
from bot.services.watchdogs import audit
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.fakes.discord import FakeDiscord
from tests.services.desk import PRIMARY, Desk

AWAY = UpstreamUnavailable("Service Unavailable", http_status=503)
AWAY_FOR_LONG = UpstreamUnavailable("Service Unavailable", http_status=503, retry_after_s=120)
UNREADABLE = DeliveryRefused("Missing Access", http_status=403, code=50001)
REFUSED = DeliveryRefused("Missing Permissions", http_status=403, code=50013)


async def test_retried_until_it_is_there(desk: Desk) -> None:
    """An alert that fails three times with HTTP 503 is retried, posted once, and leaves no DLQ entry."""
    desk.discord.failures = [AWAY, AWAY, AWAY]
    await desk.open("SEV3")
    await desk.pass_time(minutes=2)
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    assert await desk.database.dlq_entries() == []


async def test_lost_answer_is_adopted(desk: Desk) -> None:
    """The message arrived and the answer did not: no second message."""
    desk.discord.swallow = True
    await desk.open("SEV3")
    await desk.pass_time(minutes=2)
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    alert = next(d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT)
    assert (alert.status, alert.message_id) == (DeliveryStatus.SENT, desk.message(DeliveryKind.ALERT))


async def test_what_may_be_there_is_left_to_a_person(desk: Desk) -> None:
    """A message that may have been posted, and can be neither found nor safely retried, goes to the DLQ."""
    desk.discord.failures = [AWAY_FOR_LONG]
    desk.discord.unreadable = UNREADABLE
    await desk.open("SEV3")
    await desk.pass_time(minutes=5)
    [alert] = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    assert (alert.status, desk.sent(DeliveryKind.ALERT)) == (DeliveryStatus.FAILED, [])
    [row] = [row for row in await desk.database.dlq_entries() if row.channel == "p2-deploys"]
    assert "may have been posted" in (row.error_message or "")
    assert row.payload


@pytest.mark.parametrize(
    ("severity", "failure"),
    [
        pytest.param("SEV1", AWAY_FOR_LONG, id="P0"),  # rather twice than not at all
        pytest.param("SEV3", AWAY, id="soon"),  # Discord still knows the nonce
    ],
)
async def test_it_is_sent_again_unseen(desk: Desk, severity: str, failure: UpstreamUnavailable) -> None:
    """An alert is sent again after a failure, though the channel's history cannot be read to look for it."""
    desk.discord.failures = [failure]
    desk.discord.unreadable = UNREADABLE
    await desk.open(severity)
    await desk.pass_time(minutes=5)
    assert len(desk.sent(DeliveryKind.ALERT)) == 1


async def test_a_channel_that_is_gone_holds_no_message(desk: Desk) -> None:
    """An alert whose channel's history answers 404 is sent again after a failure, and not held back."""
    desk.discord.failures = [AWAY_FOR_LONG]
    desk.discord.unreadable = DeliveryRefused("Unknown Channel", http_status=404, code=10003)
    await desk.open("SEV3")
    await desk.pass_time(minutes=5)
    assert len(desk.sent(DeliveryKind.ALERT)) == 1


async def test_given_up_alert_goes_to_the_dlq_and_by_email(desk: Desk) -> None:
    """Layer two has the payload, layer three reached the on-call, and the row says so."""
    desk.discord.failures = [AWAY] * 500
    incident = await desk.open("SEV1")
    await desk.pass_time(seconds=sum(RETRY_DELAYS_S) + 1)
    rows = {row.channel: row for row in await desk.database.dlq_entries()}
    alert = rows["p0-alerts"]
    assert (alert.severity, alert.http_status, alert.fallback_email_sent) == ("P0", 503, True)
    assert alert.payload is not None
    assert alert.payload["content"] == "inc:1:alert"
    assert {mail.subject for mail in desk.mailer.sent} == {incident.title}
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert TimelineKind.DELIVERY_FAILED in kinds
    assert TimelineKind.EMAILED in kinds


async def test_refusal_is_final_at_once(desk: Desk) -> None:
    """No permission does not come by asking again; what hung on the alert is off, the page is not."""
    desk.discord.failures = [REFUSED]
    await desk.open("SEV1")
    await desk.work()
    by_kind = {d.kind: d.status for d in await desk.database.deliveries()}
    assert by_kind[DeliveryKind.ALERT] is DeliveryStatus.FAILED
    assert by_kind[DeliveryKind.THREAD_CARD] is DeliveryStatus.CANCELLED
    assert by_kind[DeliveryKind.PAGE] is DeliveryStatus.SENT


async def test_email_is_tried_again_and_the_row_follows(desk: Desk) -> None:
    """The DLQ row is there at once; its flag turns when the mail is accepted, with one Message-ID."""
    desk.mailer.is_away = True
    desk.discord.failures = [REFUSED]
    await desk.open("SEV1")
    await desk.work()
    (row,) = await desk.database.dlq_entries()
    assert row.fallback_email_sent is False
    desk.mailer.is_away = False
    await desk.pass_time(minutes=1)
    (row,) = await desk.database.dlq_entries()
    assert row.fallback_email_sent is True
    assert len({mail.message_id for mail in desk.mailer.sent}) == len(desk.mailer.sent) == 2


async def test_alert_that_rang_nobody_goes_by_email_too(desk: Desk) -> None:
    """A P0 alert whose `@here` does not ring is posted, put in the DLQ and emailed to both on call."""
    desk.discord.rings = False
    await desk.open("SEV1")
    await desk.work()
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    (row,) = await desk.database.dlq_entries()
    assert (row.fallback_email_sent, "did not ring" in (row.error_message or "")) == (True, True)
    assert {mail.to for mail in desk.mailer.sent} == {("primary@example.com",), ("secondary@example.com",)}


async def test_bug_in_rendering_does_not_keep_a_p0_silent(desk: Desk) -> None:
    """A P0 alert that a bug keeps from being rendered is put in the DLQ after the retries, and emailed."""
    desk.discord.unrenderable = {DeliveryKind.ALERT}
    await desk.open("SEV1")
    await desk.pass_time(seconds=sum(RETRY_DELAYS_S) + 1)
    assert desk.sent(DeliveryKind.ALERT) == []
    (row,) = await desk.database.dlq_entries()
    assert (row.error_message, row.fallback_email_sent) == ("a bug: RuntimeError", True)


async def test_nobody_is_emailed_about_what_was_acknowledged(desk: Desk) -> None:
    """An alert that fails for good after an acknowledge causes no email."""
    desk.mailer.is_away = True
    desk.discord.failures = [REFUSED]
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    desk.mailer.is_away = False
    await desk.pass_time(minutes=5)
    assert desk.mailer.sent == []
    assert [job.name for job in await desk.database.jobs()] == [JobName.REMIND]


async def test_sev3_gets_no_email(desk: Desk) -> None:
    """A failed SEV3 alert goes to the DLQ without an email; only severities that the policy names get one."""
    desk.discord.failures = [REFUSED]
    await desk.open("SEV3")
    await desk.work()
    assert len(await desk.database.dlq_entries()) == 1
    assert desk.mailer.sent == []


async def test_page_is_obsolete_after_an_acknowledge(desk: Desk) -> None:
    """After an acknowledge a page that had to wait is not left pending: it is cancelled, or was sent."""
    desk.discord.failures = [None, AWAY, AWAY, AWAY]
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=2)
    statuses = [d.status for d in await desk.database.deliveries() if d.kind is DeliveryKind.PAGE]
    assert statuses in ([DeliveryStatus.CANCELLED], [DeliveryStatus.SENT])
    assert DeliveryStatus.PENDING not in statuses


class Acking(FakeDiscord):
    """Acknowledges the incident at the moment when its page is composed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        if delivery.kind is DeliveryKind.PAGE and delivery.incident_id is not None:
            await self._desk.acknowledger.acknowledge(delivery.incident_id, by=PRIMARY, via=AckVia.BUTTON)
        return await super().compose(delivery, subject)


async def test_a_page_that_is_being_made_is_obsolete_too(desk: Desk) -> None:
    """A page is cancelled, without a warning, if its incident is acknowledged while the page is composed."""
    desk.use(Acking(desk))
    await desk.open("SEV1")
    with capture_logs() as logged:
        await desk.work()
    assert [d.status for d in await desk.database.deliveries() if d.kind is DeliveryKind.PAGE] == [
        DeliveryStatus.CANCELLED
    ]
    assert [entry for entry in logged if entry["log_level"] in ("warning", "error")] == []


async def test_posts_catch_up_with_the_incident(desk: Desk) -> None:
    """Acknowledged before anything was posted: each post ends up showing it."""
    incident = await desk.open("SEV1")
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    current = await IncidentRows(desk.store.sql).incident(incident.id)
    shown = {p.kind: p.shown_version for p in await DeliveryRows(desk.store.sql).posts(incident.id)}
    assert set(shown.values()) == {current.version}


async def test_refresh_with_nothing_stale_asks_nothing(desk: Desk) -> None:
    """A burst of changes costs one edit."""
    incident = await desk.open("SEV3")
    await desk.work()
    before = len(desk.discord.refreshed)
    await desk.refreshing.refresh(incident.id)
    assert len(desk.discord.refreshed) == before


async def test_post_that_could_not_be_edited_is_tried_again_alone(desk: Desk) -> None:
    """A rate-limited thread name does not make the other posts be edited again."""
    desk.discord.postponed = {DeliveryKind.THREAD}
    incident = await desk.open("SEV3")
    await desk.work()
    desk.discord.refreshed.clear()
    desk.discord.postponed = set()
    await desk.pass_time(minutes=1)
    current = await IncidentRows(desk.store.sql).incident(incident.id)
    assert desk.discord.refreshed == [(current.version, [DeliveryKind.THREAD])]


async def test_delivering_twice_is_harmless(desk: Desk) -> None:
    """Delivering again what was sent sends nothing more, as when a job runs again after a worker's death."""
    await desk.open("SEV1")
    await desk.work()
    sent = list(desk.discord.sent)
    for delivery in await desk.database.deliveries():
        assert await desk.deliveries.deliver(delivery.id) is None
    assert desk.discord.sent == sent


@pytest.mark.parametrize("overdue", [timedelta(minutes=2), timedelta(hours=3)])
async def test_auditor_gives_lost_work_its_job_back(desk: Desk, overdue: timedelta) -> None:
    """The rows are the truth: a ladder whose jobs vanished still escalates, once."""
    await desk.open("SEV1")
    await desk.work()
    async with desk.store.transaction() as tx:
        await tx.cancel_jobs([job.key for job in await desk.database.jobs()])
    await desk.database.advance(timedelta(minutes=15) + overdue)
    found = await audit(desk.store)
    await desk.work()
    assert "step:1:1" in found
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1
    assert await audit(desk.store) == []
