"""Without a database, and something else goes wrong beside it."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.delivery import Posted
from bot.domain.outage import DatabaseTrouble, OfflineKind, OfflineMessage, Watch
from bot.domain.timeline.entries import TimelineKind
from bot.services.outage import journal
from bot.services.ports import Email
from bot.storage.queue import enqueue
from bot.storage.tables.timeline import TimelineRows
from tests.fakes.emergency import FakeOfflineAlerter
from tests.patience import PATIENCE_S, pulse
from tests.services.desk import RESPONDER, Desk, FakeEmailSender
from tests.services.outage.test_emergency import mirrored, new
from tests.services.triage.triage_walks import walk


class Damaged(Exception):
    """An error of PostgreSQL that the code does not handle by name."""


async def test_a_database_that_fails_in_another_way(desk: Desk) -> None:
    """Damaged, or without its tables: that is away, too, and an error in the log."""
    await mirrored(desk)

    async def broken(**_options: object) -> None:
        raise Damaged

    desk.own_store.beat = broken  # type: ignore[method-assign, assignment]
    with capture_logs() as logged:
        await desk.emergency.tick()
    assert desk.emergency.trouble is DatabaseTrouble.BROKEN
    assert (OfflineKind.ESCALATION, "channel") in desk.offline_alerter.posted
    assert ("database.broken", "error") in {(one["event"], one["log_level"]) for one in logged}


async def test_a_queue_that_does_not_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """If only the queue does not answer, a due step is sent without it, recorded, and not sent again."""
    monkeypatch.setattr(enqueue, "SILENT_S", -1.0)
    await mirrored(desk)
    desk.queue.asked()
    for _ in range(4):
        await desk.emergency.tick()
    assert desk.emergency.trouble is None
    assert desk.offline_alerter.posted.count((OfflineKind.ESCALATION, "channel")) == 1
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(1)]
    assert kinds.count(TimelineKind.ESCALATED) == 1


async def test_a_step_that_nobody_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An overdue step is sent without the queue, unless the queue is deciding others."""
    await mirrored(desk)
    monkeypatch.setattr(journal, "OVERDUE_S", 0.0)
    desk.queue.decided()
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") not in desk.offline_alerter.posted
    monkeypatch.setattr(enqueue, "_BUSY_S", 0.0)
    for _ in range(3):
        await desk.emergency.tick()
    assert desk.offline_alerter.posted.count((OfflineKind.ESCALATION, "channel")) == 1


class Slow(FakeOfflineAlerter):
    """Discord takes its time over one incident."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        if watch.key == "inc:1":
            self.began.set()
            await self.goes_on.wait()
        return await super().post(watch, message, nonce=nonce)


async def test_whoever_raises_something_does_not_wait_for_others(desk: Desk) -> None:
    """A report during an outage is posted at once, while messages of another incident are slow."""
    desk.offline_alerter = slow = Slow()
    desk.use(desk.discord)
    await mirrored(desk)
    desk.database.is_away = True
    looking = asyncio.create_task(desk.emergency.tick())
    await slow.began.wait()
    async with asyncio.timeout(PATIENCE_S), pulse() as passed_s:
        assert (await desk.emergency.raise_alert(new())).alert is not None
        assert passed_s() < 1
    assert not looking.done(), "the other one is still being told of"
    slow.goes_on.set()
    await looking


async def test_the_next_look_does_not_wait_for_a_slow_one(desk: Desk) -> None:
    """A check does not wait for a message that Discord takes slowly, and the message is sent later."""
    desk.offline_alerter = slow = Slow()
    desk.use(desk.discord)
    await mirrored(desk)
    desk.database.is_away = True
    async with asyncio.timeout(PATIENCE_S):
        await desk.emergency.tick()
    assert slow.posted == []
    slow.goes_on.set()
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") in slow.posted


class LateEmailSender(FakeEmailSender):
    """Accepts an email at a time that the test chooses."""

    goes_on: asyncio.Event

    async def send(self, mail: Email) -> None:
        await self.goes_on.wait()
        self.sent.append(mail)


async def test_an_email_that_is_accepted_while_the_rest_is_recorded(desk: Desk) -> None:
    """An email accepted only after the rest of an outage is recorded is itself recorded at the next look."""
    desk.mailer = desk._mailer = late = LateEmailSender()
    late.goes_on = asyncio.Event()
    desk.use(desk.discord)
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    desk.database.is_away = False
    await desk.emergency.tick()
    late.goes_on.set()
    await asyncio.gather(*desk.emergency._alarm._messenger._mailing.values())
    await desk.emergency.tick()
    await desk.work()
    assert len(late.sent) == 2
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(1)]
    assert kinds.count(TimelineKind.EMAILED) == 1
    assert not desk.emergency._book.journal.has_news


async def test_an_incident_that_the_database_no_longer_has(desk: Desk) -> None:
    """An incident that the database lost in an outage is logged once, set aside and not tried again."""
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    desk.database.is_away = False
    await desk.database.fetch("TRUNCATE incidents CASCADE")
    with capture_logs() as logged:
        await desk.emergency.tick()
        await desk.emergency.tick()
    aside = [one for one in logged if one["event"] == "emergency.set_aside"]
    assert [one["watch"] for one in aside] == ["inc:1"]
    assert not desk.emergency._book.journal.has_news


async def test_a_walk_that_is_over_is_not_raised_once_more(desk: Desk) -> None:
    """An old card of it, pressed while the database is away, finds nothing to raise."""
    view = await walk(desk, "yes", "yes")
    desk.emergency.remember(view.triage)
    assert desk.emergency.walk(view.triage.id) == view.triage
    desk.emergency.remember((await desk.triages.confirm(view.triage.id, by=RESPONDER)).triage)
    assert desk.emergency.walk(view.triage.id) is None
