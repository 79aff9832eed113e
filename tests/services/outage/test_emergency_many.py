"""Hundreds of deadlines while the database is away, or only slow."""

import asyncio

import pytest

from bot.domain.delivery.delivery import Posted
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.services.outage.journal import MIRRORED
from bot.storage.tables.outage import MirrorRows
from tests.fakes.emergency import FakeOfflineAlerter
from tests.services.desk import Desk
from tests.services.outage.test_emergency import mirrored, pass_wall_time

MANY = 24


class SlowOfflineAlerter(FakeOfflineAlerter):
    """Discord takes its time, and breaks down over one incident."""

    at_once: int = 0
    most: int = 0

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        if watch.key == "inc:3":
            raise RuntimeError("a bug")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        for _ in range(20):
            await asyncio.sleep(0)
        self.at_once -= 1
        return await super().post(watch, message, nonce=nonce)


async def open_many(desk: Desk) -> None:
    """So many SEV1, all past their deadline and mirrored."""
    for number in range(MANY):
        await desk.open("SEV1", key=str(number))
    await desk.work()
    await pass_wall_time(desk, minutes=16)
    await desk.emergency.tick()


async def test_many_are_told_side_by_side(desk: Desk) -> None:
    """During an outage many incidents are escalated several at a time.

    An incident whose messages fail holds up no other incident.
    """
    desk.offline_alerter = offline_alerter = SlowOfflineAlerter()
    desk.use(desk.discord)
    await open_many(desk)
    desk.database.is_away = True
    async with asyncio.timeout(30):  # a look waits for a second; what it has begun goes on
        while offline_alerter.posted.count((OfflineKind.ESCALATION, "channel")) < MANY - 1:
            await desk.emergency.tick()
    assert offline_alerter.posted.count((OfflineKind.ESCALATION, "channel")) == MANY - 1
    assert 3 < offline_alerter.most <= 8 * 3


async def test_a_database_that_is_slow_to_read_is_not_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If reading the mirror takes too long, the last mirror is kept and no emergency message is sent."""
    await mirrored(desk)

    async def hang(_rows: MirrorRows, **_what: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(MirrorRows, "watched", hang)
        patch.setattr("bot.services.outage.journal._PATIENCE_S", 0.01)
        await desk.emergency.tick()
    assert desk.offline_alerter.posted == []
    assert desk.emergency.trouble is None
    desk.database.is_away = True
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") in desk.offline_alerter.posted


async def test_reactions_that_discord_does_not_tell_hold_nothing_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If Discord does not return reactions in time, the escalation is sent."""
    await mirrored(desk)
    desk.database.is_away = True
    monkeypatch.setattr("bot.services.outage.alarm.READ_WITHIN_S", 0.01)
    desk.discord.is_silent = True
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") in desk.offline_alerter.posted


async def test_the_mirror_has_room_for_the_nearest(desk: Desk) -> None:
    """More than it holds are left out by their deadlines."""
    await open_many(desk)
    watched = await MirrorRows(desk.own_store.sql).watched(without=[], limit=5)
    assert [watch.key for watch in watched] == [f"inc:{number}" for number in range(1, 6)]
    assert MIRRORED > MANY
