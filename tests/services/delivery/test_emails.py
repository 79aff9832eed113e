"""Show that each person on call gets one email, and that retries go only to those who did not get it."""

from datetime import timedelta

from bot.domain.errors import DeliveryRefused
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import JobName
from bot.domain.timeline.entries import TimelineKind
from bot.services.acknowledging.email_links import PATH, LinkState
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import id_of
from tests.services.delivery.test_waiting import outage
from tests.services.desk import PRIMARY, PUBLIC, SECONDARY, Desk
from tests.services.escalation.test_storms import open_many, work_once


async def test_whom_the_server_did_not_take_is_tried_again_alone(desk: Desk) -> None:
    """One who has it is no reason to leave out the other, and does not get it again, restart or not."""
    desk.mailer.refused = {"primary@example.com"}
    outage(desk)
    incident = await desk.open("SEV1")
    await desk.pass_time(seconds=40)
    assert [mail.to[0] for mail in desk.mailer.sent] == ["secondary@example.com"]
    assert {row.fallback_email_sent for row in await desk.database.dlq_entries()} == {True}
    desk.use(desk.discord)  # a process that has sent none of them
    desk.mailer.refused = set()
    await desk.pass_time(minutes=10)
    assert [mail.to[0] for mail in desk.mailer.sent] == ["secondary@example.com", "primary@example.com"]
    told = [
        entry.data
        for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
        if entry.kind is TimelineKind.EMAILED
    ]
    assert told == [{"recipients": 1}] * 2
    assert [job for job in await desk.database.jobs() if job.name is JobName.RECORD_FAILURE] == []


async def test_whom_nobody_could_mail_until_the_acknowledge_is_left_alone(desk: Desk) -> None:
    """After the acknowledge, no more emails are sent and none is tried again."""
    desk.mailer.refused = {"primary@example.com"}
    outage(desk)
    incident = await desk.open("SEV1")
    await desk.pass_time(seconds=20)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.EMAIL)
    desk.mailer.refused = set()
    await desk.pass_time(minutes=10)
    assert [mail.to[0] for mail in desk.mailer.sent] == ["secondary@example.com"]
    assert {row.fallback_email_sent for row in await desk.database.dlq_entries()} == {True}


async def test_whom_the_email_of_many_did_not_reach_is_tried_again_alone(desk: Desk) -> None:
    """If a bundle's email is refused for one recipient, it is sent again to that one alone."""
    desk.mailer.refused = {"primary@example.com"}
    await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    desk.discord.failures += [DeliveryRefused("Missing Access", http_status=403, code=50001)] * 3
    await desk.pass_time(seconds=40)
    assert [mail.to[0] for mail in desk.mailer.sent] == ["secondary@example.com"]
    desk.mailer.refused = set()
    await desk.pass_time(minutes=1)
    assert [mail.to[0] for mail in desk.mailer.sent] == ["secondary@example.com", "primary@example.com"]
    assert all(row.fallback_email_sent for row in await desk.database.dlq_entries())


async def test_the_email_of_many_acknowledges_each_by_itself(desk: Desk) -> None:
    """Each link in an email about many incidents acknowledges one incident, once, as the recipient."""
    incidents = await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    desk.discord.failures += [DeliveryRefused("Missing Access", http_status=403, code=50001)] * 3
    await desk.pass_time(seconds=5)
    mail = next(mail for mail in desk.mailer.sent if mail.to == ("primary@example.com",))
    tokens = [line.removeprefix(PUBLIC + PATH) for line in mail.body.splitlines()]
    assert len(set(tokens)) == len(incidents)
    first, second, *others = tokens
    for token, expected in ((first, LinkState.DONE), (first, LinkState.USED), (second, LinkState.DONE)):
        assert (await desk.links.acknowledge(token)).state is expected
    taken = [
        one
        for one in incidents
        if id_of((await IncidentRows(desk.store.sql).incident(one.id)).acknowledged) == PRIMARY.id
    ]
    assert len(taken) == 2
    assert [(await desk.links.preview(token)).state for token in others] == [LinkState.READY] * len(others)
