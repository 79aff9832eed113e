"""How a ladder goes on: after an absence in which several steps came due, and after a hand-back."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident.incident import Incident
from bot.domain.severity import LadderStep, Mention, SeverityPolicy
from bot.runbook.checks import check_policy
from bot.storage.tables.escalation import EscalationRows
from tests.services.desk import PRIMARY, Desk
from tests.services.escalation.test_release import acknowledged, reasons

HOUR = timedelta(hours=1)
#: The calendar decides whether the deadline comes before the repeating step, or after it.
CALENDAR_LADDER = (
    LadderStep(timedelta(), dm=("primary",)),
    LadderStep(None, Mention.HERE, ("primary",)),
    LadderStep(4 * HOUR, Mention.HERE, ("secondary",), repeat=4 * HOUR),
)
#: What a severity without `ladder` has.
DEFAULT_LADDER = (
    LadderStep(timedelta(), dm=("primary",)),
    LadderStep(None, Mention.HERE, ("primary", "secondary")),
)


def use_ladder(desk: Desk, ladder: tuple[LadderStep, ...], severity: str) -> None:
    """Put *severity* under *ladder*; the policy is one that a file may have."""
    rules: dict[str, SeverityPolicy] = {**desk.policy.severities}
    rules[severity] = replace(rules[severity], ladder=ladder)
    desk.policy = replace(desk.policy, severities=MappingProxyType(rules))
    assert check_policy(desk.policy) == []
    desk.use(desk.discord)


async def pending(desk: Desk, incident: Incident) -> list[Step]:
    """The steps to come."""
    return [
        step
        for step in await EscalationRows(desk.store.sql).steps(incident.id)
        if step.status is StepStatus.PENDING
    ]


async def test_a_deadline_that_is_decided_with_a_repeating_step_does_not_end_it(desk: Desk) -> None:
    """The bot was away for four days: the deadline, due later, tells of both, and the repetition goes on."""
    use_ladder(desk, CALENDAR_LADDER, "SEV3")
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.database.advance(96 * HOUR)
    await desk.work()
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1
    [again] = await pending(desk, incident)
    assert again.rung.repeat == 4 * HOUR
    assert (again.due_at - incident.triggered_at) % (4 * HOUR) == timedelta()
    await desk.pass_time(hours=80)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1 + 20


async def test_steps_that_are_decided_by_their_own_job_repeat_too(desk: Desk) -> None:
    """A step decided by its own job instead of a sweep repeats, too."""
    use_ladder(desk, CALENDAR_LADDER, "SEV3")
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.database.advance(96 * HOUR)
    await desk.escalations.decide(incident.id, 2)
    assert [step.rung.repeat for step in await pending(desk, incident)] == [4 * HOUR]


async def test_the_next_step_that_is_announced_is_the_first_to_come(desk: Desk) -> None:
    """A repetition before the deadline, which is a day and more away."""
    use_ladder(desk, CALENDAR_LADDER, "SEV3")
    incident = await desk.open("SEV3")
    await desk.pass_time(hours=5)
    [told] = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ESCALATION]
    first, deadline = await pending(desk, incident)
    assert first.due_at < deadline.due_at
    assert told.data["next"] == {
        "dm": ["secondary"],
        "mention": "here",
        "due_at": first.due_at.isoformat(),
    }


async def test_a_spent_ladder_begins_anew_when_it_is_handed_back(desk: Desk) -> None:
    """A policy without `ladder`: one DM a person at once, and the deadline counts from the hand-back."""
    use_ladder(desk, DEFAULT_LADDER, "SEV1")
    incident = await acknowledged(desk, after_min=16)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"], "its ladder is spent"
    desk.discord.sent.clear()
    await desk.pass_time(minutes=5)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]
    assert await reasons(desk, DeliveryKind.PAGE) == [
        ("person:primary", "released"),
        ("person:secondary", "released"),
    ]
    [deadline] = await pending(desk, incident)
    assert deadline.due_at == desk.clock.time + timedelta(minutes=15)
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    escalation = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ESCALATION][-1]
    assert escalation.data["emails"] is True, "it is the second step of its ladder"


async def test_a_ladder_that_begins_anew_under_a_more_severe_severity_has_its_deadline(desk: Desk) -> None:
    """The deadline of the P1, four hours, was kept for the figures; it says nothing of the P0's ladder."""
    use_ladder(desk, DEFAULT_LADDER, "SEV1")
    incident = await acknowledged(desk, "SEV2")
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="広がった")
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=14)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=1)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert len(desk.mailer.sent) == 2
