"""The dead-man's switch goes off when a deadline is not kept."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.delivery import UNFINISHED
from bot.domain.delivery.kinds import PAGING
from bot.domain.errors import DeliveryRefused, DiscordAway, UpstreamUnavailable
from bot.services.watchdogs import DeadMan
from bot.storage.queue import enqueue
from bot.storage.queue.enqueue import QueueWatch
from tests.services.desk import Desk

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class FakeHeartbeat:
    """Counts."""

    pings: int = 0
    is_away: bool = False

    async def ping(self) -> None:
        """Take it, or not."""
        if self.is_away:
            raise UpstreamUnavailable("ConnectError")
        self.pings += 1


async def test_it_pings_while_all_is_well(desk: Desk) -> None:
    """The dead-man's switch sends its ping while no deadline is overdue."""
    heartbeat = FakeHeartbeat()
    assert await DeadMan(desk.store, heartbeat, QueueWatch()).beat()
    assert heartbeat.pings == 1


async def test_an_overdue_step_withholds_it(desk: Desk) -> None:
    """The heartbeat is withheld while an escalation step is overdue."""
    heartbeat = FakeHeartbeat()
    dead_man = DeadMan(desk.store, heartbeat, desk.queue)
    await desk.open("SEV1")
    await desk.database.advance(17 * MINUTE)
    with capture_logs() as logged:
        assert not await dead_man.beat()
    assert [entry["event"] for entry in logged] == ["heartbeat.withheld"]
    await desk.work()
    assert await dead_man.beat()
    assert heartbeat.pings == 1


async def test_a_p0_that_nobody_can_be_told_of_withholds_it(desk: Desk) -> None:
    """The heartbeat is withheld while neither Discord nor email takes a P0; an accepted email ends that."""
    heartbeat = FakeHeartbeat()
    dead_man = DeadMan(desk.store, heartbeat, desk.queue)
    desk.discord.failures = [DiscordAway("HTTP 503", http_status=503, retry_after_s=30.0)] * 500
    desk.mailer.is_away = True
    await desk.open("SEV1")
    await desk.pass_time(minutes=2, step_s=15)
    with capture_logs() as logged:
        assert not await dead_man.beat()
    assert [(entry["event"], entry["reason"]) for entry in logged] == [
        ("heartbeat.withheld", "1 told to nobody")
    ]
    desk.mailer.is_away = False
    await desk.pass_time(minutes=5, step_s=15)
    assert desk.mailer.sent
    assert await dead_man.beat()


async def test_a_p0_that_was_given_up_everywhere_withholds_it(desk: Desk) -> None:
    """The heartbeat is withheld if all of a SEV1's pages failed, until a later page arrives."""
    heartbeat = FakeHeartbeat()
    dead_man = DeadMan(desk.store, heartbeat, desk.queue)
    desk.discord.failures = [DeliveryRefused("HTTP 403", http_status=403)] * 500
    desk.mailer.is_away = True
    await desk.open("SEV1")
    await desk.pass_time(minutes=2, step_s=15)
    assert all(one.status not in UNFINISHED for one in await desk.database.deliveries() if one.kind in PAGING)
    with capture_logs() as logged:
        assert not await dead_man.beat()
    assert [entry.get("reason") for entry in logged] == ["1 told to nobody"]
    desk.discord.failures = []
    await desk.pass_time(minutes=15, step_s=15)
    assert await dead_man.beat()


async def test_lesser_incidents_and_drills_may_wait(desk: Desk) -> None:
    """An outage of Discord holds them back, and no email is sent for them."""
    heartbeat = FakeHeartbeat()
    desk.discord.failures = [DiscordAway("HTTP 503", http_status=503, retry_after_s=30.0)] * 500
    await desk.open("SEV2")
    await desk.open_drill()
    await desk.pass_time(minutes=3, step_s=15)
    assert await DeadMan(desk.store, heartbeat, desk.queue).beat()


async def test_without_a_database_nothing_can_be_promised(desk: Desk) -> None:
    """The heartbeat is withheld while the database is away."""
    heartbeat = FakeHeartbeat()
    desk.database.is_away = True
    assert not await DeadMan(desk.store, heartbeat, QueueWatch()).beat()
    assert heartbeat.pings == 0


async def test_a_queue_that_does_not_answer_withholds_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database can be written, and nothing gets done."""
    monkeypatch.setattr(enqueue, "SILENT_S", -1.0)
    queue, heartbeat = QueueWatch(), FakeHeartbeat()
    queue.asked()
    with capture_logs() as logged:
        assert not await DeadMan(desk.store, heartbeat, queue).beat()
    assert [entry.get("reason") for entry in logged] == ["the job queue does not answer"]
    queue.answered()
    assert await DeadMan(desk.store, heartbeat, queue).beat()


async def test_nobody_takes_it(desk: Desk) -> None:
    """A heartbeat that is not accepted is logged, and counts as not sent."""
    heartbeat = FakeHeartbeat(is_away=True)
    with capture_logs() as logged:
        assert not await DeadMan(desk.store, heartbeat, QueueWatch()).beat()
    assert [entry["event"] for entry in logged] == ["heartbeat.not_taken"]


async def test_what_the_process_knows_withholds_it_too(desk: Desk) -> None:
    """The heartbeat is withheld while the gateway sends no events."""
    heartbeat = FakeHeartbeat()
    dead_man = DeadMan(desk.store, heartbeat, QueueWatch())
    with capture_logs() as logged:
        assert not await dead_man.beat(trouble="sends no events")
    assert [(entry["event"], entry["reason"]) for entry in logged] == [
        ("heartbeat.withheld", "sends no events")
    ]
    assert heartbeat.pings == 0
