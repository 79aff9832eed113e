"""A COMMIT whose answer is lost, a recording that begins too early: no message is lost or doubled."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Status
from bot.domain.installation import Installation
from bot.domain.outage import GRACE, OfflineKind, OfflineMessage, Watch
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.installation import InstallationRows
from tests.fakes.emergency import FakeOfflineAlerter
from tests.services.desk import RESPONDER, Desk
from tests.services.outage.test_emergency import new

KINDS = [DeliveryKind.ALERT, DeliveryKind.PAGE]


async def told_twice(desk: Desk) -> list[int]:
    """Post INC-1 normally and from a process without the database; return the ids of the second posts."""
    await desk.open("SEV1", key=new().key)
    await desk.work()
    desk.database.is_away = True
    await desk.emergency.raise_alert(new())
    posted = list(desk.emergency._book.journal.posted.values())
    desk.database.is_away = False
    return [where.message_id for where in posted]


async def test_both_are_the_incidents(desk: Desk) -> None:
    """One incident under one key, with the first post as its own, and the others beside it; once."""
    seconds = await told_twice(desk)
    first = (await IncidentRows(desk.store.sql).incident(1)).post.message_id
    for _ in range(2):
        await desk.emergency.tick()
        await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(1)).post.message_id == first
    kept = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.SECOND]
    assert [one.message_id for one in kept] == seconds
    assert {one.status for one in kept} == {DeliveryStatus.SENT}
    assert [len(desk.sent(kind)) for kind in KINDS] == [1, 1]
    assert desk.sent(DeliveryKind.SECOND) == []  # nothing is sent once more for it


async def test_an_event_on_either(desk: Desk) -> None:
    """A 👀 on the second acknowledges it."""
    alert, *_ = await told_twice(desk)
    await desk.emergency.tick()
    await desk.eyes(alert, by=RESPONDER)
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.ACKNOWLEDGED


@pytest.mark.parametrize("nth", [0, 1])
async def test_read_again_before_the_escalation(desk: Desk, nth: int) -> None:
    """The event was lost: Discord is asked about the second ones, too."""
    seconds = await told_twice(desk)
    await desk.emergency.tick()
    await desk.work()
    desk.discord.reactions[seconds[nth]] = [RESPONDER]
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.ACKNOWLEDGED


async def test_read_without_a_database(desk: Desk) -> None:
    """The database goes away after the import: the mirror has the second posts, too."""
    alert, *_ = await told_twice(desk)
    await desk.emergency.tick()
    desk.emergency._mirror._read_at = float("-inf")
    await desk.emergency.tick()
    desk.discord.reactions[alert] = [RESPONDER]
    told = len(desk.offline_alerter.posted)
    desk.database.is_away = True
    book = desk.emergency._book
    book.set_clock(book.now() + timedelta(minutes=15) + GRACE)
    await desk.emergency.tick()
    assert len(desk.offline_alerter.posted) == told


async def test_a_page_that_comes_through_while_its_alert_is_being_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the database returns while pages are being sent, the import has all of them."""
    post, read = FakeOfflineAlerter.post, InstallationRows.installation
    is_paging, may_page = asyncio.Event(), asyncio.Event()

    async def slowly(
        offline_alerter: FakeOfflineAlerter, watch: Watch, message: OfflineMessage, *, nonce: str
    ) -> Posted:
        if message.kind is OfflineKind.PAGE:
            is_paging.set()
            await may_page.wait()
        return await post(offline_alerter, watch, message, nonce=nonce)

    async def once_all_are_told(rows: InstallationRows) -> Installation:
        may_page.set()
        await raising
        return await read(rows)

    monkeypatch.setattr(FakeOfflineAlerter, "post", slowly)
    desk.database.is_away = True
    raising = asyncio.create_task(desk.emergency.raise_alert(new()))
    await is_paging.wait()
    desk.database.is_away = False
    monkeypatch.setattr(InstallationRows, "installation", once_all_are_told)
    for _ in range(2):
        await desk.emergency.tick()
        await desk.work()
    assert len(desk.offline_alerter.posted) == 2
    assert [desk.sent(kind) for kind in KINDS] == [[], []]
    assert not desk.emergency._book.journal.has_news
