"""Approved announcements are sent by the signed webhook: at least once, each version under one key."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, Phase
from bot.services.watchdogs import audit
from cogs.announcements.rules import (
    AnnouncedEntry,
    AnnouncementEntry,
    AnnouncementFailedEntry,
    AnnouncementRules,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    PublishedVia,
)
from cogs.announcements.store import Announcements
from tests.cogs.announcements.acts import (
    affected,
    approved,
    edited,
    entries,
    lines,
    opened,
    update,
)
from tests.services.desk import PRIMARY, SECONDARY, Desk
from tests.standins.paging.server import Outside, fails

PATH = "/announce"


async def sent(desk: Desk, incident: Incident) -> None:
    """A person has edited it, and another approves it."""
    draft = (await opened(desk, incident)).announcement
    view = await edited(desk, draft)
    await approved(desk, view.announcement, via=PublishedVia.WEBHOOK, by=SECONDARY)


async def state(desk: Desk, incident: Incident) -> tuple[AnnouncementStatus, int, str | None]:
    """How far the last one has come, after how many failures, and why the last of them."""
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    return last.status, last.attempts, last.error


def received(outside: Outside) -> list[dict[str, Any]]:
    """What the receiver has got, without repeats; it has checked each signature."""
    return list(outside.announced.received.values())


async def test_an_approved_announcement_is_sent_once(desk: Desk, outside: Outside) -> None:
    """Signed; in the thread and on the timeline with the person who approved it."""
    incident = await affected(desk)
    await sent(desk, incident)
    assert await entries(desk, incident, AnnouncementEntry.ANNOUNCED) == []
    await desk.work()
    (event,) = received(outside)
    assert event["type"] == "incident.announcement"
    assert {key: event["data"][key] for key in ("incident", "number", "version", "state", "severity")} == {
        "incident": incident.label,
        "number": 1,
        "version": 2,
        "state": "investigating",
        "severity": "SEV1",
    }
    assert event["data"]["targets"] == {"ja": "Parky アプリ", "en": "the Parky app"}
    assert event["data"]["texts"]["x"] == {"ja": "調査しています。", "en": "Investigating."}
    assert "5xx" not in str(event)
    (entry,) = await entries(desk, incident, AnnouncementEntry.ANNOUNCED)
    said = AnnouncedEntry.from_json(entry.data or {}).said
    assert (entry.actor_name, said.via, said.state) == (
        "secondary",
        PublishedVia.WEBHOOK,
        AnnouncementState.INVESTIGATING,
    )
    assert len(await lines(desk, incident, "announced")) == 1
    await desk.pass_time(hours=1)
    assert outside.announced.requests == 1


async def test_a_lost_answer_leads_to_a_repeat_with_the_same_key(desk: Desk, outside: Outside) -> None:
    """The receiver drops it; here it is published once."""
    incident = await affected(desk)
    outside.drops_first = True
    await sent(desk, incident)
    await desk.work()
    await desk.pass_time(minutes=1)
    assert outside.announced.requests == 2
    assert len(received(outside)) == 1
    assert await state(desk, incident) == (AnnouncementStatus.PUBLISHED, 0, None)
    assert len(await entries(desk, incident, AnnouncementEntry.ANNOUNCED)) == 1


async def test_a_receiver_that_is_away_gets_it_later(desk: Desk, outside: Outside) -> None:
    """An announcement that got HTTP 503 is sent again later, and the thread is told of no failure."""
    incident = await affected(desk)
    outside.fault = fails(503, PATH)
    await sent(desk, incident)
    await desk.work()
    status, attempts, error = await state(desk, incident)
    assert (status, attempts, error) == (AnnouncementStatus.APPROVED, 1, "HTTP 503")
    outside.fault = lambda _path: None
    await desk.pass_time(minutes=1)
    assert (await state(desk, incident))[0] is AnnouncementStatus.PUBLISHED
    assert await lines(desk, incident, "announcement_failed") == []


async def test_it_waits_for_as_long_as_it_is_asked_to(desk: Desk, outside: Outside) -> None:
    """After a 429 the announcement is not sent again before the time in Retry-After has passed."""
    incident = await affected(desk)
    outside.fault = fails(429, PATH, retry_after="120")
    await sent(desk, incident)
    await desk.work()
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    assert last.next_try_at is not None
    assert last.next_try_at - desk.clock.time == timedelta(seconds=120)
    asked = len(outside.asked)
    await desk.pass_time(seconds=100)
    assert len(outside.asked) == asked


@pytest.mark.parametrize("status", [401, 404])
async def test_a_refusal_is_told_at_once(desk: Desk, outside: Outside, status: int) -> None:
    """A refused announcement fails at the first attempt, with a line and a timeline entry.

    A person can approve the announcement again, and then the announcement is published.
    """
    incident = await affected(desk)
    outside.fault, reason = fails(status, PATH), f"HTTP {status}"
    await sent(desk, incident)
    await desk.work()
    assert await state(desk, incident) == (AnnouncementStatus.FAILED, 1, reason)
    (entry,) = await entries(desk, incident, AnnouncementEntry.FAILED)
    assert AnnouncementFailedEntry.from_json(entry.data or {}).reason == reason
    assert len(await lines(desk, incident, "announcement_failed")) == 1
    outside.fault = lambda _path: None
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    await desk.pass_time(seconds=1)
    await approved(desk, last, via=PublishedVia.WEBHOOK, by=PRIMARY)
    await desk.work()
    assert (await state(desk, incident))[0] is AnnouncementStatus.PUBLISHED
    (told,) = await entries(desk, incident, AnnouncementEntry.ANNOUNCED)
    assert told.actor_name == "primary"


async def test_it_is_given_up_before_users_have_waited_for_long(desk: Desk, outside: Outside) -> None:
    """An announcement that keeps failing is given up within 20 minutes, with one line in the thread.

    A person can then publish the announcement by copying.
    """
    incident = await affected(desk)
    outside.fault = fails(503, PATH)
    await sent(desk, incident)
    await desk.pass_time(minutes=20)
    assert (await state(desk, incident))[0] is AnnouncementStatus.FAILED
    assert len(await lines(desk, incident, "announcement_failed")) == 1
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    assert (await approved(desk, last, by=PRIMARY)).is_new
    assert (await state(desk, incident))[0] is AnnouncementStatus.PUBLISHED


async def test_a_person_may_copy_what_does_not_get_through(desk: Desk, outside: Outside) -> None:
    """A person may copy an announcement that does not get through; then it is not sent any more."""
    incident = await affected(desk)
    outside.fault = fails(503, PATH)
    await sent(desk, incident)
    await desk.work()
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    assert (await approved(desk, last, by=PRIMARY)).is_new
    outside.fault = lambda _path: None
    await desk.pass_time(minutes=10)
    assert received(outside) == []
    assert len(await entries(desk, incident, AnnouncementEntry.ANNOUNCED)) == 1


async def test_an_edit_after_the_approval_needs_an_approval_again(desk: Desk, outside: Outside) -> None:
    """The first words are not sent any more; the new ones have another key."""
    incident = await affected(desk)
    outside.fault = fails(503, PATH)
    await sent(desk, incident)
    await desk.work()
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    view = await edited(desk, last, x=AnnouncementText("続報です。", "More."))
    assert view.announcement.status is AnnouncementStatus.DRAFT
    outside.fault = lambda _path: None
    await desk.pass_time(minutes=10)
    assert received(outside) == []
    await approved(desk, view.announcement, via=PublishedVia.WEBHOOK)
    await desk.work()
    (event,) = received(outside)
    assert (event["data"]["version"], event["data"]["texts"]["x"]["ja"]) == (3, "続報です。")


async def test_words_that_are_edited_while_they_are_sent_are_on_record_as_sent(
    desk: Desk, outside: Outside
) -> None:
    """Users can read the first ones; the others wait for an approval, and replace them."""
    incident = await affected(desk)
    outside.hangs = {PATH: asyncio.Event()}
    outside.is_asked.clear()
    await sent(desk, incident)
    sending = asyncio.create_task(desk.work())
    await outside.is_asked.wait()
    last = (await Announcements(desk.store.sql).of(incident.id))[-1]
    await edited(desk, last, x=AnnouncementText("続報です。", "More."))
    outside.hangs[PATH].set()
    await sending
    assert (await state(desk, incident))[0] is AnnouncementStatus.DRAFT
    (entry,) = await entries(desk, incident, AnnouncementEntry.ANNOUNCED)
    assert AnnouncedEntry.from_json(entry.data or {}).said.texts["x"].ja == "調査しています。"


async def test_an_incident_that_becomes_private_is_not_sent(desk: Desk, outside: Outside) -> None:
    """An announcement is not sent if its incident becomes private between the approval and the request."""
    incident = await affected(desk)
    await sent(desk, incident)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert outside.announced.requests == 0
    assert (await state(desk, incident))[0] is AnnouncementStatus.FAILED


async def test_without_a_webhook_nothing_is_sent(desk: Desk, outside: Outside) -> None:
    """If the webhook is disabled after an approval, nothing is sent, and the reason is recorded."""
    incident = await affected(desk)
    await sent(desk, incident)
    desk.policy = desk.policy.with_rules(replace(desk.policy.of(AnnouncementRules), uses_webhook=False))
    desk.use(desk.discord)
    assert not (await opened(desk, incident)).sends
    await desk.work()
    assert outside.announced.requests == 0
    assert (await state(desk, incident))[2] == "no webhook is configured"


async def test_a_lost_job_is_found(desk: Desk, outside: Outside) -> None:
    """The row says what is due."""
    incident = await affected(desk)
    await sent(desk, incident)
    await desk.database.pool.execute("DELETE FROM pgqueuer WHERE dedupe_key LIKE 'publish:%'")
    await desk.database.advance(timedelta(minutes=5))
    await audit(desk.store)
    await desk.work()
    assert len(received(outside)) == 1


async def test_a_receiver_that_hangs_delays_no_escalation(desk: Desk, outside: Outside) -> None:
    """The ladder of another incident climbs meanwhile."""
    incident = await affected(desk)
    outside.hangs = {PATH: asyncio.Event()}
    outside.is_asked.clear()
    await sent(desk, incident)
    sending = asyncio.create_task(desk.work())
    await outside.is_asked.wait()
    await desk.open("SEV1", key="other")
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) != []
    outside.hangs[PATH].set()
    await sending
    assert (await state(desk, incident))[0] is AnnouncementStatus.PUBLISHED


async def test_a_state_that_moved_on_meanwhile_asks_for_more(desk: Desk) -> None:
    """A state that changed before the announcement was published asks for one follow-up."""
    incident = await affected(desk)
    await sent(desk, incident)
    await update(desk, incident, phase=Phase.IDENTIFIED)
    await desk.work()
    assert len(await lines(desk, incident, "follow_up")) == 1
