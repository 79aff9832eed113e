"""Show steps that one message covered during an outage: recorded once, after which the ladder goes on."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import StepStatus
from bot.domain.severity import NEXT_BUSINESS_DAY, LadderStep, Mention, SeverityPolicy
from bot.domain.timeline.entries import TimelineKind
from bot.services.shared.fencing import LOOK_AGAIN
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import Desk
from tests.services.outage.test_emergency import mirrored
from tests.services.outage.test_emergency_recorded import comes_back, goes_away, knows_the_time


def use_ladder(desk: Desk, p0: SeverityPolicy) -> None:
    """Put the P0 under other rules."""
    severities = MappingProxyType({**desk.policy.severities, "SEV1": p0})
    desk.policy = replace(desk.policy, severities=severities)
    desk.use(desk.discord)


async def test_three_deadlines_in_one_outage(desk: Desk) -> None:
    """One message covers all steps due in an outage, and each person counts as notified afterwards."""
    await knows_the_time(desk)
    await desk.open("SEV1")
    await desk.work()
    await goes_away(desk, after=timedelta(minutes=70))
    assert desk.offline_alerter.rang == ["inc:1:step:3:channel"]
    await desk.database.advance(timedelta(minutes=70))
    await comes_back(desk)
    assert (desk.sent(DeliveryKind.ESCALATION), desk.sent(DeliveryKind.PAGE)) == ([], ["person:primary"])
    steps = await EscalationRows(desk.store.sql).steps(1)
    assert [step.status for step in steps[:5]] == [*[StepStatus.DONE] * 4, StepStatus.PENDING]
    [rung] = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ESCALATION]
    assert rung.data["overdue"] == [step.due_at.isoformat() for step in steps[1:3]]
    [entry] = [
        one for one in await TimelineRows(desk.store.sql).timeline(1) if one.kind is TimelineKind.ESCALATED
    ]
    assert (entry.data or {})["overdue"] == rung.data["overdue"]


async def test_a_step_that_was_told_here_and_decided_with_a_later_one_elsewhere(desk: Desk) -> None:
    """A message of a step that was also decided elsewhere is recorded, so that a 👀 on it counts."""
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    [told] = [at for key, at in desk.emergency._book.journal.posted.items() if key == "inc:1:step:1:channel"]
    desk.database.is_away = False
    await desk.database.advance(timedelta(minutes=15))
    await desk.due_steps.decide_due(desk.clock.time, limit=9)
    await comes_back(desk)
    rungs = {one.key: one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ESCALATION}
    assert rungs["inc:1:step:1:channel"].message_id == told.message_id
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert all(
        one.status is DeliveryStatus.SENT for one in await desk.database.deliveries() if "step" in one.key
    )
    assert sorted(desk.sent(DeliveryKind.PAGE)) == ["person:primary", "person:primary", "person:secondary"]


@pytest.mark.parametrize("is_decided", [False, True])
async def test_a_repeating_step_that_a_later_one_has_spoken_for_goes_on(desk: Desk, is_decided: bool) -> None:
    """The deadline came after it; whether that is taken in with it, or was decided by another process."""
    hour, place = timedelta(hours=1), ("primary",)
    ladder = (LadderStep(timedelta(), dm=place), LadderStep(None, dm=place), LadderStep(hour, repeat=hour))
    p0 = replace(desk.policy.most_severe, ack_within=NEXT_BUSINESS_DAY, ladder=ladder)
    use_ladder(desk, p0)
    await knows_the_time(desk)
    await desk.open("SEV1")
    await desk.work()
    await goes_away(desk, after=timedelta(days=9))
    assert [key for key in desk.emergency._book.journal.taken if key.startswith("inc:1:step:")] == [
        "inc:1:step:2",
        "inc:1:step:1",
    ]
    desk.database.is_away = False
    await desk.database.advance(timedelta(days=9))
    if is_decided:
        await desk.escalations.decide(1, 1, is_alone=True)
    await desk.emergency.tick()
    left = [
        step for step in await EscalationRows(desk.store.sql).steps(1) if step.status is StepStatus.PENDING
    ]
    assert [(step.index, step.rung.repeat) for step in left] == [(3, hour)]
    assert {job.key for job in await desk.database.jobs()} >= {"step:1:3"}


async def test_steps_that_were_told_together_are_not_decided_one_by_one(desk: Desk) -> None:
    """Half a minute apart: the database is back, and the queue is faster than what takes the journal in."""
    place = ("primary",)
    ladder = tuple(LadderStep(timedelta(seconds=after), Mention.HERE, place) for after in (30, 60))
    use_ladder(desk, replace(desk.policy.most_severe, ladder=ladder))
    await knows_the_time(desk)
    await desk.open("SEV1")
    await desk.work()
    await goes_away(desk, after=timedelta(seconds=65))
    assert desk.offline_alerter.rang == ["inc:1:step:1:channel"]
    desk.database.is_away = False
    await desk.database.advance(timedelta(seconds=65))
    assert [await desk.due_steps.decide(1, step) for step in (0, 1)] == [LOOK_AGAIN, LOOK_AGAIN]
    await comes_back(desk)
    assert [await desk.due_steps.decide(1, step) for step in (0, 1)] == [None, None]
    assert desk.sent(DeliveryKind.ESCALATION) == []
