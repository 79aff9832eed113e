"""The 👀 are read before a deadline, so that nothing waits at it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import Incident, Status
from bot.services.acknowledging import reconciliation
from bot.services.acknowledging.reconciliation import READ_WITHIN_S, ReadingAhead, ReadProgress, Reconciler
from bot.services.shared.jobs import READ_AHEAD
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.outage import OverdueRows
from tests.patience import PATIENCE_S, pulse
from tests.services.desk import PRIMARY, Desk

DEADLINE = timedelta(minutes=15)
SECOND = timedelta(seconds=1)

#: Less than twice the time for a reading; the rest is for the database.
ONCE = 1.7


async def opened(desk: Desk, count: int = 1) -> list[Incident]:
    """So many, posted, and one second before their jobs for the deadline come."""
    found = []
    for number in range(count):
        found.append(await desk.open(key=str(number)))
        await desk.work()
    await desk.pass_time(seconds=(DEADLINE - READ_AHEAD - SECOND).total_seconds())
    return found


async def test_a_deadline_waits_for_no_reading(desk: Desk) -> None:
    """Reactions are read once, just before the deadline; a silent Discord does not delay the escalation."""
    await opened(desk)
    await desk.pass_time(seconds=2)
    assert len(desk.discord.asked) == 1
    assert desk.sent(DeliveryKind.ESCALATION) == []
    desk.discord.is_silent = True
    await desk.pass_time(seconds=1)
    assert len(desk.discord.asked) == 1
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_eyes_that_are_found_before_the_deadline(desk: Desk) -> None:
    """A 👀 whose event was lost is found: the incident is acknowledged, not escalated, and no job is left."""
    [incident] = await opened(desk)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.pass_time(seconds=1)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    await desk.pass_time(minutes=1)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert [job for job in await desk.database.jobs() if job.name == "escalate"] == []


async def test_a_step_that_is_decided_alone_is_read_as_well(desk: Desk) -> None:
    """A sweep left it over; its own job reads before it decides."""
    [incident] = await opened(desk)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.database.advance(READ_AHEAD + SECOND)
    await desk.escalations.decide(incident.id, 1)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_one_reading_is_for_all_that_come_due(desk: Desk) -> None:
    """The first job reads the reactions of all incidents that come due, each incident once.

    All jobs then come at the time of their steps.
    """
    incidents = await opened(desk, 4)
    [first, *others] = [
        job for job in await desk.database.jobs() if job.name == "escalate" and job.key.endswith(":1")
    ]
    await desk.database.advance(SECOND)
    await desk.run(first)
    assert len(desk.discord.asked) == 1 + len(others)
    due = [(await EscalationRows(desk.store.sql).steps(incident.id))[1].due_at for incident in incidents]
    assert sorted([await desk.database.job_due_at(job.key) for job in [first, *others]]) == sorted(due)


async def test_another_process_reads_for_itself(desk: Desk) -> None:
    """The one that had read died before the deadline: what it knew is not known, so Discord is asked."""
    [incident] = await opened(desk)
    await desk.pass_time(seconds=2)
    desk.use(desk.discord)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.pass_time(minutes=1)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_what_was_read_long_ago_counts_for_nothing(desk: Desk) -> None:
    """The process stood still over the deadline: it reads again."""
    [incident] = await opened(desk)
    await desk.pass_time(seconds=2)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.database.advance(timedelta(minutes=1))
    await desk.work()
    assert len(desk.discord.asked) == 2
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED


async def test_what_discord_did_not_answer_is_not_read(desk: Desk) -> None:
    """If the early reading fails, the reactions are read at the deadline, and a 👀 stops the escalation."""
    [incident] = await opened(desk)
    desk.discord.is_away = True
    await desk.pass_time(seconds=2)
    desk.discord.is_away = False
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.pass_time(seconds=1)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_one_answer_that_fails_is_asked_for_again_at_once(desk: Desk) -> None:
    """A process that starts at the deadline has read nothing yet, and one 503 does not decide it."""
    [incident] = await opened(desk)
    desk.discord.unanswered = 1
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.database.advance(timedelta(seconds=3))
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_discord_that_answers_nothing_holds_a_deadline_up_for_a_bounded_time(desk: Desk) -> None:
    """A silent Discord delays the escalation at a deadline by about one reading at most."""
    await opened(desk)
    desk.discord.is_silent = True
    await desk.pass_time(seconds=2)
    async with pulse() as passed_s:
        await desk.pass_time(seconds=1)
        assert passed_s() < ONCE * READ_WITHIN_S
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_too_many_to_read_in_time_take_no_second_time(desk: Desk) -> None:
    """If a silent Discord leaves many incidents unread, the deadline adds a moment, not as long again.

    All of them are decided.
    """
    count = 20
    await opened(desk, count)
    desk.discord.is_silent = True
    with capture_logs() as lines:
        await desk.pass_time(seconds=3)
    waited_s = [line["after_s"] for line in lines if line["event"] == "reconciliation.cut_short"]
    assert READ_WITHIN_S < sum(waited_s) < 2.5 * READ_WITHIN_S, "before the deadline, and at it"
    assert await OverdueRows(desk.store.sql).late_steps(overdue=timedelta()) == 0


async def test_what_is_still_being_read_at_its_time_is_not_read_anew(desk: Desk) -> None:
    """A reading that is still going on at the deadline does not begin anew.

    The deadline waits for a bounded time, and then the step is decided.
    """
    await opened(desk)
    desk.discord.is_silent = True
    step = next(
        job for job in await desk.database.jobs() if job.name == "escalate" and job.key.endswith(":1")
    )
    await desk.database.advance(2 * SECOND)
    reading = asyncio.create_task(desk.run(step))
    while not desk.discord.asked:  # noqa: ASYNC110 -- the fake tells nobody
        await asyncio.sleep(0)
    await desk.database.advance(SECOND)
    async with pulse() as passed_s:
        await desk.run(step)
        assert passed_s() < ONCE * READ_WITHIN_S
    assert await OverdueRows(desk.store.sql).late_steps(overdue=timedelta()) == 0
    await reading


class FailsOnce:
    """A reconciler whose first reading fails with the database away, at a time that the test chooses."""

    def __init__(self, real: Reconciler) -> None:
        self._real = real
        self._is_first = True
        self.began, self.fail = asyncio.Event(), asyncio.Event()

    async def reconcile_within(self, incidents: Sequence[Incident], seconds: float) -> ReadProgress:
        if self._is_first:
            self._is_first = False
            self.began.set()
            await self.fail.wait()
            raise StorageUnavailable("away for a moment")
        return await self._real.reconcile_within(incidents, seconds)


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_whoever_waits_for_a_look_that_fails_reads_for_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool
) -> None:
    """If the reading a second reader waits for fails or is cancelled, that reader reads for itself."""
    monkeypatch.setattr(reconciliation, "READ_ON_S", PATIENCE_S)  # a busy machine reads nothing in 0.2 s
    [incident] = await opened(desk)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    failing = FailsOnce(desk.reconciler)
    ahead = ReadingAhead(desk.store, cast("Reconciler", failing))
    now = desk.clock.time
    first = asyncio.create_task(ahead.read_within([incident], READ_WITHIN_S, now=now))
    await failing.began.wait()
    second = asyncio.create_task(ahead.read_within([incident], READ_WITHIN_S, now=now))
    await asyncio.sleep(0)
    if is_cancelled:
        first.cancel()
    failing.fail.set()
    with pytest.raises(asyncio.CancelledError if is_cancelled else StorageUnavailable):
        await first
    await second
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
