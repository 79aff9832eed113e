"""Recorded, and not yet said, when the database goes away: said under the key of its delivery, once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.delivery.delivery import DeliveryStatus, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.errors import DeliveryRefused, StorageUnavailable
from bot.domain.incident.incident import Status
from bot.domain.incident.transitions import AckVia
from bot.domain.outage import GRACE, OfflineKind, OfflineMessage, Watch
from bot.domain.timeline.entries import TimelineKind
from bot.services.outage.journal import Logbook, from_data
from bot.storage.tables.deliveries import DeliveryAttempts
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.outage import MirrorRows
from bot.storage.tables.timeline import TimelineRows
from tests.fakes.discord import FakeDiscord
from tests.fakes.emergency import FakeOfflineAlerter, FakeSpool
from tests.services.desk import PRIMARY, RESPONDER, Desk
from tests.services.outage.test_emergency import mirrored

REQUEST = Request(Action.MESSAGE, 5, None, {"content": "🔴"})
ALERT_AND_PAGE = [
    (OfflineKind.ALERT, "channel:p0-alerts"),
    (OfflineKind.PAGE, "person:primary"),
]


async def knows_the_time(desk: Desk) -> None:
    """A look before anything is opened; afterwards the database's time goes on by itself."""
    await desk.emergency.tick()


async def goes_away(desk: Desk, *, after: timedelta = GRACE) -> None:
    """The database is gone, and so much time passes by the process's clock."""
    desk.database.is_away = True
    book = desk.emergency._book
    book.set_clock(book.now() + after)
    await desk.emergency.tick()


async def comes_back(desk: Desk) -> None:
    """The database is there again, and everything is taken in."""
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.work()


async def test_it_is_said(desk: Desk) -> None:
    """The alert and the first page, though nothing was read since it was opened; later they are its own."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    await goes_away(desk)
    await desk.emergency.tick()
    assert desk.offline_alerter.posted == ALERT_AND_PAGE
    [seeded] = desk.offline_alerter.seeded
    await comes_back(desk)
    assert (desk.sent(DeliveryKind.ALERT), desk.sent(DeliveryKind.PAGE)) == ([], [])
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert incident.post.message_id == seeded.message_id
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(1)]
    assert (kinds.count(TimelineKind.ALERT_POSTED), kinds.count(TimelineKind.PAGED)) == (1, 1)
    [alert] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT]
    assert alert.status is DeliveryStatus.SENT


async def test_it_waits_for_whoever_may_be_saying_it(desk: Desk) -> None:
    """Two seconds: the worker of this moment, which the database may still hear."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    await goes_away(desk, after=GRACE / 2)
    assert desk.offline_alerter.posted == []


async def test_and_escalates(desk: Desk) -> None:
    """An incident that is known only from its commit is escalated at its deadline during an outage.

    The escalation is sent and rings once, and is not repeated when the database is back.
    """
    await knows_the_time(desk)
    await desk.open("SEV1")
    await goes_away(desk, after=timedelta(minutes=15) + GRACE)
    assert desk.offline_alerter.posted[0] == ALERT_AND_PAGE[0]
    assert desk.offline_alerter.posted.count((OfflineKind.ESCALATION, "channel")) == 1
    assert desk.offline_alerter.rang == ["inc:1:step:1:channel"]  # for one fact, not twice
    await desk.database.advance(timedelta(minutes=16))
    await comes_back(desk)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    at = {entry.kind: entry.at for entry in await TimelineRows(desk.store.sql).timeline(1)}
    assert at[TimelineKind.ALERT_POSTED] < at[TimelineKind.ESCALATED]


async def test_what_a_decided_step_owed(desk: Desk) -> None:
    """The database knows that the step is taken; its messages are said under their own keys."""
    await mirrored(desk)
    await desk.escalations.decide(1, 1)
    await read_again(desk)
    await goes_away(desk)
    assert sorted(desk.offline_alerter.posted) == [
        (OfflineKind.ESCALATION, "channel:p0-alerts"),
        (OfflineKind.PAGE, "person:primary"),
        (OfflineKind.PAGE, "person:secondary"),
    ]
    await comes_back(desk)
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def read_again(desk: Desk) -> None:
    """A look that reads what the database says, however soon after the last one."""
    desk.emergency._mirror._read_at = float("-inf")
    await desk.emergency.tick()


async def test_an_acknowledge_just_before(desk: Desk) -> None:
    """An acknowledge by button after the last mirror stops the escalation during the outage."""
    await desk.open("SEV1")
    await desk.work()
    await desk.emergency.tick()
    assert "inc:1" in desk.emergency._book.journal.watches
    await desk.acknowledger.acknowledge(1, by=RESPONDER, via=AckVia.BUTTON)
    await goes_away(desk, after=timedelta(minutes=20))
    assert desk.offline_alerter.posted == []


async def test_a_severity_changed_just_before(desk: Desk) -> None:
    """Down to one that waits for the database: its own ladder is another; and up again."""
    await desk.open("SEV1")
    await desk.work()
    await desk.emergency.tick()
    await desk.lifecycle.change_severity(1, to="SEV3", by=PRIMARY, reason="影響なし")
    await goes_away(desk, after=timedelta(minutes=20))
    assert desk.offline_alerter.posted == []
    await comes_back(desk)
    await desk.lifecycle.change_severity(1, to="SEV1", by=PRIMARY, reason="やはり影響あり")
    await goes_away(desk)
    assert desk.offline_alerter.posted == ALERT_AND_PAGE


async def test_the_reading_that_was_under_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading that began before a commit does not undo what the commit recorded."""
    read, opened = MirrorRows.watched, []

    async def slow(rows: MirrorRows, *, without: Sequence[str], limit: int) -> list[Watch]:
        found = await read(rows, without=without, limit=limit)
        opened.append(await desk.open("SEV1"))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(MirrorRows, "watched", slow)
        await desk.emergency.tick()
    assert len(opened) == 1
    assert "inc:1" in desk.emergency._book.journal.watches
    await read_again(desk)
    assert desk.emergency._mirror._committed == {}
    assert "inc:1" in desk.emergency._book.journal.watches


async def test_the_next_process_finds_it(desk: Desk) -> None:
    """The file has it a moment after the commit, and is as good as the memory."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    remembering = desk.emergency._book._remembering
    assert remembering is not None
    await remembering
    kept = desk.spool.load()
    assert kept is not None
    assert from_data(kept).watches == desk.emergency._book.journal.watches
    desk.database.is_away = True
    desk.use(desk.discord)
    desk.emergency.load()
    await goes_away(desk)
    assert desk.offline_alerter.posted == ALERT_AND_PAGE


async def test_a_file_from_before(desk: Desk) -> None:
    """A file of an older version is read, without pending messages and ended acknowledgements."""
    await mirrored(desk)
    kept = desk.spool.load()
    assert kept is not None
    watches = kept["watches"]
    assert isinstance(watches, list)
    old = {**kept, "watches": [_as_before(watch) for watch in watches]}
    watch = from_data(old).watches["inc:1"]
    assert (watch.owed, watch.left, watch.old_messages) == ((), (), ())


def _as_before(watch: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in watch.items() if key not in {"owed", "left", "old_messages"}}


async def test_a_reaction_is_enough(desk: Desk) -> None:
    """A 👀 after a step was decided keeps its messages from being sent during the outage."""
    await mirrored(desk)
    await desk.escalations.decide(1, 1)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [RESPONDER]
    await read_again(desk)
    await goes_away(desk)
    assert desk.offline_alerter.posted == []


async def test_discord_does_not_take_it(desk: Desk) -> None:
    """An alert that Discord does not take during an outage is emailed once, under the delivery's Message-ID.

    When Discord is back, the alert itself is posted and its delivery counts as sent.
    """
    await knows_the_time(desk)
    await desk.open("SEV1")
    desk.offline_alerter.is_away = True
    await goes_away(desk)
    for _ in range(3):
        await desk.emergency.tick()
    assert len(desk.mailer.sent) == 2
    [alert] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT]
    assert {mail.message_id.split(".")[0] for mail in desk.mailer.sent} == {f"<{alert.nonce}"}
    desk.offline_alerter.is_away = False
    await desk.emergency.tick()
    assert desk.offline_alerter.posted == ALERT_AND_PAGE
    await comes_back(desk)
    [alert] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT]
    assert (alert.status, len(alert.emailed_to)) == (DeliveryStatus.SENT, 2)
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.TRIGGERED


def test_the_time_goes_on_from_what_the_database_said() -> None:
    """The logbook's time goes on from the time the database gave, whatever the host's clock says."""
    book, long_ago = Logbook(FakeSpool()), datetime(2020, 1, 1, tzinfo=UTC)
    book.set_clock(long_ago)
    assert long_ago <= book.now() < long_ago + timedelta(minutes=1)


async def test_one_that_was_made_private_just_before(desk: Desk) -> None:
    """An incident that became private before the outage is escalated by DM only."""
    await desk.open("SEV1")
    await desk.work()
    await desk.emergency.tick()
    await desk.privacy.make_private(1, by=PRIMARY)
    await goes_away(desk, after=timedelta(minutes=15) + GRACE)
    assert {to for _, to in desk.offline_alerter.posted} == {"person:primary", "person:secondary"}


async def test_an_alert_that_was_on_its_way_when_it_became_private(desk: Desk) -> None:
    """During an outage, an alert tried before its incident became private is not posted to the channel."""
    await desk.open("SEV1")
    [alert] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT]
    async with desk.own_store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(alert.id, REQUEST, version=1)
    await desk.privacy.make_private(1, by=PRIMARY)
    await goes_away(desk)
    assert "channel:p0-alerts" not in {to for _, to in desk.offline_alerter.posted}


async def test_when_it_was_said(desk: Desk) -> None:
    """The timeline has the moment, not that of the opening."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    desk.offline_alerter.is_away = True
    await goes_away(desk)
    desk.offline_alerter.is_away = False
    await goes_away(desk, after=timedelta(minutes=10))
    said_at = desk.emergency._book.now()
    await comes_back(desk)
    [posted] = [
        one.at
        for one in await TimelineRows(desk.store.sql).timeline(1)
        if one.kind is TimelineKind.ALERT_POSTED
    ]
    assert timedelta() <= said_at - posted < timedelta(minutes=1)


async def test_what_discord_refuses_is_not_asked_for_every_second(desk: Desk) -> None:
    """A message that Discord refuses during an outage is not sent again at each following look."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    refusing = Refusing()
    messenger = desk.emergency._alarm._messenger
    messenger._channels = replace(messenger._channels, offline_alerter=refusing)
    await goes_away(desk, after=timedelta(minutes=15) + GRACE)
    asked = refusing.asked
    for _ in range(5):
        await desk.emergency.tick()
    assert refusing.asked == asked > 0


class Refusing(FakeOfflineAlerter):
    """Nothing may be posted."""

    asked: int = 0

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        self.asked += 1
        raise DeliveryRefused("Missing Access", http_status=403, code=50001)


async def test_a_page_that_discord_has_though_its_answer_was_not_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirror was read before the attempt: Discord, which may have forgotten its nonce, is searched."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    [page] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.PAGE]
    send = FakeDiscord.send

    async def then_the_database_is_gone(discord: FakeDiscord, request: Request, **arguments: Any) -> Posted:
        desk.database.is_away = True
        return await send(discord, request, **arguments)

    monkeypatch.setattr(FakeDiscord, "send", then_the_database_is_gone)
    with pytest.raises(StorageUnavailable):
        await desk.deliveries.deliver(page.id)
    await goes_away(desk)
    assert [*desk.offline_alerter.attempts] == [page.key]
    desk.database.is_away = False
    [begun] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.PAGE]
    assert begun.request is not None
    assert json.loads(desk.offline_alerter.attempts[page.key].body) == begun.request.body
    assert desk.offline_alerter.attempts[page.key].at == begun.first_sent_at
