"""A change of severity counts the time that has passed: it cannot put off an escalation again and again."""

from datetime import timedelta

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import StepStatus, present_deadline
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from tests.services.desk import PRIMARY, RESPONDER, Desk

ESCALATION, PAGE = DeliveryKind.ESCALATION, DeliveryKind.PAGE
P0, P1 = "channel:p0-alerts", "channel:p1-ops"


async def _opened(desk: Desk, severity: str) -> Incident:
    incident = await desk.open(severity)
    await desk.work()
    return incident


async def _to(desk: Desk, incident: Incident, severity: str, *, after_min: float = 0) -> None:
    """Change the severity after some minutes."""
    if after_min:
        await desk.pass_time(minutes=after_min)
    await desk.lifecycle.change_severity(incident.id, to=severity, by=RESPONDER, reason="r")
    await desk.work()


async def _deadline_min(desk: Desk, incident: Incident) -> float:
    """How many minutes after the alert the deadline is."""
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    return (now.ack_due_at - incident.triggered_at).total_seconds() / 60


async def _to_come_min(desk: Desk, incident: Incident) -> list[float]:
    """How many minutes after the alert each step comes that is left."""
    steps = await EscalationRows(desk.store.sql).steps(incident.id)
    left = [step.due_at for step in steps if step.status is StepStatus.PENDING]
    return [(due - incident.triggered_at).total_seconds() / 60 for due in left]


async def test_down_and_up_again_keeps_the_deadline_and_the_steps(desk: Desk) -> None:
    """SEV1 → SEV2 → SEV1 one minute before the deadline: the deadline is missed, and the ladder goes on."""
    incident = await _opened(desk, "SEV1")
    before = await _to_come_min(desk, incident)
    await _to(desk, incident, "SEV2", after_min=13)
    await _to(desk, incident, "SEV1", after_min=1)
    assert await _deadline_min(desk, incident) == 15
    assert await _to_come_min(desk, incident) == before
    assert desk.sent(ESCALATION) == []
    await desk.pass_time(minutes=1)
    assert desk.sent(ESCALATION) == [P0]
    await desk.pass_time(minutes=15)
    assert desk.sent(ESCALATION) == [P0, P0]


async def test_no_number_of_changes_puts_the_escalation_off(desk: Desk) -> None:
    """Changed every two minutes for an hour, it escalates by 16, 30 and 60 minutes."""
    incident = await _opened(desk, "SEV1")
    rung = []
    for minute in range(2, 64, 2):
        before = len(desk.sent(ESCALATION))
        await _to(desk, incident, "SEV2" if minute % 4 == 2 else "SEV1", after_min=2)
        rung += [minute] * (len(desk.sent(ESCALATION)) - before)
    assert rung == [16, 30, 60]
    assert set(desk.sent(ESCALATION)) == {P0}


async def test_steps_that_came_due_meanwhile_are_told_of_once_and_at_once(desk: Desk) -> None:
    """Two steps of SEV1 passed under SEV2: one message stands for both, and the next comes at its time."""
    incident = await _opened(desk, "SEV1")
    await _to(desk, incident, "SEV2", after_min=5)
    await _to(desk, incident, "SEV1", after_min=30)
    assert desk.sent(ESCALATION) == [P0]
    told = [one for one in await desk.database.deliveries() if one.kind is ESCALATION]
    assert told[-1].data["overdue"] == [(incident.triggered_at + timedelta(minutes=15)).isoformat()]
    assert (await _to_come_min(desk, incident))[0] == 60
    await desk.pass_time(minutes=24)
    assert desk.sent(ESCALATION) == [P0]
    await desk.pass_time(minutes=1)
    assert desk.sent(ESCALATION) == [P0, P0]


async def test_a_step_that_was_taken_is_not_taken_again(desk: Desk) -> None:
    """Back at SEV1 after its first escalation, the alert and a DM say so; then comes the second one."""
    incident = await _opened(desk, "SEV1")
    await desk.pass_time(minutes=15)
    await _to(desk, incident, "SEV2", after_min=1)
    pages = len(desk.sent(PAGE))
    await _to(desk, incident, "SEV1", after_min=4)
    assert desk.sent(PAGE)[pages:] == ["person:primary"]
    assert desk.sent(DeliveryKind.ALERT) == [P0, P1, P0]
    await desk.pass_time(minutes=9)
    assert desk.sent(ESCALATION) == [P0]
    await desk.pass_time(minutes=1)
    assert desk.sent(ESCALATION) == [P0, P0]


async def test_a_first_raise_gives_people_the_minutes_of_the_higher_severity(desk: Desk) -> None:
    """SEV2 → SEV1 after two hours: 15 minutes from then on, once; the time as SEV2 goes on as well."""
    incident = await _opened(desk, "SEV2")
    await _to(desk, incident, "SEV1", after_min=120)
    assert await _deadline_min(desk, incident) == 135
    assert desk.sent(PAGE) == ["person:primary", "person:primary"]
    await _to(desk, incident, "SEV2", after_min=5)
    assert await _deadline_min(desk, incident) == 240
    await _to(desk, incident, "SEV1", after_min=5)
    assert await _deadline_min(desk, incident) == 135
    await desk.pass_time(minutes=4)
    assert desk.sent(ESCALATION) == []
    await desk.pass_time(minutes=1)
    assert desk.sent(ESCALATION) == [P0]


async def test_a_lower_severity_counts_from_the_alert(desk: Desk) -> None:
    """A SEV1 was at least a SEV2 all the time: lowered after 5 hours, the 4 hours of SEV2 are over."""
    incident = await _opened(desk, "SEV1")
    await _to(desk, incident, "SEV2", after_min=10)
    assert (await _deadline_min(desk, incident), await _to_come_min(desk, incident)) == (240, [240, 480])
    other = await desk.open("SEV1", key="other")
    await desk.pass_time(hours=5)
    rung = len(desk.sent(ESCALATION))
    await _to(desk, other, "SEV2")
    assert desk.sent(ESCALATION)[rung:] == [P1]
    assert await _to_come_min(desk, other) == [480]


async def test_a_repetition_keeps_its_grid(desk: Desk) -> None:
    """The repetitions that passed under SEV3 are told of once; the next is on the grid of the first."""
    incident = await _opened(desk, "SEV1")
    await desk.pass_time(hours=4)
    await _to(desk, incident, "SEV3", after_min=30)
    rung = len(desk.sent(ESCALATION))
    await desk.pass_time(hours=9)
    assert len(desk.sent(ESCALATION)) == rung
    await _to(desk, incident, "SEV1")
    assert desk.sent(ESCALATION)[rung:] == [P0]
    assert await _to_come_min(desk, incident) == [16 * 60]


async def test_the_ladder_that_a_late_hand_back_has_moved_goes_on_as_moved(desk: Desk) -> None:
    """A change to and fro keeps the times that a late hand-back has moved, and the next deadline."""
    incident = await _opened(desk, "SEV1")
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=25)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(ESCALATION) == [P0]
    before, shown = (
        await _to_come_min(desk, incident),
        await IncidentRows(desk.store.sql).shown_incident(incident.id),
    )
    await _to(desk, incident, "SEV2", after_min=2)
    await _to(desk, incident, "SEV1", after_min=1)
    assert await _to_come_min(desk, incident) == before
    again = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    assert (again.ack_due_at, present_deadline(again)) == (shown.ack_due_at, present_deadline(shown))
    await desk.pass_time(minutes=11)
    assert desk.sent(ESCALATION) == [P0]
    await desk.pass_time(minutes=1)
    assert desk.sent(ESCALATION) == [P0, P0]


async def test_an_acknowledge_begins_a_new_wait(desk: Desk) -> None:
    """A severity from before the acknowledge gets its minutes anew, but once in that wait."""
    incident = await _opened(desk, "SEV1")
    await _to(desk, incident, "SEV2", after_min=5)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=25)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await _to(desk, incident, "SEV1", after_min=10)
    assert await _deadline_min(desk, incident) == 55
    await _to(desk, incident, "SEV2", after_min=5)
    await _to(desk, incident, "SEV1", after_min=5)
    assert await _deadline_min(desk, incident) == 55
    await desk.pass_time(minutes=5)
    assert desk.sent(ESCALATION) == [P0]
